package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
	"interlock/scheduler"
	"interlock/scheduler/schedulertest"
	"interlock/store"
)

// onRecord is a store in whose place jobs end when they are told to.
type onRecord struct {
	*testing.T
	*store.DB
	raw   *sql.DB
	fresh bool // a claim has left jobs
}

func (r *onRecord) Claim(ctx context.Context, org string, all ...scheduler.Claim) (int, error) {
	r.fresh = true
	return r.DB.Claim(ctx, org, all...)
}

func (r *onRecord) finish() {
	if r.fresh {
		run(r.T, r.raw, "UPDATE schedule_runs SET state = 'done' WHERE state = 'claimed'")
	}
	r.fresh = false
}

func (r *onRecord) rows() (all []schedulertest.Row) {
	rows, err := r.raw.QueryContext(r.Context(), "SELECT org, schedule, due, job, state, why FROM schedule_runs")
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var one schedulertest.Row
		var due int64
		if err := rows.Scan(&one.Org, &one.Schedule, &due, &one.Job, &one.State, &one.Why); err != nil {
			r.Fatal(err)
		}
		one.Due = time.UnixMicro(due).UTC()
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		r.Fatal(err)
	}
	return all
}

func TestTwoSchedulersOnOneStore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		r := &onRecord{T: t, DB: open(t, o), raw: raw(t, o)}
		schedulertest.Simulation{Claims: r, Rows: r.rows, Finish: r.finish, Start: time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), Days: 3, Seed: 2}.Run(t)
	})
}

func scheduled(n int) agent.Job {
	j := agenttest.Asked(agenttest.Org, fmt.Sprintf("scan-%d", n), agenttest.Thread(fmt.Sprintf("~scan/%d", n)))
	j.Text, j.Scan, j.Actor = "", &agent.Scan{Stack: "web"}, rbac.Actor{Org: agenttest.Org, Platform: scheduler.Platform, ID: "nightly"}
	return j
}

// However many scans are due, what a person asks for does not wait behind them.
func TestPeopleComeBeforeScans(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o.Workers, o.Scans = 4, 2
		db := open(t, o)
		for n := range 6 {
			if err := db.Enqueue(t.Context(), scheduled(n)); err != nil {
				t.Fatal(err)
			}
		}
		began, end := make(chan string, 9), make(chan bool)
		agenttest.Work(t, db, func(_ context.Context, c agent.Claimed) error {
			began <- c.ID
			<-end
			return nil
		})
		t.Cleanup(func() { close(end) })
		for range 2 {
			if id := agenttest.Await(t, began); !strings.HasPrefix(id, "scan-") {
				t.Errorf("%s began", id)
			}
		}
		if err := db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "asked", agenttest.Thread("1"))); err != nil {
			t.Fatal(err)
		}
		if id := agenttest.Await(t, began); id != "asked" {
			t.Errorf("%s began before what a person asked for", id)
		}
	})
}

// A schedule of a version that kept no rules is not taken for a new one.
func TestSchedulesOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		due := time.Date(2026, 3, 29, 6, 0, 0, 0, time.UTC)
		run(t, raw(t, o), fmt.Sprintf("INSERT INTO schedules (org, name, since, passed, fired, done) VALUES ('acme', 'nightly', 1, %d, 1, 1)", due.UnixMicro()))
		got, err := db.Begin(t.Context(), agenttest.Org, due.Add(time.Hour), map[string]string{"nightly": "0 6 * * * UTC"})
		if err != nil || !got["nightly"].Equal(due) {
			t.Errorf("passed up to %v (%v)", got, err)
		}
	})
}

// What a worker took down with it until it was given up is on record as failed.
func TestRunsThatAreBuried(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		j := scheduled(1)
		if n, err := db.Claim(t.Context(), agenttest.Org, scheduler.Claim{Schedule: "nightly", Due: time.Unix(1_800_000_000, 0), Job: j}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		run(t, raw(t, o), "UPDATE jobs SET state = 'running', attempts = 10, lease_until = 1")
		next := agenttest.Asked(agenttest.Org, "next", agenttest.Thread("1"))
		if err := db.Enqueue(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		began := make(chan string, 9)
		agenttest.Work(t, db, func(_ context.Context, c agent.Claimed) error { // the dead are looked for before the living
			began <- c.ID
			return nil
		})
		if id := agenttest.Await(t, began); id != "next" {
			t.Errorf("%s began", id)
		}
		all, err := db.Records(t.Context(), agenttest.Org)
		if err != nil || len(all) != 1 || all[0].State != scheduler.Failed || all[0].Why != "the worker went silent" {
			t.Errorf("on record is %+v (%v)", all, err)
		}
	})
}
