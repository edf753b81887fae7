package llmtest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"interlock/agent"
)

// text checks a plain answer, and that all of the question arrived.
func (s suite) text(t *testing.T) {
	u := agent.Usage{Input: 11, Output: 7}
	m, server := s.start(t, Say(agent.Reply{Blocks: []agent.Block{{Text: "Hello there."}}, Stop: agent.StopEnd, Usage: u}))
	p := say("Hi?")
	p.System = append(p.System, "Be brief.")
	p.Output = 77
	got := next(t, m, p)
	want := agent.Reply{Blocks: []agent.Block{{Text: "Hello there."}}, Stop: agent.StopEnd, Usage: u, Model: server.Name()}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("reply %+v, want %+v", got, want)
	}
	r := taken(t, server)
	if system := strings.Join(r.Prompt.System, "\n\n"); system != "You are a test.\n\nBe brief." {
		t.Errorf("system %q", system)
	}
	if r.Prompt.Output != 77 {
		t.Errorf("limit of output %d, want 77", r.Prompt.Output)
	}
	if !reflect.DeepEqual(r.Prompt.Messages, p.Messages) {
		t.Errorf("messages %+v, want %+v", r.Prompt.Messages, p.Messages)
	}
	if len(r.Prompt.Tools) != 2 {
		t.Fatalf("%d tools, want 2", len(r.Prompt.Tools))
	}
	for i, tool := range r.Prompt.Tools {
		if w := p.Tools[i]; tool.Name != w.Name || tool.Description != w.Description || !same(tool.Schema, w.Schema) {
			t.Errorf("tool %+v, want %+v", tool, w)
		}
	}
}

// same compares JSON by what it says.
func same(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// names checks that a prompt's model goes before the adapter's own.
func (s suite) names(t *testing.T) {
	server := NewServer(t, nil)
	server.Plan(Say(spoken("Yes.")))
	m := s.build(t, server.URL(s.d), server.Key(), "another-model")
	p := say("Hi?")
	p.Model = server.Name()
	if got := next(t, m, p); got.Model != server.Name() {
		t.Errorf("model %q, want %q: prices are listed under the name that was asked", got.Model, server.Name())
	}
}

// calls checks two parallel calls after a text.
func (s suite) calls(t *testing.T) {
	want := []agent.Block{
		{Text: "I look first."},
		called("call_a", "get", `{"path": "a b/ü.tf","n":[1,2.50]}`),
		called("call_b", "put", `{"b":2,  "a":1.0, "text":"<&>\u0041"}`),
	}
	m, server := s.start(t, Say(agent.Reply{Blocks: want, Stop: agent.StopCalls, Usage: agent.Usage{Input: 1, Output: 2}}))
	got := next(t, m, say("Do both."))
	taken(t, server)
	if got.Stop != agent.StopCalls {
		t.Errorf("stop %v, want %v", got.Stop, agent.StopCalls)
	}
	if got.Text() != "I look first." {
		t.Errorf("text %q", got.Text())
	}
	s.compare(t, got.Calls(), agent.Reply{Blocks: want}.Calls())
}

// compare checks calls: their arguments byte for byte if the adapter can.
func (s suite) compare(t *testing.T, got, want []agent.ToolCall) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d calls, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		equal := string(g.Args) == string(w.Args) || !s.f.Exact && same(g.Args, w.Args)
		if g.ID != w.ID || g.Tool != w.Tool || !equal {
			t.Errorf("call %s %s %s, want %s %s %s", g.ID, g.Tool, g.Args, w.ID, w.Tool, w.Args)
		}
	}
}

// arguments checks those that are empty, or no JSON, of calls behind a text.
func (s suite) arguments(t *testing.T) {
	all := []string{"", "{}"}
	if s.f.Exact {
		all = append(all, `{"a": [1,`, `get("x")`, `"text"`, `{"a":1}{"b":2}`)
	}
	for _, args := range all {
		calls := []agent.Block{{Text: "I try."}, called("call_a", "get", args), called("call_b", "put", args)}
		m, _ := s.start(t, Say(agent.Reply{Blocks: calls, Stop: agent.StopCalls}))
		want := args
		if want == "" {
			want = "{}"
		}
		s.compare(t, next(t, m, say("Go.")).Calls(), []agent.ToolCall{
			{ID: "call_a", Tool: "get", Args: []byte(want)}, {ID: "call_b", Tool: "put", Args: []byte(want)},
		})
	}
}

// empty checks that saying nothing is a legal end.
func (s suite) empty(t *testing.T) {
	m, _ := s.start(t, Say(agent.Reply{Stop: agent.StopEnd, Usage: agent.Usage{Input: 3, Output: 1}}))
	got := next(t, m, say("Say nothing."))
	if len(got.Blocks) != 0 || got.Stop != agent.StopEnd {
		t.Errorf("reply %+v, want no blocks and StopEnd", got)
	}
	if got.Usage != (agent.Usage{Input: 3, Output: 1}) {
		t.Errorf("usage %+v", got.Usage)
	}
}

// length checks that reaching the limit is a reply.
func (s suite) length(t *testing.T) {
	cut := called("call_a", "put", `{"text":"and so o`)
	m, _ := s.start(
		t,
		Say(agent.Reply{Blocks: []agent.Block{{Text: "And so o"}}, Stop: agent.StopLength}),
		Say(agent.Reply{Blocks: []agent.Block{{Text: "I write."}, cut}, Stop: agent.StopLength}),
	)
	for _, want := range []string{"And so o", "I write."} {
		if got := next(t, m, say("Tell.")); got.Stop != agent.StopLength || got.Text() != want {
			t.Errorf("reply %+v, want StopLength and %q", got, want)
		}
	}
}

// odd is text that a careless codec changes.
const odd = "a\x00b\x1b[31m \u2028 \u202eé e\u0301 \U0001f600\U0001f469\u200d\U0001f52c <&> \"\\u0041\" \r\n\tdata: [DONE]\n\nevent: x\n: y"

// characters checks text in both directions.
func (s suite) characters(t *testing.T) {
	args, err := json.Marshal(map[string]string{"path": odd})
	if err != nil {
		t.Fatal(err)
	}
	m, server := s.start(t, Say(agent.Reply{Blocks: []agent.Block{{Text: odd}, called("call_b", "get", string(args))}, Stop: agent.StopCalls}))
	p := then(say(odd), agent.Assistant, agent.Block{Text: odd}, called("call_a", "get", string(args)))
	p = then(p, agent.User, result("call_a", "get", odd, false))
	got := next(t, m, p)
	if got.Text() != odd {
		t.Errorf("text %q, want %q", got.Text(), odd)
	}
	s.compare(t, got.Calls(), []agent.ToolCall{{ID: "call_b", Tool: "get", Args: args}})
	r := taken(t, server)
	texts, calls, results := told(r.Prompt)
	if texts["user"+odd] != 1 || texts["assistant"+odd] != 1 {
		t.Errorf("texts %v", texts)
	}
	if len(calls) != 1 || !same(calls["call_a"].Args, args) {
		t.Errorf("calls %+v", calls)
	}
	if results["call_a"].Text != odd {
		t.Errorf("result %q, want %q", results["call_a"].Text, odd)
	}
}

// long checks single lines of 200 KB.
func (s suite) long(t *testing.T) {
	const size = 200 << 10
	args := `{"text":"` + strings.Repeat("é", 4*size/2) + `"}`
	m, _ := s.start(t, Long(size), Say(agent.Reply{Blocks: []agent.Block{called("call_a", "put", args)}, Stop: agent.StopCalls}))
	if got := next(t, m, say("Tell.")).Text(); got != strings.Repeat("x", size) {
		t.Errorf("text of %d bytes, want %d", len(got), size)
	}
	s.compare(t, next(t, m, say("Write.")).Calls(), []agent.ToolCall{{ID: "call_a", Tool: "put", Args: []byte(args)}})
}
