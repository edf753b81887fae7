package bot

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// world is an Inbox over a store in memory, judged by a real policy: payments-prod
// is spoken of in console:ops and slack:C-ops, web in slack:C-lab, secret nowhere
// that anybody knows.
type world struct {
	*testing.T
	*Inbox
	store              *agenttest.Memory
	snap               *rbac.Snapshot
	outsider, stranger rbac.Actor
	holds              []agent.Hold
	running            []agent.Job
	open               map[string][]agent.Finding
	known              map[string]agent.Drift // in place of open
	last               map[string]time.Time
	down               error
	n                  int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	person := func(name, id string, roles ...string) rbac.Person {
		return rbac.Person{Name: name, Roles: roles, Chat: []rbac.Actor{{Platform: "slack", Tenant: "T1", ID: "U-" + id}, {Platform: "console", ID: id}}}
	}
	olga := person("Olga", "olga", "admin")
	olga.Off = true
	snap, err := rbac.NewSnapshot("acme", rbac.OrgRules{
		People: map[string]rbac.Person{
			"alice": person("Alice", "alice", "operator"), "bob": person("Bob", "bob", "approver"), "carol": person("Carol", "carol", "approver"),
			"vic": person("Vic", "vic", "viewer"), "heidi": person("Heidi", "heidi", "admin"), "olga": olga,
		},
		Environments: map[string]rbac.Tier{"prod": rbac.Gated, "lab": rbac.Gated},
		Channels:     map[string]rbac.Channel{"console:ops": {Tier: rbac.Gated}, "slack:C-ops": {Tier: rbac.Gated}, "slack:C-lab": {Tier: rbac.Gated}},
		Stacks: map[string]rbac.Stack{
			"payments-prod": {Environment: "prod", Rooms: []string{"console:ops", "slack:C-ops"}},
			"web":           {Environment: "lab", Rooms: []string{"slack:C-lab"}},
			"secret":        {Environment: "prod"},
		},
		Profiles: map[string]rbac.Profile{"default": {Tier: rbac.Gated, Tools: rbac.ToolList{Allow: []string{"*"}}}},
		Lines:    []rbac.Line{{Subject: "person:vic", Object: "stack/web", Act: "read", Eft: "deny", Because: "not his"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	gate := &rbac.Enforcer{Source: snap}
	w := &world{
		T: t, store: &agenttest.Memory{}, snap: snap, open: map[string][]agent.Finding{}, last: map[string]time.Time{},
		outsider: rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U-gus", Name: "Gus", Outsider: "a guest"},
		stranger: rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U-new", Name: "Newcomer"},
	}
	w.Inbox = &Inbox{
		Queue: w.store, Records: w, Drifts: w, Alike: w.alike, Policy: gate, Control: &agent.Control{Store: w.store, Gate: gate, Keys: map[string][]byte{"acme": []byte("key")}},
		Room: func(_ context.Context, _, room string) Room { return Room{Tier: snap.Room(room), Profile: "default"} },
		Who:  func(_ context.Context, a rbac.Actor) rbac.Actor { return snap.Resolve(a) },
		Stacks: func(string) []Stack {
			return []Stack{{"payments-prod", "prod", []string{"console:ops", "slack:C-ops"}}, {"secret", "prod", nil}, {"web", "lab", []string{"slack:C-lab"}}}
		},
	}
	return w
}

// person is somebody by their identity in Slack.
func (*world) person(id string) rbac.Actor {
	return rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U-" + id, Name: id}
}

// hold opens a card of Alice's in a thread.
func (w *world) hold(id, stack string, t agent.Thread) agent.Hold {
	w.Helper()
	s, err := w.store.Open(w.Context(), "acme", t)
	if err != nil {
		w.Fatal(err)
	}
	h := approval()
	h.ID, h.Session, h.Thread, h.Opened, h.Expires = id, s.ID, t, time.Now(), time.Now().Add(time.Hour)
	h.Request.Actor, h.Request.Profile, h.Request.Channel, h.Request.Tier = w.snap.Resolve(w.person("alice")), "default", t.Room(), rbac.Gated
	h.Request.Action.Stack, h.Request.Action.Environment, h.Request.Label = stack, map[string]string{"web": "lab"}[stack], rbac.Clean()
	if h.Request.Action.Environment == "" {
		h.Request.Action.Environment = "prod"
	}
	if err := w.store.Append(w.Context(), "acme", agent.Batch{Hold: &h}); err != nil {
		w.Fatal(err)
	}
	w.holds = append(w.holds, h)
	return h
}

func (w *world) click(who rbac.Actor, t agent.Thread, verb string, h agent.Hold) Reply {
	w.Helper()
	w.n++
	r, err := w.Click(w.Context(), Click{
		ID: "c" + string(rune('a'+w.n)), Org: "acme", Thread: t, Actor: who, Verb: verb, Value: h.ID + "." + h.Approval.PlanCode(),
	})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) OpenHolds(context.Context, string) ([]agent.Hold, error) { return w.holds, w.down }

func (*world) HoldByCode(context.Context, string, string) ([]agent.Hold, error) {
	return nil, errors.New("nobody says a code here")
}

func (w *world) Running(context.Context, string) ([]agent.Job, error) { return w.running, nil }

func (*world) Resting(context.Context, string) ([]agent.Job, error) { return nil, nil }

func (w *world) Drift(_ context.Context, org, stack string) (agent.Drift, error) {
	if d, ok := w.known[stack]; ok {
		return d, nil
	}
	return agent.Drift{Org: org, Stack: stack, Findings: w.open[stack], Scanned: w.last[stack]}, nil
}

func (w *world) Drifts(context.Context, string) ([]agent.Drift, error) { return nil, nil }

func (w *world) alike(_ context.Context, _ string, d agent.Drift) (all []agent.Drift, err error) {
	for _, stack := range slices.Sorted(maps.Keys(w.known)) {
		if o := w.known[stack]; o.Thread == d.Thread {
			all = append(all, o)
		}
	}
	return all, nil
}
