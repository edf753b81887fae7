package llm

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"interlock/agent"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	calls := func(tool, args string) do {
		return func(context.Context, agent.Prompt) (agent.Reply, error) {
			call := &agent.ToolCall{ID: "1", Tool: tool, Args: json.RawMessage(args)}
			return agent.Reply{Blocks: []agent.Block{{Text: "Well."}, {Call: call}}, Stop: agent.StopCalls}, nil
		}
	}
	cutOff := func(context.Context, agent.Prompt) (agent.Reply, error) {
		return agent.Reply{Stop: agent.StopLength}, nil
	}
	for _, r := range []struct {
		name string
		do   do
		want string // "" is good
	}{
		{"good", calls("echo", `{"text":"ok","count":2}`), ""},
		{"other values", calls("echo", ` {"count": 3, "text": ""} `), ""},
		{"talks", answers("ok 2"), "calls no tool: set model.name"},
		{"thinks", cutOff, "used 1000 tokens and called no tool"},
		{"another tool", calls("print", `{}`), `called a tool "print"`},
		{"cut", calls("echo", `{"text":"ok`), "its tool arguments are not JSON:"},
		{"nothing", calls("echo", ``), "its tool arguments are not JSON:"},
		{"two values", calls("echo", `{"text":"ok","count":2}{}`), "its tool arguments are not JSON:"},
		{"no object", calls("echo", `[1]`), "do not fit"},
		{"null", calls("echo", `null`), "do not fit"},
		{"a number in quotes", calls("echo", `{"text":"ok","count":"2"}`), "do not fit"},
		{"one missing", calls("echo", `{"text":"ok"}`), "do not fit"},
		{"one too many", calls("echo", `{"text":"ok","count":2,"more":1}`), "do not fit"},
	} {
		err := Probe(t.Context(), script(r.do))
		if (err == nil) != (r.want == "") || err != nil && !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %v, want %q", r.name, err, r.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %v", r.name, err)
		}
	}
}

func TestProbeAsksLittle(t *testing.T) {
	t.Parallel()
	m := script(func(_ context.Context, p agent.Prompt) (agent.Reply, error) {
		if p.Output != 1000 || len(p.Tools) != 1 || !json.Valid(p.Tools[0].Schema) || len(p.Messages) != 1 || p.Messages[0].Role != agent.User {
			t.Errorf("the prompt is %+v", p)
		}
		return agent.Reply{}, &agent.ModelError{Fault: agent.FaultKey}
	})
	var me *agent.ModelError
	if err := Probe(t.Context(), m); !errors.As(err, &me) || me.Fault != agent.FaultKey {
		t.Errorf("the model's own error became %v", err)
	}
}
