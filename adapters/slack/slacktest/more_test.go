package slacktest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// A stream holds blocks of its chunks, and those that its stop brings below them.
func TestStreamedBlocks(t *testing.T) {
	s, _ := start(t, Options{})
	root := s.Say("C1", "", "U1", "go")
	where := `{"channel":"C1","thread_ts":"` + root + `","recipient_team_id":"T0TEST","recipient_user_id":"U1",`
	_, _, a := invoke(t, s, s.Options().BotToken, "chat.startStream", where+`"chunks":[{"type":"blocks","blocks":[{"type":"card"}]}]}`)
	ts, _ := a["ts"].(string)
	for chunk, want := range map[string]string{
		`{"type":"plan_update","title":"Plan"}`:                 "",
		`{"type":"plan_update"}`:                                "invalid_chunks",
		`{"type":"task_update","id":"1"}`:                       "invalid_chunks",
		`{"type":"dance"}`:                                      "invalid_chunks",
		`{"type":"blocks","blocks":[{"type":"novel"}]}`:         "invalid_blocks",
		`{"type":"markdown_text","text":"` + long(12001) + `"}`: "msg_too_long",
	} {
		if got := code(t, s, "chat.appendStream", `{"channel":"C1","ts":"`+ts+`","chunks":[`+chunk+`]}`); got != want {
			t.Errorf("%.60s: %q, want %q", chunk, got, want)
		}
	}
	forgive(t, s, "bad_blocks", "bad_blocks", "bad_blocks", "bad_blocks", "too_long")
	if got := code(t, s, "chat.stopStream", `{"channel":"C1","ts":"`+ts+`","blocks":[{"type":"divider"}]}`); got != "" {
		t.Fatal(got)
	}
	if m, _ := s.Message("C1", ts); !strings.HasPrefix(string(m.Blocks), `[{"type":"card"},{"block_id"`) {
		t.Errorf("blocks: %s", m.Blocks)
	}
}

// What a person does not touch goes as the app set it.
func TestSubmitInitial(t *testing.T) {
	s, api, a := opened(t, "")
	v := `{"type":"modal","title":{"type":"plain_text","text":"T"},"submit":{"type":"plain_text","text":"S"},"external_id":"x","blocks":[
		{"type":"input","block_id":"a","label":{"type":"plain_text","text":"A"},"element":{"type":"plain_text_input","action_id":"t","initial_value":"kept"}},
		{"type":"input","block_id":"b","label":{"type":"plain_text","text":"B"},"element":{"type":"checkboxes","action_id":"c",
			"options":[{"text":{"type":"plain_text","text":"1"},"value":"one"}],"initial_options":[{"text":{"type":"plain_text","text":"1"},"value":"one"}]}}]}`
	ts := card(t, api)
	if got := code(t, s, "views.open", string(encode(object{"trigger_id": a.trigger(ts), "view": v}))); got != "" {
		t.Fatal(got)
	}
	if got := code(t, s, "views.push", string(encode(object{"trigger_id": a.trigger(ts), "view": v}))); got != "duplicate_external_id" {
		t.Errorf("an external_id twice: %q", got)
	}
	m, _ := s.Modal("U1")
	s.ClickView("U1", m.ID, "nothing")
	s.Submit("U1", m.ID, map[string][]string{"z": {"x"}})
	s.Submit("U1", m.ID, map[string][]string{"t": nil})
	forgive(t, s, "misuse", "misuse", "misuse")
	if o := s.Submit("U1", m.ID, nil); !o.OK {
		t.Fatal(o.Err)
	}
	values := a.callback().View.State.Values
	if values["a"]["t"].Value != "kept" || len(values["b"]["c"].SelectedOptions) != 1 || values["b"]["c"].SelectedOptions[0].Value != "one" {
		t.Errorf("submitted: %+v", values)
	}
}

// The answer to a command is text, or a message, or nothing.
func TestCommandAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer          string
		private, public int
	}{
		"nothing": {"", 0, 0}, "empty": {"{}", 0, 0}, "text": {"done\n", 1, 0}, "string": {`"done"`, 1, 0},
		"public": {`{"text":"done","response_type":"in_channel"}`, 0, 1},
	} {
		s, _ := start(t, Options{})
		listen(t, s, func(_ string, _ int, w http.ResponseWriter) { _, _ = io.WriteString(w, c.answer) })
		s.Slash("U1", "C1", "/ops", "")
		private, public := s.Private("U1"), s.Messages("C1")
		if len(private) != c.private || len(public) != c.public {
			t.Errorf("%s: %+v %+v", name, private, public)
		}
		for _, m := range slices.Concat(private, public) {
			if m.Text != "done" {
				t.Errorf("%s: %q", name, m.Text)
			}
		}
	}
}

// An app may take an ephemeral message away only by the response_url.
func TestWithdrawEphemeral(t *testing.T) {
	s, _, a := opened(t, "")
	code(t, s, "chat.postEphemeral", `{"channel":"C1","user":"U1","text":"x","blocks":[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"}}]}]}`)
	s.Click("U1", "C1", s.Private("U1")[0].TS, "Go")
	before := len(s.Deliveries())
	if err := slack.PostWebhookContext(t.Context(), a.callback().ResponseURL, &slack.WebhookMessage{DeleteOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if len(s.Private("U1")) != 0 || len(s.Deliveries()) != before {
		t.Errorf("private: %+v; %v", s.Private("U1"), s.Deliveries())
	}
}

// A mention with a file is still one, and an event of the whole app has no inner.
func TestEvents(t *testing.T) {
	s, _ := start(t, Options{Events: []string{"app_mention"}})
	a := listen(t, s, nil)
	s.Say("C1", "", "U1", "<@U0BOT> read", File{Name: "a.tf", Content: []byte("x")})
	if m := events(t, s, "app_mention"); len(m) != 1 || m[0]["subtype"] != nil || m[0]["channel_type"] != nil || m[0]["files"] == nil {
		t.Errorf("mentions: %v", m)
	}
	if n := len(events(t, s, "message")); n != 0 {
		t.Errorf("%d messages, to which nobody subscribed", n)
	}
	id := s.EmitOuter(map[string]any{"type": "app_rate_limited", "minute_rate_limited": 1})
	wait(t, s, func() bool { return acked(s) == 2 })
	bodies, _ := a.got("/events")
	if !slices.Contains(bodies, `{"minute_rate_limited":1,"type":"app_rate_limited"}`) || s.Deliveries()[1].ID != id {
		t.Errorf("bodies: %q", bodies)
	}
	if text := s.Deliveries()[1].String(); !strings.HasPrefix(text, id+" app_rate_limited: [socket 0, status 200, acked after ") {
		t.Errorf("in a line: %s", text)
	}
}

func TestSigned(t *testing.T) {
	s, _ := start(t, Options{})
	for at, good := range map[time.Time]bool{time.Now(): true, time.Now().Add(-6 * time.Minute): false} {
		v, err := slack.NewSecretsVerifier(s.Signed([]byte("x"), at), s.Options().SigningSecret)
		if err == nil {
			_, _ = v.Write([]byte("x"))
			err = v.Ensure()
		}
		if (err == nil) != good {
			t.Errorf("signed at %v: %v", at, err)
		}
	}
}
