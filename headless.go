package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// headless plays alice, bob and carol at the page and verifies each step: by
// what the page shows, and by what the world really is.
type headless struct {
	app               *app
	world             *demoWorld
	url               string
	out               io.Writer
	alice, bob, carol *visitor
	thread            string // path of the drift's thread
}

// patience of one step: a plan on a slow machine takes a while.
const stepLimit = 2 * time.Minute

// The titles of the cards that the loop meets.
const (
	cardAsk   = "Change " + demoStack + "?"
	cardDone  = "Change " + demoStack
	cardDrift = demoStack + " drifted: 1 resource"
	cardOver  = "no drift any more"
	cardClean = demoStack + " matches its code"
)

// step is one part of the loop: what is done, and what must then be true.
type step struct {
	name string
	do   func(context.Context) error
}

func (h *headless) steps() []step {
	return []step{
		{"drift is found by a real scan", h.driftFound},
		{"the drift is explained at the press of a button", h.explainDrift},
		{"alice accepts it for some seconds, then it is told again", h.acceptDrift},
		{"alice asks for a fix, a card asks for approval", h.aliceAsks},
		{"alice may not approve her own change", func(ctx context.Context) error {
			return h.refused(ctx, h.alice, "may not approve")
		}},
		{"carol, a viewer, may not approve", func(ctx context.Context) error {
			return h.refused(ctx, h.carol, "roles are viewer")
		}},
		{"a new commit voids the card at bob's click", h.staleCard},
		{"alice asks again, a new card shows what is different", h.askAgain},
		{"bob approves, exactly the stored plan is applied", h.bobApproves},
		{"the second scan is clean", h.clean},
		{"the card of the drift has closed itself", h.closed},
		{"the trail verifies", h.trail},
	}
}

func (h *headless) play(ctx context.Context) (err error) {
	for _, p := range []struct {
		who **visitor
		id  string
	}{{&h.alice, "alice"}, {&h.bob, "bob"}, {&h.carol, "carol"}} {
		if *p.who, err = newVisitor(p.id, h.url); err != nil {
			return err
		}
		if err = (*p.who).become(ctx); err != nil {
			return fmt.Errorf("sign in %s: %w", p.id, err)
		}
	}
	if err := h.prepared(ctx); err != nil {
		return err
	}
	began := time.Now()
	for _, s := range h.steps() {
		if err := s.do(ctx); err != nil {
			return errors.Join(fmt.Errorf("not verified: %s: %w", s.name, err), h.print(ctx))
		}
		_, _ = fmt.Fprintf(h.out, "verified: %s\n", s.name)
	}
	took := time.Since(began).Round(100 * time.Millisecond)
	if err := h.print(ctx); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(h.out, "\nAll steps verified, in %s.\n", took)
	return nil
}

// prepared waits for the checklist: the first time, tools are being built.
func (h *headless) prepared(ctx context.Context) error {
	return h.until(ctx, 30*time.Minute, "the demo to be prepared", func() (bool, error) {
		for _, it := range h.app.checklist() {
			if it.State == "failed" {
				return false, errors.New(it.Name + ": " + it.Note)
			}
			if it.State != "done" {
				return false, nil
			}
		}
		return true, nil
	})
}

// until asks again and again, until it is so, or the limit is over.
func (h *headless) until(ctx context.Context, limit time.Duration, what string, is func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if ok, err := is(); err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s: %w", limit, what, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// shows waits until the thread has a card with this title and these words.
func (h *headless) shows(ctx context.Context, title string, words ...string) error {
	seen := ""
	err := h.until(ctx, stepLimit, "the card "+title, func() (bool, error) {
		n, err := h.alice.page(ctx, h.thread)
		if err != nil {
			return false, err
		}
		for _, card := range all(n, func(n *html.Node) bool { return n.DataAtom == atom.Section && attr(n, "aria-label") == title }) {
			seen = text(card)
			if holds(seen, words) {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil && seen != "" {
		return fmt.Errorf("%w; the card says: %s", err, seen)
	}
	return err
}

func holds(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// driftFound finds the thread that the scan opened.
func (h *headless) driftFound(ctx context.Context) error {
	err := h.until(ctx, stepLimit, "the drift's thread", func() (bool, error) {
		n, err := h.alice.page(ctx, "/c/payments")
		if err != nil {
			return false, err
		}
		for _, a := range all(n, func(n *html.Node) bool {
			return n.DataAtom == atom.A && strings.Contains(text(n), demoStack+" drifted")
		}) {
			h.thread, _, _ = strings.Cut(attr(a, "href"), "#")
		}
		return h.thread != "", nil
	})
	if err != nil {
		return err
	}
	return h.shows(ctx, cardDrift, "firewall_rule.api", "source", "10.0.0.0/8", "0.0.0.0/0")
}

// explainDrift asks for an explanation by the button of the drift's card.
func (h *headless) explainDrift(ctx context.Context) error {
	if _, err := h.press(ctx, h.alice, cardDrift, "Explain"); err != nil {
		return err
	}
	return h.said(ctx, "Two ways on")
}

// said waits until the thread holds these words.
func (h *headless) said(ctx context.Context, words ...string) error {
	return h.until(ctx, stepLimit, "the words "+strings.Join(words, ", "), func() (bool, error) {
		n, err := h.alice.page(ctx, h.thread)
		return err == nil && holds(text(n), words), err
	})
}

// acceptDrift lets the drift be for some seconds; carol, a viewer, may not.
func (h *headless) acceptDrift(ctx context.Context) error {
	n, err := h.pressed(ctx, h.carol, cardDrift, "Accept until")
	if err != nil {
		return err
	}
	if told := notices(n); !strings.Contains(told, "roles are viewer") {
		return fmt.Errorf("carol may accept a drift: %q", told)
	}
	if n, err = h.pressed(ctx, h.alice, cardDrift, "Accept until"); err != nil {
		return err
	}
	form := first(n, func(n *html.Node) bool {
		return n.DataAtom == atom.Form && strings.Contains(attr(n, "class"), "modalform")
	})
	if form == nil {
		return errors.New("alice is not asked until when")
	}
	if _, err := h.alice.send(ctx, form, url.Values{"reason": {"until in 4s because we look at it together"}}); err != nil {
		return err
	}
	return errors.Join(
		h.said(ctx, "Alice accepted 1 finding until"), h.said(ctx, "Not accepted any more"),
		h.shows(ctx, cardDrift, "1 open"), h.unchanged(),
	)
}

// closed waits until the card that began the thread says that the drift is over.
func (h *headless) closed(ctx context.Context) error {
	return errors.Join(h.shows(ctx, cardClean, cardOver), h.said(ctx, "matches its code again"))
}

func (h *headless) aliceAsks(ctx context.Context) error {
	n, err := h.alice.page(ctx, h.thread)
	if err != nil {
		return err
	}
	form := first(n, func(n *html.Node) bool { return attr(n, "id") == "composer" })
	if _, err := h.alice.send(ctx, form, url.Values{"text": {"@interlock put " + demoStack + " back to code"}}); err != nil {
		return err
	}
	if err := h.shows(ctx, cardAsk, "waiting, 0 of 1 approvals", "Alice", "0 to add, 1 to change, 0 to replace, 0 to destroy"); err != nil {
		return err
	}
	return h.unchanged()
}

// press clicks a button of a card as somebody and returns what they were told.
func (h *headless) press(ctx context.Context, who *visitor, title, label string) (string, error) {
	n, err := h.pressed(ctx, who, title, label)
	return notices(n), err
}

// pressed is the page after a press.
func (h *headless) pressed(ctx context.Context, who *visitor, title, label string) (*html.Node, error) {
	n, err := who.page(ctx, h.thread)
	if err != nil {
		return nil, err
	}
	form := button(n, title, label)
	if form == nil {
		return nil, fmt.Errorf("no card %q with a button %q", title, label)
	}
	return who.send(ctx, form, nil)
}

func (h *headless) refused(ctx context.Context, who *visitor, why string) error {
	n, err := h.pressed(ctx, who, cardAsk, "Approve")
	if err != nil {
		return err
	}
	told := notices(n)
	if !strings.Contains(told, "Refused") || !strings.Contains(told, why) {
		return fmt.Errorf("%s was told %q", who.name, told)
	}
	_, _ = fmt.Fprintf(h.out, "  %s is told: %s\n", who.name, told)
	return errors.Join(h.explained(ctx, who, n), h.unchanged())
}

// explained asks the refusal itself why.
func (h *headless) explained(ctx context.Context, who *visitor, n *html.Node) error {
	form := first(n, func(f *html.Node) bool {
		return f.DataAtom == atom.Form && attr(f, "action") == "/click" && strings.TrimSpace(text(f)) == "Why?"
	})
	if form == nil {
		return fmt.Errorf("%s finds no Why? on the refusal", who.name)
	}
	n, err := who.send(ctx, form, nil)
	if err != nil {
		return err
	}
	told := text(first(n, func(n *html.Node) bool { return attr(n, "id") == "notices" }))
	if !strings.Contains(told, "Because") || !strings.Contains(told, "denied") || !strings.Contains(told, "Whom to ask") {
		return fmt.Errorf("%s asked why, and was told %q", who.name, told)
	}
	_, _ = fmt.Fprintf(h.out, "  %s asks why: %s\n", who.name, told)
	return nil
}

// unchanged proves that nothing was applied: the world is as somebody left it.
func (h *headless) unchanged() error {
	v, err := h.world.rule("api")
	if err == nil && v["source"] != "0.0.0.0/0" {
		return fmt.Errorf("the world changed without approval: source is %v", v["source"])
	}
	return err
}

func (h *headless) staleCard(ctx context.Context) error {
	file := filepath.Join(h.world.repo, "README.md")
	if err := os.WriteFile(file, []byte("# The firewall of payments\n\nReviewed by two.\n"), 0o600); err != nil {
		return err
	}
	if err := h.world.commit("say who reviews"); err != nil {
		return err
	}
	told, err := h.press(ctx, h.bob, cardAsk, "Approve")
	if err != nil {
		return err
	}
	if !strings.Contains(told, "new commit") {
		return fmt.Errorf("bob was told %q", told)
	}
	_, _ = fmt.Fprintf(h.out, "  bob is told: %s\n", told)
	return errors.Join(h.shows(ctx, cardDone, "void", "new commit"), h.unchanged())
}

func (h *headless) askAgain(ctx context.Context) error {
	if _, err := h.press(ctx, h.alice, cardDone, labelAskAgain); err != nil {
		return err
	}
	return errors.Join(h.shows(ctx, cardAsk, "waiting, 0 of 1 approvals", "Since the last card"), h.unchanged())
}

const labelAskAgain = "Ask again"

func (h *headless) bobApproves(ctx context.Context) error {
	told, err := h.press(ctx, h.bob, cardAsk, "Approve")
	if err != nil {
		return err
	}
	if !strings.Contains(told, "Approved") {
		return fmt.Errorf("bob was told %q", told)
	}
	if err := h.shows(ctx, cardDone, "1 changed", "Bob"); err != nil {
		return err
	}
	v, err := h.world.rule("api")
	if err == nil && v["source"] != "10.0.0.0/8" {
		return fmt.Errorf("the world was not put back: source is %v", v["source"])
	}
	return err
}

// clean asks for a scan without any model.
func (h *headless) clean(ctx context.Context) error {
	n, err := h.carol.page(ctx, h.thread)
	if err != nil {
		return err
	}
	form := first(n, func(n *html.Node) bool { return attr(n, "id") == "composer" })
	if _, err := h.carol.send(ctx, form, url.Values{"text": {"scan " + demoStack}}); err != nil {
		return err
	}
	return h.until(ctx, stepLimit, "carol's answer", func() (bool, error) { // beside the card that began the thread
		n, err := h.alice.page(ctx, h.thread)
		if err != nil {
			return false, err
		}
		clean := all(n, func(n *html.Node) bool { return n.DataAtom == atom.Section && attr(n, "aria-label") == cardClean })
		return len(clean) > 1, nil
	})
}

func (h *headless) trail(ctx context.Context) error {
	if _, err := h.app.db.Seal(ctx, demoOrg); err != nil {
		return err
	}
	return errors.Join(verifyAll(ctx, h.app.cfg, h.app.db, h.out), cover(ctx, h.app.cfg, h.app.db, h.out))
}

// print shows the thread as text.
func (h *headless) print(ctx context.Context) error {
	if h.thread == "" {
		return nil
	}
	n, err := h.alice.page(ctx, h.thread)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(h.out, "\nThe thread:")
	for _, m := range all(n, func(n *html.Node) bool { return n.DataAtom == atom.Article }) {
		_, _ = fmt.Fprintln(h.out, " ", text(m))
	}
	return nil
}
