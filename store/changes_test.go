package store_test

import (
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
	"interlock/store"
)

// Each live change that begins is counted for its stack, in the write that records it.
func TestChangesAreCounted(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s, err := db.Open(t.Context(), agenttest.Org, agenttest.Thread("1"))
		if err != nil {
			t.Fatal(err)
		}
		begin := func(k agent.Kind, act rbac.Action) {
			t.Helper()
			ev := agent.Event{Schema: agent.Schema, ID: string(k) + act.Stack + act.Effect.String(), Org: s.Org, Session: s.ID, Kind: k, Payload: agent.Payload{Act: &act}}
			if err := db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{ev}}); err != nil {
				t.Fatal(err)
			}
		}
		begin(agent.KindStarted, rbac.Action{Stack: "web", Effect: rbac.Read})
		begin(agent.KindStarted, rbac.Action{Stack: "web", Effect: rbac.Change})
		begin(agent.KindStarted, rbac.Action{Stack: "web", Effect: rbac.Destroy})
		begin(agent.KindStarted, rbac.Action{Stack: "db", Effect: rbac.Change})
		begin(agent.KindAnswer, rbac.Action{Stack: "db", Effect: rbac.Change}) // what was denied on the way
		for stack, want := range map[string]int64{"web": 2, "db": 1, "none": 0} {
			if n, err := db.Changes(t.Context(), s.Org, stack); err != nil || n != want {
				t.Errorf("%s: %d changes, %v", stack, n, err)
			}
		}
		if n, err := db.Changes(t.Context(), agenttest.Rival, "web"); err != nil || n != 0 {
			t.Errorf("another Org counts %d, %v", n, err)
		}
	})
}
