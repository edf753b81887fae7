package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"interlock/adapters/slack/slacktest"
)

// The demo's channel and people in the Slack that it plays in.
const (
	slackRoom  = "C0PAYMENTS"
	slackAlice = "U0ALICE"
	slackBob   = "U0BOB"
	slackCarol = "U0CAROL"
)

// slackWorkspace is a Slack of our own, with the demo's people in it. Its retries
// run twenty times as quickly as Slack's.
func slackWorkspace() (*slacktest.Server, error) {
	s, err := slacktest.New(slacktest.Options{Team: "T0DEMO", AppID: "A0DEMO", BotUser: "U0INTERLOCK", BotName: "interlock", Scale: 20, Patience: 3 * time.Second})
	if err != nil {
		return nil, err
	}
	for id, name := range map[string]string{slackAlice: "alice", slackBob: "bob", slackCarol: "carol"} {
		s.AddUser(slacktest.User{ID: id, Name: name, RealName: strings.ToUpper(name[:1]) + name[1:]})
	}
	s.AddChannel(slacktest.Channel{ID: slackRoom, Name: "payments", Members: []string{s.Options().BotUser, slackAlice, slackBob, slackCarol}})
	return s, nil
}

// moveToSlack has the demo's stack and people in Slack.
func (w *demoWorld) moveToSlack() error {
	text := strings.ReplaceAll(demoConfig, `"console:payments"`, `"slack:`+slackRoom+`"`)
	for name, id := range map[string]string{"Alice": slackAlice, "Bob": slackBob, "Carol": slackCarol} {
		text = strings.Replace(text, "{name: "+name+",", `{name: `+name+`, chat: ["slack:T0DEMO/`+id+`"],`, 1)
	}
	return os.WriteFile(w.config, []byte(text), 0o600)
}

// slackEnviron is what an administrator sets for Slack. Over sockets there is no
// signing secret, over HTTP no app token.
func slackEnviron(s *slacktest.Server, http bool) []string {
	o := s.Options()
	env := []string{
		"INTERLOCK_SLACK_APP_ID=" + o.AppID, "INTERLOCK_SLACK_BOT_TOKEN=" + o.BotToken, "INTERLOCK_SLACK_API_URL=" + s.URL(),
		"INTERLOCK_CONSOLE_OFF=true",
	}
	if http {
		return append(env, "INTERLOCK_SLACK_SIGNING_SECRET="+o.SigningSecret)
	}
	return append(env, "INTERLOCK_SLACK_APP_TOKEN="+o.AppToken)
}

// slackPlay plays alice, bob and carol in Slack, and verifies each step: by what
// the channel shows, and by what the world really is.
type slackPlay struct {
	app    *app
	world  *demoWorld
	slack  *slacktest.Server
	out    io.Writer
	http   bool // Slack calls us; else we keep sockets open
	thread string
	told   map[string]int // what each person was told alone, as far as it was looked at
}

// deliver names where Slack sends what it sends over HTTP.
func deliver(s *slacktest.Server, addr net.Addr) {
	base := "http://" + addr.String() + "/slack/"
	s.DeliverTo(slacktest.Endpoints{Events: base + "events", Interactions: base + "interactions", Commands: base + "commands"})
}

func (h *slackPlay) steps() []step {
	return []step{
		{"drift is found by a real scan, and told in the channel", h.driftFound},
		{"alice asks for a fix, a card asks for approval", h.aliceAsks},
		{"alice may not approve her own change", func(ctx context.Context) error { return h.refused(ctx, slackAlice, "may not approve") }},
		{"carol, a viewer, may not approve", func(ctx context.Context) error { return h.refused(ctx, slackCarol, "roles are viewer") }},
		{"a new commit voids the card at bob's click", h.staleCard},
		{"alice asks again, a new card shows what is different", h.askAgain},
		{"bob approves, exactly the stored plan is applied", h.bobApproves},
		{"the second scan is clean", h.clean},
		{"the trail verifies", func(ctx context.Context) error { return (&headless{app: h.app, out: h.out}).trail(ctx) }},
		{"nothing was lost, doubled or against Slack's rules", h.orderly},
	}
}

func (h *slackPlay) play(ctx context.Context) error {
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

// reads is a message as somebody reads it: its line, and all texts of its blocks.
func reads(m slacktest.Message) string {
	var blocks any
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return m.Text
	}
	var b strings.Builder
	gather(&b, blocks)
	return m.Text + "\n" + b.String()
}

// tells is whether a message holds all of these words, whatever their case.
func tells(m slacktest.Message, words ...string) bool {
	text := strings.ToLower(reads(m))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, strings.ToLower(w)) })
}

func gather(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			gather(b, e)
		}
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			b.WriteString(s + "\n")
			return
		}
		for _, k := range []string{"text", "fields", "elements"} {
			gather(b, v[k])
		}
	}
}

// waits returns when the workspace is so.
func (h *slackPlay) waits(ctx context.Context, what string, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := h.slack.Wait(ctx, is); err != nil {
		return fmt.Errorf("waited for %s: %w", what, err)
	}
	return nil
}

// card waits for the newest message of the thread that holds all of these words.
func (h *slackPlay) card(ctx context.Context, words ...string) (m slacktest.Message, err error) {
	err = h.waits(ctx, "a card with "+strings.Join(words, ", "), func() bool {
		all := h.slack.Thread(slackRoom, h.thread)
		i := slices.IndexFunc(all, func(one slacktest.Message) bool { return tells(one, words...) })
		if i >= 0 {
			m = all[i]
		}
		return i >= 0
	})
	return m, err
}

func (h *slackPlay) driftFound(ctx context.Context) error {
	return h.waits(ctx, "the drift", func() bool {
		for _, m := range h.slack.Messages(slackRoom) {
			if tells(m, cardDrift, "firewall_rule.api", "10.0.0.0/8", "0.0.0.0/0") {
				h.thread = m.TS
			}
		}
		return h.thread != ""
	})
}

func (h *slackPlay) aliceAsks(ctx context.Context) error {
	h.slack.Say(slackRoom, h.thread, slackAlice, "<@"+h.slack.Options().BotUser+"> put "+demoStack+" back to code") //nolint:contextcheck // it is somebody else who speaks
	_, err := h.card(ctx, cardAsk, "waiting, 0 of 1 approvals", "Alice", "0 to add, 1 to change, 0 to replace, 0 to destroy")
	return errors.Join(err, (&headless{world: h.world}).unchanged())
}

// press clicks a button of the card with these words, and gives what the presser
// was told.
func (h *slackPlay) press(ctx context.Context, who, label string, words ...string) (string, error) {
	m, err := h.card(ctx, words...)
	if err != nil {
		return "", err
	}
	if err := h.clicked(ctx, who, m.TS, label); err != nil {
		return "", err
	}
	var told string
	err = h.waits(ctx, "a word to "+who, func() bool {
		all := h.slack.Private(who)
		if len(all) <= h.told[who] {
			return false
		}
		told, h.told[who] = reads(all[len(all)-1]), len(all)
		return true
	})
	return told, err
}

// clicked presses until it counts: Slack sends a press once, and when its socket
// dies just then, somebody presses again.
func (h *slackPlay) clicked(ctx context.Context, who, ts, label string) (err error) {
	for range 5 {
		if err := h.waits(ctx, "a socket", func() bool { return h.http || len(h.slack.Sockets()) > 0 }); err != nil {
			return err
		}
		o := h.slack.Click(who, slackRoom, ts, label) //nolint:contextcheck // as above
		if o.OK {
			return nil
		}
		err = fmt.Errorf("the press was not taken: %s", o.Err)
	}
	return err
}

func (h *slackPlay) refused(ctx context.Context, who, why string) error {
	told, err := h.press(ctx, who, "Approve", cardAsk)
	if err != nil {
		return err
	}
	if !holds(told, []string{"Refused", why}) {
		return fmt.Errorf("told %q", told)
	}
	line, _, _ := strings.Cut(told, "\n")
	_, _ = fmt.Fprintf(h.out, "  %s is told: %s\n", who, line)
	return (&headless{world: h.world}).unchanged()
}

func (h *slackPlay) staleCard(ctx context.Context) error {
	file := filepath.Join(h.world.repo, "README.md")
	if err := os.WriteFile(file, []byte("# The firewall of payments\n\nReviewed by two.\n"), 0o600); err != nil {
		return err
	}
	if err := h.world.commit("say who reviews"); err != nil {
		return err
	}
	told, err := h.press(ctx, slackBob, "Approve", cardAsk)
	if err != nil {
		return err
	}
	if !strings.Contains(told, "void") { // "too late" as well, when the answer to a first press was lost
		return fmt.Errorf("told %q", told)
	}
	_, err = h.card(ctx, cardDone, "void", "new commit")
	return errors.Join(err, (&headless{world: h.world}).unchanged())
}

func (h *slackPlay) askAgain(ctx context.Context) error {
	if _, err := h.press(ctx, slackAlice, labelAskAgain, cardDone, "void"); err != nil {
		return err
	}
	_, err := h.card(ctx, cardAsk, "waiting, 0 of 1 approvals", "Since the last card")
	return errors.Join(err, (&headless{world: h.world}).unchanged())
}

func (h *slackPlay) bobApproves(ctx context.Context) error {
	told, err := h.press(ctx, slackBob, "Approve", cardAsk, "Since the last card")
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

func (h *slackPlay) clean(ctx context.Context) error {
	h.slack.Say(slackRoom, h.thread, slackCarol, "<@"+h.slack.Options().BotUser+"> scan "+demoStack) //nolint:contextcheck // it is somebody else who speaks
	_, err := h.card(ctx, cardClean, "no drift")
	return err
}

// orderly looks for what was posted twice, and for what Slack would have minded.
func (h *slackPlay) orderly(ctx context.Context) error {
	if all := h.slack.Problems(); len(all) > 0 {
		return fmt.Errorf("against Slack's rules: %v", all)
	}
	err := h.waits(ctx, "what is underway", func() bool {
		return !slices.ContainsFunc(h.slack.Deliveries(), func(d slacktest.Delivery) bool { return !d.Acked && d.Kind == "events_api" })
	})
	seen := map[string]bool{}
	for _, m := range h.slack.Thread(slackRoom, h.thread) {
		key := string(m.Metadata)
		if key != "" && seen[key] {
			return fmt.Errorf("posted twice: %s", m.Text)
		}
		seen[key] = true
		if m.BotID != "" && (strings.HasPrefix(m.Text, "Working") || m.Text == "") {
			return fmt.Errorf("left behind: %s", m.Text)
		}
	}
	return err
}

// print shows the thread as text.
func (h *slackPlay) print() {
	_, _ = fmt.Fprintln(h.out, "\nThe thread in Slack:")
	for _, m := range h.slack.Thread(slackRoom, h.thread) {
		who := "Interlock"
		if m.BotID == "" {
			who = m.User
		}
		_, _ = fmt.Fprintf(h.out, "  %s: %s\n", who, m.Text)
	}
}
