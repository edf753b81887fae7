package slacktest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestRates(t *testing.T) {
	s, api := start(t, Options{})
	s.AddChannel(Channel{ID: "C3", Members: []string{s.Options().BotUser}})
	post := func(ch string) error {
		_, _, err := api.PostMessageContext(t.Context(), ch, slack.MsgOptionText("x", false))
		return err
	}
	for range burstOfPosts {
		if err := post("C1"); err != nil {
			t.Fatal(err)
		}
	}
	limited, ok := errors.AsType[*slack.RateLimitedError](post("C1"))
	if !ok || limited.RetryAfter != time.Second {
		t.Fatalf("a fifth message at once: %v", limited)
	}
	if err := post("C3"); err != nil {
		t.Errorf("another channel: %v", err)
	}
	if err := post("C1"); err == nil {
		t.Error("a message was taken before its Retry-After was over")
	}
	forgive(t, s, "too_early", "too_fast")
}

// At a scale the windows are short: a message a second becomes many.
func TestScaledRates(t *testing.T) {
	s, api := start(t, Options{Scale: 1e6})
	for range 40 {
		if _, _, err := api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false)); err != nil {
			t.Fatal(err)
		}
	}
	_ = s
}

func TestTiers(t *testing.T) {
	s, api := start(t, Options{})
	for range tier2 {
		if _, err := api.GetUsersContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := api.GetUserInfoContext(t.Context(), "U1"); err != nil {
		t.Errorf("another method: %v", err)
	}
	if got := code(t, s, "users.list", "{}"); got != "ratelimited" {
		t.Errorf("call %d of tier 2: %q", tier2+1, got)
	}
	forgive(t, s, "too_fast")
}

func TestFaults(t *testing.T) {
	const post = `{"channel":"C1","text":"x"}`
	for name, c := range map[string]struct {
		fault  Fault
		status int
		code   string
		posted int
	}{
		"500":            {Fault{Status: 500}, 500, "", 0},
		"500 but done":   {Fault{Status: 500, AfterAccepting: true}, 500, "", 1},
		"429":            {Fault{Status: 429, RetryAfter: 1500 * time.Millisecond}, 429, "ratelimited", 0},
		"error":          {Fault{Error: "internal_error"}, 200, "internal_error", 0},
		"error but done": {Fault{Error: "fatal_error", AfterAccepting: true}, 200, "fatal_error", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := start(t, Options{})
			s.Inject("chat.postMessage", c.fault)
			status, header, a := invoke(t, s, s.Options().BotToken, "chat.postMessage", post)
			code, _ := a["error"].(string)
			if status != c.status || code != c.code || len(s.Messages("C1")) != c.posted {
				t.Errorf("%d %v, %d posted", status, a, len(s.Messages("C1")))
			}
			if call := s.Calls("")[0]; call.Lost != (c.posted == 1) || call.Status != status {
				t.Errorf("call: %+v", call)
			}
			if c.status == http.StatusTooManyRequests {
				if header.Get("Retry-After") != "2" {
					t.Errorf("headers: %v", header)
				}
				if status, _, _ := invoke(t, s, s.Options().BotToken, "chat.postMessage", post); status != 429 {
					t.Errorf("too early: %d", status)
				}
				forgive(t, s, "too_early")
				s.Heal()
			}
			if status, _, a := invoke(t, s, s.Options().BotToken, "chat.postMessage", post); status != 200 || a["ok"] != true {
				t.Errorf("after the fault: %d %v", status, a)
			}
		})
	}
}

// Without an answer it is not known whether the message was posted.
func TestHang(t *testing.T) {
	for _, done := range []bool{false, true} {
		s, api := start(t, Options{})
		s.Inject("chat.postMessage", Fault{Hang: true, AfterAccepting: done})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = s.Wait(ctx, func() bool { return len(s.Calls("chat.postMessage")) == 1 }); cancel() }()
		if _, _, err := api.PostMessageContext(ctx, "C1", slack.MsgOptionText("x", false)); !errors.Is(err, context.Canceled) {
			t.Errorf("err: %v", err)
		}
		if got := len(s.Messages("C1")) == 1; got != done {
			t.Errorf("posted: %v, want %v", got, done)
		}
	}
}

func TestFaultsInOrder(t *testing.T) {
	s, _ := start(t, Options{})
	s.Inject("auth.test", Fault{Error: "one", Times: 2})
	s.Inject("auth.test", Fault{Error: "two"})
	s.Inject("*", Fault{Error: "any", Times: -1})
	var got []string
	for range 5 {
		got = append(got, code(t, s, "auth.test", "{}"))
	}
	s.Heal()
	got = append(got, code(t, s, "auth.test", "{}"))
	if want := []string{"one", "one", "two", "any", "any", ""}; !slices.Equal(got, want) {
		t.Errorf("codes: %q", got)
	}
}
