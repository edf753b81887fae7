package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/rbac"
)

// rows is the outbox of a store in memory.
type rows struct {
	*agenttest.Memory
	refs map[string]bot.Ref
}

func (r *rows) Pending(_ context.Context, org string, _ int) (all []bot.Row, err error) {
	shown, err := r.Outbox(org)
	seen := map[agent.Thread]bool{}
	for _, s := range shown {
		if !seen[s.Thread] {
			seen[s.Thread] = true
			all = append(all, bot.Row{ID: s.Event.ID, Thread: s.Thread, Event: s.Event})
		}
	}
	return all, err
}

func (r *rows) Sent(_ context.Context, org, row, key string, ref bot.Ref) error {
	r.Settle(org, row, ref.Thread)
	if key != "" {
		r.refs[org+key] = ref
	}
	return nil
}

func (r *rows) Later(context.Context, string, string, time.Time, string) error { return nil }

func (r *rows) Dropped(_ context.Context, org, row, _ string) error {
	r.Settle(org, row, agent.Thread{})
	return nil
}

// Copy has nothing shown elsewhere: there is one room.
func (*rows) Copy(context.Context, string, string, []string) error { return nil }

func (r *rows) Ref(_ context.Context, org, key string) (bot.Ref, bool, error) {
	ref, ok := r.refs[org+key]
	return ref, ok, nil
}

// chat is a platform that keeps what it is shown and can be down.
type chat struct {
	posts, edits []bot.Card
	down         int // so many posts fail
}

func (c *chat) Post(_ context.Context, _ string, t agent.Thread, k bot.Card) (bot.Ref, error) {
	if c.down > 0 {
		c.down--
		return bot.Ref{}, errors.New("chat down")
	}
	c.posts = append(c.posts, k)
	return bot.Ref{Thread: t, MessageID: k.Marker}, nil
}

func (c *chat) Edit(_ context.Context, _ string, _ bot.Ref, k bot.Card) error {
	c.edits = append(c.edits, k)
	return nil
}

func (c *chat) Find(_ context.Context, _ string, t agent.Thread, marker string) (bot.Ref, bool, error) {
	for _, p := range c.posts {
		if p.Marker == marker {
			return bot.Ref{Thread: t, MessageID: marker}, true, nil
		}
	}
	return bot.Ref{}, false, nil
}

// tool does whatever a test sets.
type tool struct {
	name, schema string
	says         string // its result, when it is not "NAME done"
	result       *agent.Plan
	effect       rbac.Effect
	lost         agent.Lost
	label        rbac.Label
	plan         string
	serial       int64
	commit       string
	ask          *agent.Question
	mu           sync.Mutex // two of a step may run side by side
	ran, probed  int
	hang         bool // until its context ends
	side         chan struct{}
}

func (t *tool) Spec() agent.ToolSpec {
	s := t.schema
	if s == "" {
		s = `{"type":"object"}`
	}
	return agent.ToolSpec{Name: t.name, Lost: t.lost, Schema: json.RawMessage(s), Asks: t.ask != nil}
}

func (t *tool) Action(context.Context, string, json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: t.name, Effect: t.effect, Stack: "web", Environment: "prod"}, nil
}

func (t *tool) Bind(context.Context, string, json.RawMessage) (agent.Bound, error) {
	return agent.Bound{Artifact: t.plan, Serial: t.serial, Commit: t.commit, Summary: "1 to change", Plan: t.result}, nil
}

func (t *tool) Run(ctx context.Context, _ agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	if t.side != nil { // both of a step must be here at once
		select {
		case t.side <- struct{}{}:
		case <-t.side:
		case <-ctx.Done():
			return agent.ToolResult{}, ctx.Err()
		}
		return agent.ToolResult{Text: t.name + " " + string(c.Args), Label: t.label}, nil
	}
	t.mu.Lock()
	t.ran++
	t.mu.Unlock()
	if t.hang {
		<-ctx.Done()
		return agent.ToolResult{}, ctx.Err()
	}
	res := agent.ToolResult{Text: t.name + " done", Label: t.label, Question: t.ask}
	res.Plan = t.result
	if t.says != "" {
		res.Text = t.says
	}
	if t.effect == rbac.Change {
		res.Applied = "applied"
	}
	if t.name == "look" {
		res.Scan = &agent.ScanNews{Stack: "web", New: []agent.Finding{{Stack: "web", Fingerprint: "same"}}}
	}
	return res, nil
}

func (t *tool) Probe(context.Context, agent.Env, agent.ToolCall) (agent.ToolResult, error) {
	t.probed++
	return agent.ToolResult{Text: "probed"}, nil
}
