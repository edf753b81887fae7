package main

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/rbac"
)

const org = "acme"

var thread = agent.Thread{Platform: "chat", Channel: "C", ID: "1"}

func person(id string) rbac.Actor { return rbac.Actor{Org: org, Platform: "chat", ID: id, Name: id} }

// world is the product on a store in memory, a chat and tools of the test's own.
type world struct {
	*testing.T
	*agenttest.Memory
	chat   *chat
	rules  rules
	tools  map[string]*tool
	runner *agent.Runner
	in     *bot.Inbox
	out    *bot.Outbox
	budget agent.Budget
	clicks int

	spending agent.Spending
}

// play runs one story in fake time. Steps name the tools that the model calls.
func play(t *testing.T, story func(w *world), steps ...string) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { story(newWorld(t, steps)) })
}

func newWorld(t *testing.T, steps []string) *world {
	ours := rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal}
	w := &world{
		T: t, Memory: &agenttest.Memory{}, chat: &chat{}, rules: allowed(),
		budget: agent.Budget{Steps: 5, Calls: 5, Tokens: 1000, Plans: 5, Cost: agent.Unit, Wall: time.Hour},
		tools: map[string]*tool{
			"apply":   {name: "apply", effect: rbac.Change, plan: "p1", label: ours},
			"destroy": {name: "destroy", effect: rbac.Destroy, label: ours},
			"push":    {name: "push", effect: rbac.Propose, label: ours},
			"look":    {name: "look", effect: rbac.Read, label: ours, lost: agent.Rerun},
			"fetch":   {name: "fetch", effect: rbac.Read, label: rbac.Label{Origins: []string{"issue 7"}}},
			"strict": {
				name: "strict", effect: rbac.Read, label: ours, lost: agent.Rerun,
				schema: `{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}`,
			},
			"person": {
				name: "person", effect: rbac.Read, label: ours, lost: agent.Rerun,
				ask: &agent.Question{Text: "Which?", Choices: []string{"a", "b"}, Otherwise: "nothing is done", Wait: time.Hour},
			},
		},
	}
	var all []agent.Tool
	for _, tl := range w.tools {
		all = append(all, tl)
	}
	set, err := agent.NewToolset(all...)
	if err != nil {
		t.Fatal(err)
	}
	control := &agent.Control{
		Store: w, Gate: &rbac.Enforcer{Source: w.rules}, Tools: set,
		Keys: map[string][]byte{org: []byte("k")}, Live: &agent.Live{},
	}
	w.runner = &agent.Runner{
		Control: control, Model: &plays{steps: script(steps), log: w.log}, Artifacts: w, Bills: w,
		Patience: func(string) agent.Patience { return agent.Patience{Expiry: time.Hour} },
		Spending: func(string) agent.Spending { return w.spending },
		Profile: func(string, string) agent.Profile {
			return agent.Profile{Name: "default", Tools: rbac.ToolList{Allow: []string{"*"}}, Budget: w.budget}
		},
	}
	w.in = &bot.Inbox{Queue: w, Control: control, Room: func(context.Context, string, string) bot.Room { return bot.Room{Tier: rbac.Gated} }}
	w.out = &bot.Outbox{Rows: &rows{Memory: w.Memory, refs: map[string]bot.Ref{}}, Platforms: map[string]bot.Platform{"chat": w.chat}}
	return w
}

// plays is a model that plays its steps in order, counted in the log. It keeps
// the prompts that it got.
type plays struct {
	steps   []agent.Reply
	log     func() []agent.Event
	prompts []agent.Prompt
}

func (m *plays) Next(_ context.Context, p agent.Prompt) (agent.Reply, error) {
	m.prompts = append(m.prompts, p)
	n, log := 0, m.log()
	for _, ev := range log {
		ask := (&agent.Session{Events: log}).Asked(ev.Turn)
		if (ev.Kind == agent.KindStep || ev.Kind == agent.KindAnswer) && ask != nil && len(ask.Payload.Ask.Calls) == 0 {
			n++
		}
	}
	if n >= len(m.steps) {
		return agent.Reply{Blocks: []agent.Block{{Text: "that is not in my script"}}, Stop: agent.StopEnd}, nil
	}
	return m.steps[n], nil
}

// script turns "apply look" into one step of two calls, "=done" into an answer.
// Every call has the same model's id, because models do that.
func script(lines []string) (steps []agent.Reply) {
	for _, l := range lines {
		r := agent.Reply{Stop: agent.StopCalls, Model: "plays", Usage: agent.Usage{Input: 10, Output: 2}}
		if text, ok := strings.CutPrefix(l, "="); ok {
			r.Stop, r.Blocks = agent.StopEnd, []agent.Block{{Text: text}}
		} else {
			for n := range strings.FieldsSeq(l) {
				name, args, _ := strings.Cut(n, ":")
				r.Blocks = append(r.Blocks, agent.Block{Call: &agent.ToolCall{ID: "call_0", Tool: name, Args: json.RawMessage(args)}})
			}
		}
		steps = append(steps, r)
	}
	return steps
}

// work runs every job that is due; one that fails comes back once the store is up.
func (w *world) work() error {
	for {
		c, ok := w.Next()
		if !ok {
			return nil
		}
		if err := w.runner.Run(w.Context(), c); err != nil {
			w.Return(c)
			return err
		}
	}
}

func (w *world) mustWork() {
	w.Helper()
	if err := w.work(); err != nil {
		w.Fatal(err)
	}
}

func (w *world) mention(id, who, text string) bot.Reply {
	w.Helper()
	r, err := w.in.Mention(w.Context(), bot.Mention{ID: id, Org: org, Thread: thread, Actor: person(who), Text: text})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) ask(who string) {
	w.Helper()
	w.clicks++
	w.mention("m"+strconv.Itoa(w.clicks), who, "please do it")
	w.mustWork()
}

// press clicks on the newest card of the kind and returns what only the clicker
// sees when the press had no effect.
func (w *world) press(who, verb string) string { w.Helper(); return w.pressOn(w.held(), who, verb) }

func (w *world) pressOn(h agent.Hold, who, verb string) string {
	w.Helper()
	w.clicks++
	id := "c" + strconv.Itoa(w.clicks)
	var r bot.Reply
	var err error
	if h.Question != nil {
		r, err = w.in.Answer(w.Context(), bot.Answer{ID: id, Org: org, Thread: thread, Actor: person(who), Question: h.ID, Text: verb})
	} else {
		r, err = w.in.Click(w.Context(), bot.Click{
			ID: id, Org: org, Thread: thread, Actor: person(who), Verb: verb,
			Value: h.ID + "." + h.Approval.PlanCode(), Reason: typed(h, verb),
		})
	}
	if err != nil {
		w.Fatal(err)
	}
	why, _ := strings.CutPrefix(r.Private, "Refused: ")
	if why == r.Private {
		return ""
	}
	return why
}

// typed is what a person types before the press.
func typed(h agent.Hold, verb string) string {
	if verb == "deny" {
		return "no"
	}
	return h.Confirm()
}

func (w *world) log() []agent.Event {
	s, err := w.Open(w.Context(), org, thread)
	if err != nil {
		w.Fatal(err)
	}
	return s.Events
}

// held is the newest card.
func (w *world) held() (h agent.Hold) {
	w.Helper()
	for _, ev := range w.log() {
		if ev.Kind == agent.KindApproval || ev.Kind == agent.KindQuestion {
			h = *ev.Payload.Hold
		}
	}
	if h.ID == "" {
		w.Fatal("no card")
	}
	h, err := w.Held(w.Context(), org, h.ID)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

func (w *world) ran(name string, want int) {
	w.Helper()
	if got := w.tools[name].ran; got != want {
		w.Fatalf("%s ran %d times, want %d", name, got, want)
	}
}

func (w *world) refused(why, want string) {
	w.Helper()
	if !strings.Contains(why, want) || why == "" {
		w.Fatalf("refusal %q, want %q", why, want)
	}
}

// count of the log's events of a kind that contain the text.
func (w *world) count(k agent.Kind, text string) (n int) {
	for _, ev := range w.log() {
		body := ev.Payload.Text
		if ev.Payload.Result != nil {
			body += ev.Payload.Result.Text
		}
		if ev.Kind == k && strings.Contains(body, text) {
			n++
		}
	}
	return n
}

func (w *world) logged(k agent.Kind, text string, want int) {
	w.Helper()
	if n := w.count(k, text); n != want {
		w.Fatalf("%d events %s with %q, want %d", n, k, text, want)
	}
}

// rules is a policy: who may do what, as "verb who tool"; what is absent is silence.
type rules map[string]bool

func (r rules) Policy(context.Context, string) (rbac.Policy, error) { return r, nil }

func (rules) Ceilings(context.Context, rbac.Request) ([]rbac.Ceiling, error) {
	return []rbac.Ceiling{{Tier: rbac.Gated, Of: "environment prod"}}, nil
}

func (r rules) Rule(_ context.Context, who rbac.Actor, v rbac.Verb, q rbac.Request) (rbac.Decision, error) {
	if r[string(v)+" "+who.ID+" "+q.Action.Tool] || r[string(v)+" "+who.ID+" *"] {
		return rbac.Decision{Outcome: rbac.Allow}, nil
	}
	return rbac.Decision{}, nil
}

func (rules) Whom(context.Context, rbac.Verb, rbac.Request) []string { return []string{"dora"} }

func allowed() rules {
	return maps.Clone(rules{
		"do alice *": true, "do carol ask": true, "do carol answer": true, "do bob stop": true, "do nightly look": true,
		"do carol look":   true,
		"approve alice *": true, "approve bob *": true, "approve carol *": true, "approve dan *": true,
	})
}
