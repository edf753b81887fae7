// Package servicetest holds what tests of services share: the one table of which
// answers are tried again, which every adapter passes. It must never know a service's
// own protocol.
package servicetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
)

// Secret is what no error may hold, wherever an adapter keeps its key.
const Secret = "hush-a7c31f-hush"

// Message is one with everything in it, of a severity.
func Message(s notify.Severity) notify.Message {
	return notify.Message{
		ID: "d41d8cd98f", Count: 1,
		Notice: notify.Notice{
			ID: "EVENT", Org: "acme", Type: notify.DriftDetected, Severity: s, Title: "web (lab): drifted, 2 findings new", Body: "Look <here> & there.",
			Facts: []agent.Fact{{Name: "New", Value: "2 findings"}}, Stack: "web", Environment: "lab", Team: "payments", Key: "drift/web",
			At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		},
	}
}

// TestRetries checks what an adapter says of each answer of a service at an address. It is
// long because it is one table: each status that a service may give, and what it means.
func TestRetries(t *testing.T, sender func(url string) notify.Sender) {
	for _, c := range []struct {
		status             int
		after              string
		taken              bool
		refused, permanent bool
		wait               time.Duration
	}{
		{status: 200, taken: true},
		{status: 202, taken: true},
		{status: 204, taken: true},
		{status: 301, refused: true, permanent: true},
		{status: 307, refused: true, permanent: true},
		{status: 400, refused: true, permanent: true},
		{status: 401, refused: true, permanent: true},
		{status: 403, refused: true, permanent: true},
		{status: 404, refused: true, permanent: true},
		{status: 408, refused: true},
		{status: 410, refused: true, permanent: true},
		{status: 413, refused: true, permanent: true},
		{status: 422, refused: true, permanent: true},
		{status: 425, refused: true},
		{status: 429, refused: true},
		{status: 429, after: "30", refused: true, wait: 30 * time.Second},
		{status: 429, after: "-1", refused: true},
		{status: 429, after: "soon", refused: true},
		{status: 429, after: "99999999999999999999", refused: true},
		{status: 500},
		{status: 502},
		{status: 503, after: "120", wait: 2 * time.Minute},
		{status: 504, after: "999999", wait: time.Hour},
	} {
		t.Run(fmt.Sprintf("%d after %q", c.status, c.after), func(t *testing.T) {
			t.Parallel()
			asked := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				if c.status != http.StatusNoContent {
					_, _ = fmt.Fprintf(w, `{"message":"no","errors":["because"]}`)
				}
			}))
			defer s.Close()
			err := sender(s.URL+"/"+Secret).Send(t.Context(), Message(notify.Urgent))
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if c.taken {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var pe *bot.PostError
			if !errors.As(err, &pe) {
				t.Fatalf("answers %v", err)
			}
			if pe.Refused != c.refused || pe.Permanent != c.permanent || pe.After != c.wait {
				t.Errorf("answers %+v", *pe)
			}
			if strings.Contains(err.Error(), Secret) || !strings.Contains(err.Error(), fmt.Sprint(c.status)) {
				t.Errorf("says %v", err)
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewServer(http.NotFoundHandler())
		s.Close()
		err := sender(s.URL+"/"+Secret).Send(t.Context(), Message(notify.Urgent))
		var pe *bot.PostError
		if !errors.As(err, &pe) || !pe.Refused || pe.Permanent || strings.Contains(err.Error(), Secret) {
			t.Errorf("answers %v", err)
		}
	})
	t.Run("it says nothing", func(t *testing.T) {
		t.Parallel()
		quiet := make(chan struct{})
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-quiet }))
		defer s.Close()
		defer close(quiet)
		ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer done()
		err := sender(s.URL+"/"+Secret).Send(ctx, Message(notify.Urgent))
		var pe *bot.PostError
		if !errors.As(err, &pe) || pe.Refused || pe.Permanent || strings.Contains(err.Error(), Secret) {
			t.Errorf("answers %v", err)
		}
	})
}

// Service is one as configuration gives it; its key is Secret. The lines are YAML.
func Service(t testing.TB, kind string, lines ...string) config.Service {
	t.Helper()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	text := "orgs:\n  acme:\n    notify:\n      services:\n        it:\n          kind: " + kind + "\n"
	for _, l := range lines {
		text += "          " + l + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := config.Load(file, []string{"SERVICE_KEY=" + Secret})
	if err != nil {
		t.Fatal(err)
	}
	return c.Orgs["acme"].Notify.Services["it"]
}
