package slacktest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// start is a small workspace whose problems fail the test, and the library's
// client of it.
func start(t *testing.T, o Options) (*Server, *slack.Client) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		for _, p := range s.Problems() {
			t.Errorf("problem: %s", p)
		}
	})
	s.AddUser(User{ID: "U1", Name: "ann", RealName: "Ann", TZ: "Europe/Berlin", Email: "ann@example.com", Admin: true})
	s.AddUser(User{ID: "U2", Name: "bob"})
	s.AddChannel(Channel{ID: "C1", Name: "ops", Members: []string{"U1", "U2", s.Options().BotUser}})
	s.AddChannel(Channel{ID: "C2", Name: "other", Members: []string{"U1"}})
	o = s.Options()
	return s, slack.New(o.BotToken, slack.OptionAPIURL(s.URL()), slack.OptionAppLevelToken(o.AppToken))
}

// forgive takes away the problems that the test provoked, which must be of these
// rules.
func forgive(t *testing.T, s *Server, rules ...string) {
	t.Helper()
	var got []string
	for _, p := range s.Forgive() {
		got = append(got, p.Rule)
	}
	slices.Sort(got)
	if slices.Sort(rules); !slices.Equal(got, rules) {
		t.Errorf("problems: %q, want %q", got, rules)
	}
}

// wait waits for a condition of the workspace.
func wait(t *testing.T, s *Server, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx, holds); err != nil {
		t.Fatalf("%v; deliveries: %v", err, s.Deliveries())
	}
}

// invoke calls a method with a JSON body and no library.
func invoke(t *testing.T, s *Server, token, method, body string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Authorization", "Bearer "+token)
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (int, http.Header, map[string]any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if json.Unmarshal(b, &answer) != nil {
		answer = map[string]any{"body": string(bytes.TrimSpace(b))}
	}
	return resp.StatusCode, resp.Header, answer
}

// code calls a method as the bot and returns its error code.
func code(t *testing.T, s *Server, method, body string) string {
	t.Helper()
	_, _, a := invoke(t, s, s.Options().BotToken, method, body)
	text, _ := a["error"].(string)
	if (text == "") != (a["ok"] == true) {
		t.Errorf("%s: %v", method, a)
	}
	return text
}
