package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"interlock/agent"
)

// A request that cannot be put on record does not go.
func TestUnrecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, Rule{Host: "www.example.com", Ports: []uint16{80}})
	w.trail.full = true
	if code, _ := say(t, w.dial(t), fetchText("http://www.example.com/", "www.example.com", "")); code != http.StatusServiceUnavailable || w.seen.Load() != nil {
		t.Errorf("status %d, seen %v", code, w.seen.Load())
	}
}

type watching struct {
	mu   sync.Mutex
	seen []agent.Passage
	full bool
}

func (*watching) Alive(context.Context) bool { return true }

func (w *watching) Pass(_ context.Context, p agent.Passage) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full {
		return errors.New("full")
	}
	w.seen = append(w.seen, p)
	return nil
}

func command(in agent.Container, scope string) agent.Command {
	return agent.Command{Org: "acme", Session: "s", Call: "c", In: in, Argv: []string{"x"}, Profile: "p", Scope: scope, Out: true}
}

func outletOf(t *testing.T, rules ...Rule) (*Outlet, string) {
	t.Helper()
	p, err := NewPolicy(rules...)
	if err != nil {
		t.Fatal(err)
	}
	o := &Outlet{Inside: Inside{Addr: "127.0.0.1:3128", CA: "/ca"}, Rules: map[string]Rules{"acme": {Policy: p}}, Resolver: names{}}
	socket := filepath.Join(t.TempDir(), "s")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return o, socket
}

// Nothing is opened for whom no rule is: another profile or Org, a scope that a
// model's commands never have.
func TestOutletOpens(t *testing.T) {
	t.Parallel()
	o, _ := outletOf(t, Rule{Host: "a.example", Profile: "p", Scope: "s"})
	other := command(agent.InFresh, "s")
	other.Profile = "q"
	stranger := command(agent.InFresh, "s")
	stranger.Org = "globex"
	for name, c := range map[string]struct {
		agent.Command
		opens bool
	}{
		"fresh, with the scope": {command(agent.InFresh, "s"), true},
		"fresh, without":        {command(agent.InFresh, ""), false},
		"a session's":           {command(agent.InSession, "s"), false},
		"another profile's":     {other, false},
		"another Org's":         {stranger, false},
	} {
		way, closed, err := o.Open(t.Context(), c.Command, &watching{})
		if err != nil || (way != nil) != c.opens {
			t.Errorf("%s: %v %v", name, way, err)
		}
		closed()
	}
	if way, _, err := (&Outlet{}).Open(t.Context(), command(agent.InFresh, "s"), &watching{}); way != nil || err != nil {
		t.Error("the zero outlet opens", way, err)
	}
}

// A connection reaches the way that it names, as long as that is open, and each
// decision is on its record.
func TestOutletHands(t *testing.T) {
	t.Parallel()
	o, socket := outletOf(t, Rule{Host: "a.example", Ports: []uint16{80}})
	seen := &watching{}
	way, closed, err := o.Open(t.Context(), command(agent.InSession, ""), seen)
	if err != nil || way == nil {
		t.Fatal(way, err)
	}
	say := func(id, token string) string {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_, _ = io.WriteString(c, id+"\nGET http://evil.example/x HTTP/1.1\r\nHost: evil.example\r\nProxy-Authorization: Bearer "+token+"\r\n\r\n")
		b, _ := io.ReadAll(c)
		first, _, _ := strings.Cut(string(b), "\r\n")
		return first
	}
	var token string
	for _, e := range way.Env {
		if v, ok := strings.CutPrefix(e, "HTTP_PROXY=http://session:"); ok {
			token, _, _ = strings.Cut(v, "@")
		}
	}
	if got := say(way.ID, token); !strings.Contains(got, "403") || len(seen.seen) != 1 || seen.seen[0].Host != "evil.example" || seen.seen[0].Allowed {
		t.Errorf("%q, on record %+v", got, seen.seen)
	}
	for name, got := range map[string]string{
		"no such way": say("x", token), "too long": say(strings.Repeat("x", 100), token),
	} {
		if got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := say(way.ID, "token-of-another-session"); !strings.Contains(got, "407") {
		t.Errorf("another token: %q", got)
	}
	closed()
	if got := say(way.ID, token); got != "" {
		t.Errorf("after its end: %q", got)
	}
}
