package llmtest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"interlock/agent"
)

// told gathers what a prompt tells, whatever messages it is divided into: texts
// are counted behind their role.
func told(p agent.Prompt) (texts map[string]int, calls map[string]agent.ToolCall, results map[string]agent.CallResult) {
	texts, calls, results = map[string]int{}, map[string]agent.ToolCall{}, map[string]agent.CallResult{}
	for _, m := range p.Messages {
		for _, b := range m.Blocks {
			switch {
			case b.Text != "":
				texts[string(m.Role)+b.Text]++
			case b.Call != nil:
				calls[b.Call.ID] = *b.Call
			case b.Result != nil:
				results[b.Result.Call] = *b.Result
			}
		}
	}
	return texts, calls, results
}

// history checks two parallel calls with their results, one of which failed.
func (s suite) history(t *testing.T) {
	m, server := s.start(t, Say(spoken("Done.")))
	p := then(say("Do both."), agent.Assistant, agent.Block{Text: "I try."},
		called("call_a", "get", `{"path":"x"}`), called("call_b", "put", `{"n":12345678901234567890}`))
	p = then(p, agent.User, result("call_a", "get", "found", false), result("call_b", "put", "no space", true), agent.Block{Text: "Go on."})
	next(t, m, p)
	texts, calls, results := told(taken(t, server).Prompt)
	for _, want := range []string{"userDo both.", "assistantI try.", "userGo on."} {
		if texts[want] != 1 {
			t.Errorf("%q is there %d times, want once: %v", want, texts[want], texts)
		}
	}
	if a, b := calls["call_a"], calls["call_b"]; len(calls) != 2 || a.Tool != "get" || b.Tool != "put" ||
		!same(a.Args, []byte(`{"path":"x"}`)) || !strings.Contains(string(b.Args), "12345678901234567890") {
		t.Errorf("calls %+v", calls)
	}
	if r := results["call_a"]; r.Text != "found" || r.Failed || r.Tool != "get" {
		t.Errorf("result %+v, want found", r)
	}
	flagged := agent.CallResult{Call: "call_b", Tool: "put", Text: "no space", Failed: true}
	prefixed := agent.CallResult{Call: "call_b", Tool: "put", Text: "error: no space"}
	if r := results["call_b"]; r != flagged && (s.f.FlagsFailure || r != prefixed) {
		t.Errorf("result %+v, want a failure", r)
	}
}

// oddHistory checks that what the wire would refuse is sent in a form that it
// takes: nothing is lost but emptiness.
func (s suite) oddHistory(t *testing.T) {
	foreign := agent.Block{Opaque: &agent.Opaque{Provider: "elsewhere", Model: "x", Data: json.RawMessage(`{"type":"thinking"}`)}}
	for _, c := range []struct {
		name   string
		prompt func() agent.Prompt
		want   string // in the body
	}{
		{"empty text", func() agent.Prompt {
			p := then(say("One."), agent.Assistant, agent.Block{}, agent.Block{Text: "Two."}, agent.Block{Text: ""})
			return then(p, agent.User, agent.Block{Text: "Three."})
		}, "Three."},
		{"white space", func() agent.Prompt {
			p := then(say("One."), agent.Assistant, agent.Block{Text: " \n"}, called("call_a", "get", `{}`))
			return then(p, agent.User, result("call_a", "get", " \n", false))
		}, "call_a"},
		{"empty message", func() agent.Prompt {
			return then(then(say("One."), agent.Assistant), agent.User, agent.Block{Text: "Two."})
		}, "Two."},
		{"foreign thinking alone", func() agent.Prompt {
			return then(then(say("One."), agent.Assistant, foreign), agent.User, agent.Block{Text: "Two."})
		}, "Two."},
		{"empty section", func() agent.Prompt {
			p := say("One.")
			p.System = []string{"", "Be brief.", ""}
			return p
		}, "Be brief."},
		{"no system, no tools", func() agent.Prompt {
			p := say("One.")
			p.System, p.Tools = nil, nil
			return p
		}, "One."},
		{"empty results", func() agent.Prompt {
			p := then(say("One."), agent.Assistant, called("call_a", "get", `{}`), called("call_b", "get", `{}`))
			return then(p, agent.User, result("call_a", "get", "", false), result("call_b", "get", "", true))
		}, "call_b"},
		{"text before results", func() agent.Prompt {
			p := then(say("One."), agent.Assistant, called("call_a", "get", `{}`), agent.Block{Text: "Behind."})
			return then(p, agent.User, agent.Block{Text: "Before."}, result("call_a", "get", "found", false))
		}, "found"},
		{"no arguments", odds(``), "call_a"},
		{"null", odds(`null`), "call_a"},
		{"list", odds(`[1]`), "call_a"},
		{"string", odds(`"get odd"`), "get odd"},
		{"no JSON", odds(`{"path": odd`), "odd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, server := s.start(t, Say(spoken("Done.")))
			next(t, m, c.prompt())
			if r := taken(t, server); !strings.Contains(string(r.Body), c.want) {
				t.Errorf("%q is not in the request: %s", c.want, r.Body)
			}
		})
	}
}

// odds is a history with a call whose arguments are no object.
func odds(args string) func() agent.Prompt {
	return func() agent.Prompt {
		p := then(say("One."), agent.Assistant, called("call_a", "get", args))
		return then(p, agent.User, result("call_a", "get", "arguments: not valid", true))
	}
}

// thoughts are signed blocks as the dialect has them.
func (s suite) thoughts() []agent.Block {
	all := []string{`{"type":"thinking","thinking":"Let me <see> ü.\n","signature":"c2lnbmVk/+=="}`, `{"type":"redacted_thinking","data":"ZGFya/+=="}`}
	if s.d == OpenAI {
		all = []string{`{"reasoning_content":"Let me <see> ü.\n"}`}
	}
	var blocks []agent.Block
	for _, data := range all {
		blocks = append(blocks, agent.Block{Opaque: &agent.Opaque{Data: json.RawMessage(data)}})
	}
	return blocks
}

// thinking checks that signed thinking goes back as it came, to its model only.
func (s suite) thinking(t *testing.T) {
	thoughts := s.thoughts()
	if !s.f.Opaque {
		thoughts = thoughts[:1] // nobody asks such a library to think, still less in secret
	}
	first := agent.Reply{
		Blocks: append(thoughts, agent.Block{Text: "I look."}, called("call_a", "get", `{}`)),
		Stop:   agent.StopCalls,
	}
	m, server := s.start(t, Say(first), Say(spoken("Done.")), Say(spoken("Done.")))
	p := say("Think.")
	var shown strings.Builder
	p.Stream = func(text string) { shown.WriteString(text) }
	reply := next(t, m, p)
	if strings.Contains(shown.String(), "Let me") {
		t.Errorf("thinking is shown: %q", shown.String())
	}
	if !s.f.Opaque {
		return // it may come, but is promised by nobody
	}
	p = then(then(p, agent.Assistant, reply.Blocks...), agent.User, result("call_a", "get", "found", false))
	next(t, m, p)
	if n := opaques(taken(t, server).Prompt); n != len(thoughts) {
		t.Errorf("%d blocks of thinking came back, want %d", n, len(thoughts))
	}
	for i, b := range reply.Blocks {
		if b.Opaque != nil {
			o := *b.Opaque
			o.Model = "another-model"
			p.Messages[1].Blocks[i].Opaque = &o
		}
	}
	next(t, m, p)
	if n := opaques(taken(t, server).Prompt); n != 0 {
		t.Errorf("%d blocks of another model's thinking were sent", n)
	}
}

func opaques(p agent.Prompt) (n int) {
	for _, m := range p.Messages {
		for _, b := range m.Blocks {
			if b.Opaque != nil {
				n++
			}
		}
	}
	return n
}

// foreign checks that another provider's thinking is left out.
func (s suite) foreign(t *testing.T) {
	m, server := s.start(t, Say(spoken("Done.")))
	var blocks []agent.Block
	for _, b := range s.thoughts() {
		b.Opaque.Provider, b.Opaque.Model = "elsewhere", server.Name()
		blocks = append(blocks, b)
	}
	blocks = append(blocks, agent.Block{Text: "I look."}, called("call_a", "get", `{}`))
	p := then(then(say("Think."), agent.Assistant, blocks...), agent.User, result("call_a", "get", "found", false))
	next(t, m, p)
	if body := string(taken(t, server).Body); strings.Contains(body, "Let me") || strings.Contains(body, "ZGFya") {
		t.Errorf("another provider's thinking was sent: %s", body)
	}
}

// usage checks that tokens are counted once, the cached ones apart.
func (s suite) usage(t *testing.T) {
	given := agent.Usage{Input: 10, Output: 20, CacheRead: 300, CacheWrite: 4000}
	if s.d == OpenAI {
		given = agent.Usage{Input: 10, Output: 20, CacheRead: 300} // the wire tells no more
	}
	server := NewServer(t, brain(func(agent.Prompt) (agent.Reply, error) { return spoken("Yes."), nil }))
	server.Plan(Say(agent.Reply{Blocks: []agent.Block{{Text: "Yes."}}, Stop: agent.StopEnd, Usage: given}))
	m := s.build(t, server.URL(s.d), server.Key(), server.Name())
	p := say("Hi?")
	p.System = []string{strings.Repeat("A long rule that stays. ", 400)}
	var sum agent.Usage
	var last agent.Usage
	for i := range 3 {
		last = next(t, m, p).Usage
		if i == 0 && s.f.Cache && last != given {
			t.Errorf("usage %+v, want %+v", last, given)
		}
		if last.Output == 0 || last.Input+last.CacheRead+last.CacheWrite == 0 {
			t.Errorf("usage %+v lacks input or output", last)
		}
		sum = sum.Plus(last)
	}
	if !s.f.Cache {
		return
	}
	if want := server.Usage(); sum != want {
		t.Errorf("usage in all %+v, want %+v", sum, want)
	}
	if last.CacheRead < 1000 {
		t.Errorf("usage %+v: the cache does not serve the rule that stays", last)
	}
}

// brain is a function as a model.
type brain func(p agent.Prompt) (agent.Reply, error)

func (b brain) Next(_ context.Context, p agent.Prompt) (agent.Reply, error) { return b(p) }
