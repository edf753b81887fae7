package slacktest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// events are the payloads of a type, as the library reads them.
func events(t *testing.T, s *Server, name string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, d := range s.Deliveries() {
		if d.Type != name {
			continue
		}
		var outer struct{ Event map[string]any }
		if err := json.Unmarshal(d.Payload, &outer); err != nil {
			t.Fatal(err)
		}
		out = append(out, outer.Event)
	}
	return out
}

func TestWhatPeopleDo(t *testing.T) {
	s, _ := start(t, Options{Scale: 1e6})
	s.AddUser(User{ID: "W9", Name: "eve", Team: "T9", Stranger: true})
	s.Join("C1", "W9")
	ts := s.Say("C1", "", "W9", "hello", File{Name: "plan.txt", Content: []byte("x")})
	s.Edit("C1", ts, "hullo <@U0BOT>")
	s.Delete("C1", ts)
	s.Leave("C1", "W9")
	dm := s.Direct("U1")
	s.Say(dm, "", "U1", "<@U0BOT> hi")
	s.Say("C2", "", "U1", "<@U0BOT> unseen: the bot is not in there")
	s.OpenHome("U1")
	ch, thread := s.AssistantThread("U1")
	got := events(t, s, "message")
	for i, want := range []map[string]any{
		{"subtype": "file_share", "user": "W9", "user_team": "T9", "ts": ts, "text": "hello", "channel_type": "channel"},
		{"subtype": "message_changed", "hidden": true},
		{"subtype": "message_deleted", "deleted_ts": ts},
		{"channel_type": "im", "channel": dm, "user": "U1"},
	} {
		for k, v := range want {
			if got[i][k] != v {
				t.Errorf("message %d: %s is %v, want %v", i, k, got[i][k], v)
			}
		}
	}
	if before, _ := got[1]["previous_message"].(map[string]any); before["text"] != "hello" {
		t.Errorf("what was edited: %v", got[1])
	}
	if len(got) != 4 || len(events(t, s, "app_mention")) != 0 {
		t.Errorf("%d messages; mentions: %v", len(got), events(t, s, "app_mention"))
	}
	for name, want := range map[string]int{
		"member_joined_channel": 1, "member_left_channel": 1, "app_home_opened": 1, "assistant_thread_started": 1,
	} {
		if n := len(events(t, s, name)); n != want {
			t.Errorf("%s: %d, want %d", name, n, want)
		}
	}
	if got := s.Thread(ch, thread); ch != dm || len(got) != 1 {
		t.Errorf("the assistant's thread is %s in %s", thread, ch)
	}
}

// What a test cannot mean is a problem, so that it does not pass by mistake.
func TestMisuse(t *testing.T) {
	s, api := start(t, Options{})
	ts := card(t, api)
	for _, do := range []func(){
		func() { s.Say("C9", "", "U1", "x") },
		func() { s.Say("C2", "", "U2", "x") },
		func() { s.Say("C1", "1.000001", "U1", "x") },
		func() { s.Edit("C1", "1.000001", "x") },
		func() { s.Delete("C1", "1.000001") },
		func() { s.Join("C1", "U1") },
		func() { s.Leave("C2", "U2") },
		func() { s.Click("U1", "C1", ts, "Stop") },
		func() { s.Choose("U1", "C1", ts, "why", "z") },
		func() { s.Submit("U1", "V1", nil) },
		func() { s.CloseView("U1", "V1") },
		func() { s.ClickView("U1", "V1", "x") },
		func() { s.Redeliver("X") },
		func() { s.Slash("U2", "C2", "/ops", "") },
	} {
		do()
		if p := s.Forgive(); len(p) != 1 || p[0].Rule != "misuse" {
			t.Errorf("problems: %v", p)
		}
	}
}

// opened has the app answer what people do as it should, by HTTP, so that the
// outcomes can be looked at.
func opened(t *testing.T, answer string) (*Server, *slack.Client, *app) {
	s, api := start(t, Options{})
	a := listen(t, s, func(path string, _ int, w http.ResponseWriter) {
		if path == "/interactions" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(answer))
		}
	})
	return s, api, a
}

// callback is the last interaction, as the library reads it.
func (a *app) callback() slack.InteractionCallback {
	a.t.Helper()
	bodies, _ := a.got("/interactions")
	r, _ := http.NewRequestWithContext(a.t.Context(), http.MethodPost, "/", strings.NewReader(bodies[len(bodies)-1]))
	r.Header.Set("Content-Type", formType)
	c, err := slack.InteractionCallbackParse(r)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func TestClick(t *testing.T) {
	s, api, a := opened(t, "")
	ts := card(t, api)
	if o := s.Choose("U2", "C1", ts, "why", "a"); !o.OK {
		t.Fatal(o.Err)
	}
	if o := s.Click("U2", "C1", ts, "Go"); !o.OK {
		t.Fatal(o.Err)
	}
	c := a.callback()
	if c.Type != slack.InteractionTypeBlockActions || c.User.ID != "U2" || c.Channel.ID != "C1" || c.Message.Timestamp != ts ||
		c.Container.MessageTs != ts || c.TriggerID == "" || c.Team.ID != "T0TEST" || c.APIAppID != "A0TEST" {
		t.Errorf("callback: %+v", c)
	}
	if b := c.ActionCallback.BlockActions[0]; b.ActionID != "go" || b.Value != "v1" || b.BlockID != "row" || b.ActionTs == "" {
		t.Errorf("action: %+v", b)
	}
	if got := c.BlockActionState.Values["row"]["why"].SelectedOption.Value; got != "a" {
		t.Errorf("chosen before: %q", got)
	}
}

func TestResponseURL(t *testing.T) {
	s, api, a := opened(t, "")
	ts := card(t, api)
	s.Click("U2", "C1", ts, "go")
	url := a.callback().ResponseURL
	post := func(m slack.WebhookMessage) error { return slack.PostWebhookContext(t.Context(), url, &m) }
	for _, m := range []slack.WebhookMessage{
		{Text: "private"},
		{Text: "public", ResponseType: "in_channel"},
		{Text: "replaced", ReplaceOriginal: true, Blocks: &slack.Blocks{}},
		{DeleteOriginal: true},
		{Text: "more"},
	} {
		if err := post(m); err != nil {
			t.Error(err)
		}
	}
	if err := post(slack.WebhookMessage{Text: "sixth"}); err == nil {
		t.Error("a response_url was used six times")
	}
	m, _ := s.Message("C1", ts)
	if p := s.Private("U2"); len(p) != 2 || p[0].Text != "private" {
		t.Errorf("private: %+v", p)
	}
	if n := len(m.Versions); n != 3 || m.Versions[1].Text != "replaced" || !m.Deleted {
		t.Errorf("the card: %+v", m)
	}
	if all := s.Messages("C1"); len(all) != 1 || all[0].Text != "public" {
		t.Errorf("public: %+v", all)
	}
}

func TestResponseURLExpires(t *testing.T) {
	s, api := start(t, Options{Scale: 1e12, Patience: 2 * time.Second}) // 30 minutes are over at once
	a := listen(t, s, nil)
	s.Click("U2", "C1", card(t, api), "go")
	if err := slack.PostWebhookContext(t.Context(), a.callback().ResponseURL, &slack.WebhookMessage{Text: "x"}); err == nil {
		t.Error("an old response_url was taken")
	}
	if c := s.Calls("response_url"); len(c) != 1 || c[0].Error != "expired_url" {
		t.Errorf("calls: %+v", c)
	}
}

// An ephemeral message is clicked by the one who sees it, and comes without its
// content.
func TestEphemeralClick(t *testing.T) {
	s, _, a := opened(t, "")
	if got := code(t, s, "chat.postEphemeral", `{"channel":"C1","user":"U1","text":"x","blocks":[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"}}]}]}`); got != "" {
		t.Fatal(got)
	}
	m := s.Private("U1")[0]
	if o := s.Click("U1", "C1", m.TS, "Go"); !o.OK {
		t.Fatal(o.Err)
	}
	if c := a.callback(); !c.Container.IsEphemeral || c.Message.Timestamp != "" || c.ActionCallback.BlockActions[0].ActionID == "" {
		t.Errorf("callback: %+v", c)
	}
	s.Click("U2", "C1", m.TS, "Go")
	forgive(t, s, "misuse")
}

func TestShortcuts(t *testing.T) {
	s, api, a := opened(t, "")
	ts := card(t, api)
	if o := s.MessageShortcut("U1", "C1", ts, "explain"); !o.OK {
		t.Fatal(o.Err)
	}
	if c := a.callback(); c.Type != slack.InteractionTypeMessageAction || c.CallbackID != "explain" || c.Message.Timestamp != ts || c.MessageTs != ts {
		t.Errorf("callback: %+v", c)
	}
	if o := s.Shortcut("U1", "ask"); !o.OK {
		t.Fatal(o.Err)
	}
	if c := a.callback(); c.Type != slack.InteractionTypeShortcut || c.CallbackID != "ask" || c.TriggerID == "" {
		t.Errorf("callback: %+v", c)
	}
}
