package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
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

// slackStage is the demo's channel in a Slack of our own.
type slackStage struct {
	*slacktest.Server
	http bool           // Slack calls us; else we keep sockets open
	told map[string]int // what each person was told alone, as far as it was looked at
}

func slackID(who string) string {
	return map[string]string{"alice": slackAlice, "bob": slackBob, "carol": slackCarol}[who]
}

// deliver names where Slack sends what it sends over HTTP.
func (h *slackStage) deliver(addr net.Addr) {
	if !h.http {
		return
	}
	base := "http://" + addr.String() + "/slack/"
	h.DeliverTo(slacktest.Endpoints{Events: base + "events", Interactions: base + "interactions", Commands: base + "commands"})
}

func (h *slackStage) channel() []said { return slackSaid(h.Messages(slackRoom)) }

func (h *slackStage) thread(id string) []said { return slackSaid(h.Thread(slackRoom, id)) }

func slackSaid(all []slacktest.Message) (out []said) {
	for _, m := range all {
		who := "Interlock"
		if m.BotID == "" {
			who = m.User
		}
		out = append(out, said{m.TS, who, reads(m)})
	}
	return out
}

func (h *slackStage) say(id, who, text string) {
	h.Say(slackRoom, id, slackID(who), "<@"+h.Options().BotUser+"> "+text)
}

func (h *slackStage) wait(ctx context.Context, is func() bool) error { return h.Wait(ctx, is) }

func (h *slackStage) press(ctx context.Context, who, id, label string) (told string, err error) {
	who = slackID(who)
	if err := h.clicked(ctx, who, id, label); err != nil {
		return "", err
	}
	err = h.Wait(ctx, func() bool {
		all := h.Private(who)
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
func (h *slackStage) clicked(ctx context.Context, who, ts, label string) (err error) {
	for range 5 {
		if err := h.Wait(ctx, func() bool { return h.http || len(h.Sockets()) > 0 }); err != nil {
			return err
		}
		o := h.Click(who, slackRoom, ts, label) //nolint:contextcheck // as above
		if o.OK {
			return nil
		}
		err = fmt.Errorf("the press was not taken: %s", o.Err)
	}
	return err
}

// orderly looks for what was posted twice, and for what Slack would have minded.
func (h *slackStage) orderly(ctx context.Context, thread string) error {
	if all := h.Problems(); len(all) > 0 {
		return fmt.Errorf("against Slack's rules: %v", all)
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	err := h.Wait(ctx, func() bool {
		return !slices.ContainsFunc(h.Deliveries(), func(d slacktest.Delivery) bool { return !d.Acked && d.Kind == "events_api" })
	})
	seen := map[string]bool{}
	for _, m := range h.Thread(slackRoom, thread) {
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
