// Package schedulertest holds the suite that every scheduler.Claims must pass.
// It must never know SQL.
package schedulertest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/scheduler"
)

// Claims is what the suite drives: claims, and the queue that they fill.
type Claims interface {
	scheduler.Claims
	agent.Jobs
}

// TestClaims is what every scheduler.Claims must do. Open gives an empty one
// that knows agenttest.Org and agenttest.Rival.
func TestClaims(t *testing.T, open func(t *testing.T) Claims) {
	for name, test := range map[string]func(t *testing.T, c Claims){
		"a due time has one winner": oneWinner,
		"the newest is remembered":  newest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func at(hour int) time.Time { return time.Date(2026, 3, 29, hour, 30, 0, 0, time.UTC) }

func scan(org string, due time.Time) agent.Job {
	j := agenttest.Asked(org, "scan "+due.String(), agenttest.Thread("~scan/web"))
	j.Text, j.Scan = "", &agent.Scan{Schedule: "nightly", Stack: "web"}
	return j
}

func oneWinner(t *testing.T, c Claims) {
	const replicas = 8
	var won atomic.Int32
	var all sync.WaitGroup
	for range replicas {
		all.Go(func() {
			ok, err := c.Claim(t.Context(), agenttest.Org, "nightly", at(1), scan(agenttest.Org, at(1)))
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d replicas won, want 1", won.Load())
	}
	for _, other := range []struct {
		org, schedule string
		due           time.Time
	}{{agenttest.Rival, "nightly", at(1)}, {agenttest.Org, "hourly", at(1)}, {agenttest.Org, "nightly", at(2)}} {
		j := scan(other.org, other.due)
		j.ID += other.schedule
		if ok, err := c.Claim(t.Context(), other.org, other.schedule, other.due, j); err != nil || !ok {
			t.Errorf("%+v: won %v, %v", other, ok, err)
		}
	}
	jobs := make(chan agent.Claimed, 9)
	agenttest.Work(t, c, func(_ context.Context, j agent.Claimed) error {
		jobs <- j
		return nil
	})
	seen := map[string]bool{}
	for range 4 {
		j := agenttest.Await(t, jobs)
		seen[j.Org+j.ID] = true
	}
	if len(seen) != 4 {
		t.Errorf("the queue has %v, want 4 jobs", seen)
	}
}

func newest(t *testing.T, c Claims) {
	last, err := c.Last(t.Context(), agenttest.Org, "nightly")
	if err != nil || !last.IsZero() {
		t.Errorf("before the first claim: %v, %v", last, err)
	}
	for _, hour := range []int{1, 3, 2} {
		if _, err := c.Claim(t.Context(), agenttest.Org, "nightly", at(hour), scan(agenttest.Org, at(hour))); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []struct {
		org, schedule string
		want          time.Time
	}{{agenttest.Org, "nightly", at(3)}, {agenttest.Org, "hourly", time.Time{}}, {agenttest.Rival, "nightly", time.Time{}}} {
		if last, err := c.Last(t.Context(), q.org, q.schedule); err != nil || !last.Equal(q.want) {
			t.Errorf("%s %s: %v, want %v (%v)", q.org, q.schedule, last, q.want, err)
		}
	}
}
