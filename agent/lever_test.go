package agent_test

import (
	"context"
	"encoding/json"
	"fmt"

	"interlock/agent"
	"interlock/rbac"
)

// judge is a gate of its own: so many approvers who have the right now, never the
// one who asked.
type judge struct {
	need  int
	right func(id string) bool
	twice bool // control: a person counts as often as they speak
}

func (j judge) Decide(_ context.Context, r rbac.Request) rbac.Decision {
	if r.Action.Effect == rbac.Read {
		return rbac.Decision{Outcome: rbac.Allow}
	}
	return rbac.Decision{Outcome: rbac.Ask, Approvals: j.need, Needs: []rbac.Need{{Count: j.need}}}
}

func (j judge) May(_ context.Context, who rbac.Actor, v rbac.Verb, r rbac.Request) rbac.Decision {
	if v == rbac.Approve && who.ID != r.Actor.ID && j.right(who.ID) {
		return rbac.Decision{Outcome: rbac.Allow}
	}
	return rbac.Decision{Reasons: []string{"no"}}
}

func (j judge) Missing(ctx context.Context, r rbac.Request, approvers []rbac.Actor) []rbac.Need {
	seen := map[string]bool{}
	for i, a := range approvers {
		if j.May(ctx, a, rbac.Approve, r).Outcome == rbac.Allow {
			seen[a.ID] = true
			if j.twice {
				seen[a.ID+fmt.Sprint(i)] = true
			}
		}
	}
	if n := j.need - len(seen); n > 0 {
		return []rbac.Need{{Count: n}}
	}
	return nil
}

// lever is the one tool.
type lever struct {
	at    func() *moment
	pull  func(c agent.ToolCall) error // it runs
	loose bool                         // control: says that nothing moved
}

func (lever) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: "lever", Schema: json.RawMessage(`{"type":"object"}`), Lost: agent.Probeable}
}

func (lever) Action(context.Context, string, json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: "lever", Stack: "web", Effect: rbac.Change}, nil
}

func (l lever) Bind(context.Context, string, json.RawMessage) (agent.Bound, error) {
	if l.loose {
		return agent.Bound{Artifact: "p1"}, nil
	}
	return agent.Bound{Artifact: l.at().plan}, nil
}

func (l lever) Probe(context.Context, agent.Env, agent.ToolCall) (agent.ToolResult, error) {
	return agent.ToolResult{Text: "looked"}, nil
}

func (l lever) Run(_ context.Context, _ agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	return agent.ToolResult{Text: "pulled"}, l.pull(c)
}

// caller is a model that pulls the lever once a turn.
type caller struct{ m *moment }

func (c caller) Next(context.Context, agent.Prompt) (agent.Reply, error) {
	turn := c.m.events[len(c.m.events)-1].Turn
	for _, ev := range c.m.events {
		if ev.Turn == turn && ev.Kind == agent.KindStep {
			return agent.Reply{Blocks: []agent.Block{{Text: "done"}}, Stop: agent.StopEnd}, nil
		}
	}
	return agent.Reply{Blocks: []agent.Block{{Call: &agent.ToolCall{ID: "1", Tool: "lever", Args: json.RawMessage("{}")}}}, Stop: agent.StopCalls}, nil
}
