package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// said is a message of the demo's thread, with all that somebody reads in it.
type said struct{ id, who, text string }

// tells is whether a message holds all of these words, whatever their case.
func (m said) tells(words ...string) bool {
	text := strings.ToLower(m.text)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, strings.ToLower(w)) })
}

// stage is a chat of our own that the demo plays in. People are alice, bob and carol.
type stage interface {
	deliver(to net.Addr)
	channel() []said                                                  // all messages of the channel that begin a thread
	thread(id string) []said                                          // the messages of a thread
	say(id, who, text string)                                         // in a thread, with a mention of the bot
	press(ctx context.Context, who, id, label string) (string, error) // what the presser is told alone
	wait(ctx context.Context, is func() bool) error
	orderly(ctx context.Context, thread string) error // what was lost, doubled or against the chat's rules
}

// chatPlay plays alice, bob and carol in a chat, and verifies each step: by what
// the channel shows, and by what the world really is.
type chatPlay struct {
	app   *app
	world *demoWorld
	out   io.Writer
	name  string // the chat's
	chat  stage
	in    string // the thread
}

func (h *chatPlay) steps() []step {
	return []step{
		{"drift is found by a real scan, and told in the channel", h.driftFound},
		{"alice asks for a fix, a card asks for approval", h.aliceAsks},
		{"alice may not approve her own change", func(ctx context.Context) error { return h.refused(ctx, "alice", "may not approve") }},
		{"carol, a viewer, may not approve", func(ctx context.Context) error { return h.refused(ctx, "carol", "roles are viewer") }},
		{"a new commit voids the card at bob's click", h.staleCard},
		{"alice asks again, a new card shows what is different", h.askAgain},
		{"bob approves, exactly the stored plan is applied", h.bobApproves},
		{"the second scan is clean", h.clean},
		{"the card of the drift has closed itself", h.closed},
		{"the trail verifies", func(ctx context.Context) error { return (&headless{app: h.app, out: h.out}).trail(ctx) }},
		{"nothing was lost, doubled or against the chat's rules", func(ctx context.Context) error { return h.chat.orderly(ctx, h.in) }},
	}
}

func (h *chatPlay) play(ctx context.Context) error {
	if err := (&headless{app: h.app}).prepared(ctx); err != nil {
		return err
	}
	began := time.Now()
	for _, s := range h.steps() {
		if err := s.do(ctx); err != nil {
			h.print()
			return fmt.Errorf("not verified: %s: %w", s.name, err)
		}
		_, _ = fmt.Fprintf(h.out, "verified: %s\n", s.name)
	}
	h.print()
	_, _ = fmt.Fprintf(h.out, "\nAll steps verified, in %s.\n", time.Since(began).Round(100*time.Millisecond))
	return nil
}

// card waits for a message of the thread that holds all of these words.
func (h *chatPlay) card(ctx context.Context, words ...string) (m said, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	err = h.chat.wait(ctx, func() bool {
		all := h.chat.thread(h.in)
		i := slices.IndexFunc(all, func(one said) bool { return one.tells(words...) })
		if i >= 0 {
			m = all[i]
		}
		return i >= 0
	})
	if err != nil {
		err = fmt.Errorf("waited for a card with %s: %w", strings.Join(words, ", "), err)
	}
	return m, err
}

func (h *chatPlay) driftFound(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	err := h.chat.wait(ctx, func() bool {
		for _, m := range h.chat.channel() {
			if m.tells(cardDrift, "firewall_rule.api", "10.0.0.0/8", "0.0.0.0/0") {
				h.in = m.id
			}
		}
		return h.in != ""
	})
	if err != nil {
		return fmt.Errorf("waited for the drift: %w", err)
	}
	return nil
}

func (h *chatPlay) aliceAsks(ctx context.Context) error {
	h.chat.say(h.in, "alice", "put "+demoStack+" back to code")
	_, err := h.card(ctx, cardAsk, "waiting, 0 of 1 approvals", "Alice", "0 to add, 1 to change, 0 to replace, 0 to destroy")
	return errors.Join(err, (&headless{world: h.world}).unchanged())
}

// press clicks a button of the card with these words, and gives what the presser
// was told.
func (h *chatPlay) press(ctx context.Context, who, label string, words ...string) (string, error) {
	m, err := h.card(ctx, words...)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return h.chat.press(ctx, who, m.id, label)
}

func (h *chatPlay) refused(ctx context.Context, who, why string) error {
	told, err := h.press(ctx, who, "Approve", cardAsk)
	if err != nil {
		return err
	}
	if !holds(told, []string{"Refused", why}) {
		return fmt.Errorf("told %q", told)
	}
	line, _, _ := strings.Cut(told[strings.Index(told, "Refused"):], "\n")
	_, _ = fmt.Fprintf(h.out, "  %s is told: %s\n", who, line)
	return (&headless{world: h.world}).unchanged()
}

func (h *chatPlay) staleCard(ctx context.Context) error {
	file := filepath.Join(h.world.repo, "README.md")
	if err := os.WriteFile(file, []byte("# The firewall of payments\n\nReviewed by two.\n"), 0o600); err != nil {
		return err
	}
	if err := h.world.commit("say who reviews"); err != nil {
		return err
	}
	told, err := h.press(ctx, "bob", "Approve", cardAsk)
	if err != nil {
		return err
	}
	if !strings.Contains(told, "void") { // "too late" as well, when the answer to a first press was lost
		return fmt.Errorf("told %q", told)
	}
	_, err = h.card(ctx, cardDone, "void", "new commit")
	return errors.Join(err, (&headless{world: h.world}).unchanged())
}

func (h *chatPlay) askAgain(ctx context.Context) error {
	if _, err := h.press(ctx, "alice", labelAskAgain, cardDone, "void"); err != nil {
		return err
	}
	_, err := h.card(ctx, cardAsk, "waiting, 0 of 1 approvals", "Since the last card")
	return errors.Join(err, (&headless{world: h.world}).unchanged())
}

func (h *chatPlay) bobApproves(ctx context.Context) error {
	told, err := h.press(ctx, "bob", "Approve", cardAsk, "Since the last card")
	if err != nil {
		return err
	}
	if !strings.Contains(told, "Approved") && !strings.Contains(told, "too late") {
		return fmt.Errorf("told %q", told)
	}
	if _, err := h.card(ctx, cardDone, "1 changed", "Bob"); err != nil {
		return err
	}
	v, err := h.world.rule("api")
	if err == nil && v["source"] != "10.0.0.0/8" {
		return fmt.Errorf("the world was not put back: source is %v", v["source"])
	}
	return err
}

func (h *chatPlay) clean(ctx context.Context) error {
	h.chat.say(h.in, "carol", "scan "+demoStack)
	_, err := h.card(ctx, cardClean, "no drift")
	return err
}

// closed waits until the message that began the thread says that the drift is over.
func (h *chatPlay) closed(ctx context.Context) error {
	m, err := h.card(ctx, cardClean, cardOver)
	if err == nil && m.id != h.in {
		err = fmt.Errorf("the drift's end is told in %s, and not where it began", m.id)
	}
	return err
}

// print shows the thread as text.
func (h *chatPlay) print() {
	_, _ = fmt.Fprintf(h.out, "\nThe thread in %s:\n", h.name)
	for _, m := range h.chat.thread(h.in) {
		line, _, _ := strings.Cut(m.text, "\n")
		_, _ = fmt.Fprintf(h.out, "  %s: %s\n", m.who, line)
	}
}
