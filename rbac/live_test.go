package rbac

import (
	"context"
	"sync"
	"testing"
)

func TestEmptyLive(t *testing.T) {
	t.Parallel()
	live := &Live{}
	e := &Enforcer{live}
	deny := func(when string) {
		t.Helper()
		if d := e.Decide(t.Context(), ask("ad", "gated", Read)); d.Outcome != Deny {
			t.Errorf("%s: %+v", when, d)
		}
		if d := e.May(t.Context(), someone("ad"), Approve, ask("op", "gated", Change)); d.Outcome != Deny {
			t.Errorf("%s: %+v", when, d)
		}
		if a := live.Snapshot("acme").Resolve(someone("ad")); when != "another Org" && a != someone("ad") {
			t.Errorf("%s: %+v", when, a)
		}
	}
	deny("before the first")
	live.Swap(policy(t, acme()))
	if d := e.Decide(t.Context(), ask("ad", "gated", Read)); d.Outcome != Allow {
		t.Errorf("%+v", d)
	}
	if d := e.Decide(t.Context(), Request{Org: "other", Actor: Actor{Org: "other"}}); d.Outcome != Deny {
		t.Errorf("another Org: %+v", d)
	}
}

// While snapshots are swapped, each decision is of one of them and no other.
func TestSwapWhileDeciding(t *testing.T) {
	t.Parallel()
	live := &Live{}
	e := &Enforcer{live}
	narrow := acme()
	narrow.People["op"] = Person{Name: "Op", Roles: []string{"viewer"}, Chat: narrow.People["op"].Chat}
	both := []*Snapshot{policy(t, acme()), policy(t, narrow)}
	live.Swap(both[0])
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			live.Swap(both[i%2])
		}
	})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range 300 {
				id, effect := []string{"op", "stranger", "ad"}[i%3], []Effect{Read, Change}[i%2]
				d := e.Decide(ctx, ask(id, "gated", effect))
				if id == "stranger" && d.Outcome != Deny || id == "ad" && d.Outcome == Deny || id == "op" && effect == Read && d.Outcome != Allow {
					t.Errorf("%s %s: %+v", id, effect, d)
				}
			}
		})
	}
	readers.Wait()
	cancel()
	wg.Wait()
}
