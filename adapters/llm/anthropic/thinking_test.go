package anthropic

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"interlock/agent"
)

func TestThinkingForm(t *testing.T) {
	t.Parallel()
	for name, budget := range map[string]bool{
		"claude-3-7-sonnet-20250219":                    true,
		"claude-opus-4-20250514":                        true,
		"claude-opus-4-0":                               true,
		"claude-opus-4-1@20250805":                      true,
		"claude-sonnet-4@20250514":                      true,
		"claude-haiku-4-5":                              true,
		"us.anthropic.claude-sonnet-4-5-20250929-v1:0":  true,
		"anthropic.claude-sonnet-4-20250514-v1:0":       true,
		"somebody-elses-model":                          true,
		"claude-opus-4-6":                               false,
		"anthropic.claude-opus-4-6-v1":                  false,
		"claude-opus-4-7":                               false,
		"claude-sonnet-5":                               false,
		"claude-sonnet-5-5":                             false,
		"claude-mythos-preview":                         false,
		"eu.anthropic.claude-fable-5-1-20260901-v1:0":   false,
		"claude-opus-4-10":                              false,
		"global.anthropic.claude-haiku-5-5-20260801-v1": false,
	} {
		form := thinking(name, 2048)
		if got := form.OfEnabled != nil; got != budget {
			t.Errorf("%s: asked with a budget: %v, want %v", name, got, budget)
		}
		if (form.OfAdaptive != nil) == budget {
			t.Errorf("%s: asked in both forms or in none", name)
		}
	}
}

// A session whose beginning was summed up goes on, without the old thinking.
func TestUnboundThinking(t *testing.T) {
	t.Parallel()
	const thought = `{"type":"thinking","thinking":"","signature":"c2ln"}`
	for name, c := range map[string]struct {
		always bool
		asked  int32
	}{"goes on": {false, 2}, "only once": {true, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				body, _ := io.ReadAll(r.Body)
				if c.always || strings.Contains(string(body), `"signature"`) {
					w.WriteHeader(http.StatusBadRequest)
					_, _ = io.WriteString(w, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.\"}}")
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, stream("end_turn", says(0, "x")))
			}))
			t.Cleanup(server.Close)
			p := agent.Prompt{Messages: []agent.Message{
				user(line("hi")), assistant(opaque("anthropic", testModel, thought), call("A", "get", "{}")), user(returns("A", "x", false)),
			}}
			before := show(p.Messages)
			r, err := start(t, server.URL).Next(t.Context(), p)
			var me *agent.ModelError
			if c.always != errors.As(err, &me) || c.always && me.Fault != agent.FaultRequest || !c.always && r.Text() != "x" {
				t.Errorf("got %s %v", show(r), err)
			}
			if n := asked.Load(); n != c.asked {
				t.Errorf("asked %d times, want %d", n, c.asked)
			}
			if show(p.Messages) != before {
				t.Error("the caller's history was changed")
			}
		})
	}
}
