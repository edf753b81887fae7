package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent/agenttest"
	"interlock/store"
)

// Of many who use the same thing at once, through two processes, one is the first; it
// stays used, for its own Org alone, and is forgotten when it works no more.
func TestSpend(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		a, b := open(t, o), open(t, o)
		soon := time.Now().Add(time.Minute)
		var firsts atomic.Int64
		var users sync.WaitGroup
		for i := range 20 {
			db := []*store.DB{a, b}[i%2]
			users.Go(func() {
				first, err := db.Spend(t.Context(), agenttest.Org, "link", soon)
				if err != nil {
					t.Error(err)
				}
				if first {
					firsts.Add(1)
				}
			})
		}
		users.Wait()
		if n := firsts.Load(); n != 1 {
			t.Errorf("%d were the first", n)
		}
		_, err := a.Spend(t.Context(), agenttest.Org, "old", time.Now().Add(-25*time.Hour))
		must(t, err)
		_, err = a.Purge(t.Context())
		must(t, err)
		for id, want := range map[string]bool{"link": true, "old": false, "other": false} {
			if got, err := b.Spent(t.Context(), agenttest.Org, id); err != nil || got != want {
				t.Errorf("%s is spent: %v, %v", id, got, err)
			}
		}
		if got, err := b.Spent(t.Context(), agenttest.Rival, "link"); err != nil || got {
			t.Errorf("another Org: %v, %v", got, err)
		}
		if _, err := b.Spend(t.Context(), "nobody", "link", soon); err == nil {
			t.Error("an Org that is not there spends")
		}
	})
}
