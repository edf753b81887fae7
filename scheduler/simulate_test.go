package scheduler_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"interlock/agent"
	"interlock/scheduler"
	"interlock/scheduler/schedulertest"
)

var days = flag.Int("days", 1000, "how many days are simulated")

// Goal: of two schedulers that die and whose clocks jump, none misses a due time and none
// doubles one.
func TestTwoSchedulersThroughYears(t *testing.T) {
	t.Parallel()
	n := *days
	if raced {
		n = min(n, 300)
	}
	var open []agent.Job
	l := &schedulertest.Ledger{Queue: func(_ context.Context, j agent.Job) error {
		open = append(open, j)
		return nil
	}}
	schedulertest.Simulation{Claims: l, Rows: l.Rows, Start: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC), Days: n, Seed: 1, Finish: func() {
		for _, j := range open {
			l.End(j.Org, j.ID, scheduler.Done, "")
		}
		open = open[:0]
	}}.Run(t)
}
