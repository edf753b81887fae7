package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// hall is one thread in which people ask, press and stop, in fake time. What its tool
// does, what its model says and what its sandbox answers is the test's. Changes take one
// approval, and wait while their environment is frozen.
type hall struct {
	*testing.T
	agenttest.Memory
	does   func(c agent.ToolCall) (agent.ToolResult, error)
	effect rbac.Effect // of the tool
	says   func(n int) (agent.Reply, error)
	box    func(c agent.Command) (agent.Output, error)
	ladder [][]string
	moves  error           // of the look at what an approval stands on
	keeps  agent.Artifacts // nil is Memory
	deny   string          // whoever is called so may do nothing
	skew   time.Duration
	told   int // how often the model was asked
}

func inHall(t *testing.T, test func(w *hall)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		test(&hall{T: t, does: func(agent.ToolCall) (agent.ToolResult, error) { return agent.ToolResult{Text: "done"}, nil }})
	})
}

func (w *hall) Decide(ctx context.Context, r rbac.Request) rbac.Decision {
	switch {
	case r.Actor.ID == w.deny:
		return rbac.Decision{Reasons: []string{"no"}}
	case r.Action.Effect <= rbac.Execute:
		return rbac.Decision{Outcome: rbac.Allow}
	}
	d := rbac.Decision{Outcome: rbac.Ask, Approvals: 1, Needs: []rbac.Need{{Count: 1}}}
	all, err := w.Frozen(ctx, r.Org)
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range all {
		if f.Env == r.Action.Environment && f.Until.After(time.Now()) {
			d.Frozen = &f
		}
	}
	return d
}

func (*hall) May(context.Context, rbac.Actor, rbac.Verb, rbac.Request) rbac.Decision {
	return rbac.Decision{Outcome: rbac.Allow}
}

func (*hall) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need { return nil }

func (*hall) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: "tool", Lost: agent.Rerun, Schema: json.RawMessage(`{"type":"object"}`)}
}

func (w *hall) Action(context.Context, string, json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: "tool", Stack: "web", Environment: "prod", Effect: w.effect}, nil
}

func (w *hall) Bind(context.Context, string, json.RawMessage) (agent.Bound, error) {
	return agent.Bound{Artifact: "plan"}, w.moves
}

func (w *hall) Run(_ context.Context, _ agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	return w.does(c)
}

// mind is the model, and pit the sandbox, of a hall.
type (
	mind struct{ *hall }
	pit  struct{ *hall }
)

func (m mind) Next(context.Context, agent.Prompt) (agent.Reply, error) {
	m.told++
	return m.says(m.told)
}

func (p pit) Exec(_ context.Context, c agent.Command) (agent.Output, error) { return p.box(c) }

func (pit) Collect(context.Context, agent.Command) (agent.Output, error) {
	return agent.Output{}, agent.ErrNotFound
}

func (pit) Image(context.Context, string) (string, error) { return "", nil }

func (w *hall) runner() *agent.Runner {
	tools, err := agent.NewToolset(w)
	if err != nil {
		w.Fatal(err)
	}
	return &agent.Runner{
		Control: &agent.Control{
			Store: &w.Memory, Gate: w, Tools: tools, Keys: map[string][]byte{agenttest.Org: []byte("key")}, Freezes: &w.Memory,
			Environments: func(string) []string { return []string{"prod"} },
			Ladder:       func(context.Context, rbac.Request) [][]string { return w.ladder },
			Clock:        func() time.Time { return time.Now().Add(w.skew) },
		},
		Profile: func(string, string) agent.Profile {
			return agent.Profile{Budget: agent.Budget{Steps: 9, Calls: 9, Plans: 9, Wall: time.Hour, Tokens: 9, Cost: 9}}
		},
		Patience: func(string) agent.Patience { return agent.Patience{Expiry: time.Hour, Next: time.Minute} },
		Model:    mind{w}, Box: pit{w}, Artifacts: w.artifacts(),
	}
}

func (w *hall) artifacts() agent.Artifacts {
	if w.keeps != nil {
		return w.keeps
	}
	return &w.Memory
}

// work lets a worker work for so long.
func (w *hall) work(d time.Duration) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), d)
	defer cancel()
	if err := (&agent.Worker{Jobs: &w.Memory, Runner: w.runner()}).Run(ctx); err != nil {
		w.Fatal(err)
	}
}

// command asks for one call of the tool, without a model.
func (w *hall) command(id string) {
	w.Helper()
	j := agenttest.Asked(agenttest.Org, id, agenttest.Thread("1"))
	j.Calls = []agent.ToolCall{{Tool: "tool", Args: json.RawMessage("{}")}}
	w.add(j)
	w.work(time.Second)
}

func (w *hall) add(j agent.Job) {
	w.Helper()
	if err := w.Enqueue(w.Context(), j); err != nil {
		w.Fatal(err)
	}
}

// press is one of bob's on the newest card.
func (w *hall) press(p agent.Press) (refused string) {
	w.Helper()
	h := w.card()
	p.Org, p.Thread, p.By, p.Hold, p.Code = h.Org, h.Thread, agenttest.Person(h.Org, "bob"), h.ID, h.Approval.PlanCode()
	_, refused, err := w.runner().Settle(w.Context(), p)
	if err != nil {
		w.Fatal(err)
	}
	return refused
}

// card is the newest one, as it is now.
func (w *hall) card() agent.Hold {
	w.Helper()
	all := w.of(agent.KindApproval)
	if len(all) == 0 {
		w.Fatal("there is no card")
	}
	h, err := w.Held(w.Context(), agenttest.Org, all[len(all)-1].Payload.Hold.ID)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

// log is the session; of are its events of a kind.
func (w *hall) log() *agent.Session {
	w.Helper()
	s, err := w.Open(w.Context(), agenttest.Org, agenttest.Thread("1"))
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *hall) of(k agent.Kind) (all []agent.Event) {
	w.Helper()
	for _, ev := range w.log().Events {
		if ev.Kind == k {
			all = append(all, ev)
		}
	}
	return all
}

var errBroken = errors.New("the tool is broken")

func broken(agent.ToolCall) (agent.ToolResult, error) { return agent.ToolResult{}, errBroken }
