package llmtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent"
)

// pieces checks what is shown while an answer comes: text, all of it, nothing
// else, and nothing afterwards.
func (s suite) pieces(t *testing.T) {
	reply := agent.Reply{
		Blocks: []agent.Block{{Text: "I look at the files first."}, called("call_a", "get", `{"path":"secret.tf"}`), called("call_b", "put", `{"path":"other.tf"}`)},
		Stop:   agent.StopCalls,
	}
	m, _ := s.start(t, Slow(reply, time.Millisecond), Say(spoken("Done.")))
	var mu sync.Mutex
	var shown []string
	var over atomic.Bool
	p := say("Look.")
	p.Stream = func(text string) {
		if over.Load() {
			t.Error("something is shown after Next has returned")
		}
		mu.Lock()
		defer mu.Unlock()
		if text != "" {
			shown = append(shown, text)
		}
	}
	got := next(t, m, p)
	over.Store(true)
	next(t, m, say("And now?")) // time for a late piece
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(shown, ""); all != got.Text() && (s.f.Streams || all != "") {
		t.Errorf("shown %q, want %q", shown, got.Text())
	}
	if s.f.Streams && len(shown) < 2 {
		t.Errorf("shown at once: %q", shown)
	}
}

// cancel checks that the caller's end is the end, whatever the server does.
func (s suite) cancel(t *testing.T) {
	reply := spoken("One, two, three, four, five, six.")
	for name, answer := range map[string]Answer{
		"before the answer": Hang(), "in the answer": Stall(reply), "in a slow answer": Slow(reply, time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, server := s.start(t, answer)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := say("Count.")
			heard := make(chan struct{}, 1)
			p.Stream = func(text string) {
				if text != "" {
					select {
					case heard <- struct{}{}:
					default:
					}
				}
			}
			failed := make(chan error, 1)
			go func() {
				_, err := m.Next(ctx, p)
				failed <- err
			}()
			until(t, "the server is asked", func() bool { return len(server.Requests()) == 1 })
			if s.f.Streams && name == "in the answer" {
				<-heard // the text comes before the end
			}
			cancel()
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want context.Canceled", err)
			}
			until(t, "the connection is closed", func() bool { return server.Open() == 0 })
		})
	}
	t.Run("deadline", func(t *testing.T) {
		t.Parallel()
		m, _ := s.start(t, Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := m.Next(ctx, say("Count.")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
	})
}

// variables are what the libraries read.
var variables = [...]string{
	"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_PROFILE",
	"OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_CUSTOM_HEADERS", "OPENAI_MODEL",
	"OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID", "MISTRAL_API_KEY", "GOOGLE_API_KEY",
}

// environment checks that the variables of the libraries change nothing: each
// alone, because some are read only where another is missing, and together.
func (s suite) environment(t *testing.T) {
	for _, name := range variables {
		t.Run(name, func(t *testing.T) { s.ignores(t, name) })
	}
	t.Run("all", func(t *testing.T) { s.ignores(t, variables[:]...) })
}

func (s suite) ignores(t *testing.T, names ...string) {
	const mark = "from-the-environment"
	other := NewServer(t, nil)
	for _, name := range names {
		value := mark
		switch {
		case strings.Contains(name, "BASE"):
			value = other.URL(s.d)
		case strings.Contains(name, "HEADERS"):
			value = "X-Custom: " + mark
		}
		t.Setenv(name, value)
	}
	m, server := s.start(t, Say(spoken("Yes.")))
	next(t, m, say("Hi?"))
	r := taken(t, server)
	if head := fmt.Sprint(r.Header); strings.Contains(head, mark) || strings.Contains(string(r.Body), mark) {
		t.Errorf("the environment is sent: %s %s", head, r.Body)
	}
	if n := len(other.Requests()); n != 0 {
		t.Errorf("%d requests went to the environment's address", n)
	}
}

// redirect checks that nothing, and so no key, goes to another host.
func (s suite) redirect(t *testing.T) {
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(other.Close)
	to := http.Header{"Location": {other.URL + "/v1/messages"}}
	m, server := s.start(t, Redirect(other.URL+"/v1/messages"), Status(http.StatusSeeOther, to, ""), Status(http.StatusFound, to, ""))
	for range 3 {
		if me := s.fails(t, m, server, say("Hi?")); me.Fault == agent.FaultKey {
			t.Errorf("error %v, but the key is right", me)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

// atOnce checks that answers are not mixed up.
func (s suite) atOnce(t *testing.T) {
	server := NewServer(t, brain(func(p agent.Prompt) (agent.Reply, error) {
		text := p.Messages[0].Blocks[0].Text
		return agent.Reply{
			Blocks: []agent.Block{{Text: "You say " + text}, called("call_"+text, "get", `{"path":"`+text+`"}`)},
			Stop:   agent.StopCalls,
		}, nil
	}))
	m := s.build(t, server.URL(s.d), server.Key(), server.Name())
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			text := fmt.Sprint(i)
			p := say(text)
			var shown strings.Builder
			p.Stream = func(piece string) { shown.WriteString(piece) }
			got, err := m.Next(t.Context(), p)
			if err != nil {
				t.Errorf("Next: %v", err)
				return
			}
			calls := got.Calls()
			if got.Text() != "You say "+text || len(calls) != 1 || calls[0].ID != "call_"+text || !same(calls[0].Args, []byte(`{"path":"`+text+`"}`)) {
				t.Errorf("answer to %s: %+v", text, got)
			}
			if all := shown.String(); all != got.Text() && all != "" {
				t.Errorf("shown to %s: %q", text, all)
			}
		})
	}
	group.Wait()
}
