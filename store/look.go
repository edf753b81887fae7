package store

import (
	"context"
	"fmt"
	"time"

	"interlock/agent"
)

// Running lists the jobs that workers have in hand, oldest first.
func (db *DB) Running(ctx context.Context, org string) ([]agent.Job, error) {
	return db.jobs(ctx, "SELECT body FROM jobs WHERE org = ? AND state = 'running' ORDER BY ord", org)
}

// Resting lists the jobs that go on with a request when their time comes,
// because no model could be reached, the next one first. A request that ended
// meanwhile no longer rests, though its job still waits.
func (db *DB) Resting(ctx context.Context, org string) ([]agent.Job, error) {
	later, err := db.jobs(ctx, "SELECT body FROM jobs WHERE state = 'ready' AND control = 0 AND run_after > ? AND org = ? ORDER BY run_after, ord", nowMicros(), org)
	if err != nil {
		return nil, err
	}
	var resting []agent.Job
	for _, j := range later {
		if j.Turn == "" {
			continue
		}
		paused, err := db.paused(ctx, j)
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		if paused {
			resting = append(resting, j)
		}
	}
	return resting, nil
}

// paused tells whether the job's turn is in a pause that nothing has ended yet, as an
// agent.Session does.
func (db *DB) paused(ctx context.Context, j agent.Job) (bool, error) {
	tx := db.read(ctx)
	s, ok, err := find(tx, j.Org, threadKey(j.Thread))
	if err != nil || !ok {
		return false, err
	}
	kind, _, err := one[string](tx, "SELECT kind FROM events WHERE org = ? AND session = ? AND turn = ? AND kind IN ? ORDER BY seq DESC LIMIT 1",
		j.Org, s.ID, j.Turn, []agent.Kind{agent.KindPaused, agent.KindResumed})
	return agent.Kind(kind) == agent.KindPaused, err
}

func (db *DB) jobs(ctx context.Context, sql string, args ...any) ([]agent.Job, error) {
	bodies, err := many[string](db.read(ctx), sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	jobs := make([]agent.Job, len(bodies))
	for i, b := range bodies {
		if err := decode(b, &jobs[i]); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// SessionUsed tells whether a session is there, and something was said in it after a moment.
func (db *DB) SessionUsed(ctx context.Context, org, session string, after time.Time) (bool, error) {
	_, there, err := one[int](db.read(ctx), "SELECT 1 FROM sessions WHERE org = ? AND id = ? AND moved > ?", org, session, micros(after))
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	return there, nil
}

// CallOpen tells whether a call has begun and has no result: its container may
// still hold what came of it.
func (db *DB) CallOpen(ctx context.Context, org, session, call string) (begun bool, err error) {
	rows, err := many[loggedRow](db.read(ctx), loggedSQL+` WHERE e.org = ? AND e.session = ? AND e.kind IN ('started', 'result') ORDER BY e.seq`, org, session)
	if err != nil {
		return false, fmt.Errorf("read events: %w", err)
	}
	if len(rows) == 0 {
		return false, nil
	}
	evs, err := db.decrypt(ctx, org, session, rows)
	if err != nil {
		return false, err
	}
	for _, ev := range evs {
		if ev.Payload.Call != nil && ev.Payload.Call.ID == call {
			begun = ev.Kind == agent.KindStarted
		}
	}
	return begun, nil
}

// Stats is what the store has to say to the operator. Ready counts jobs that
// are due, Later those that were put off, Dead those that were given up.
type Stats struct {
	Ready, Later, Running, Dead int
	OldestReady                 time.Duration // how long the oldest due job has waited
	OpenApprovals               int
	OutboxPending               int
}

// Stats counts over all Orgs, by small indexes alone.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	now := nowMicros()
	type countRow struct {
		Ready, Later, Running, Dead, Approvals, Outbox int
		Oldest                                         int64
	}
	r, _, err := one[countRow](db.read(ctx), `SELECT
		(SELECT count(*) FROM jobs WHERE state = 'ready' AND run_after <= ?) AS ready,
		(SELECT count(*) FROM jobs WHERE state = 'ready' AND run_after > ?) AS later,
		(SELECT count(*) FROM jobs WHERE state = 'running') AS running,
		(SELECT count(*) FROM jobs WHERE state = 'dead') AS dead,
		(SELECT count(*) FROM holds WHERE state = 1 AND code <> '') AS approvals,
		(SELECT count(*) FROM outbox WHERE state = 'pending') AS outbox,
		(SELECT COALESCE(min(run_after), 0) FROM jobs WHERE state = 'ready' AND run_after <= ?) AS oldest`, now, now, now)
	if err != nil {
		return Stats{}, fmt.Errorf("count: %w", err)
	}
	s := Stats{Ready: r.Ready, Later: r.Later, Running: r.Running, Dead: r.Dead, OpenApprovals: r.Approvals, OutboxPending: r.Outbox}
	if r.Oldest > 0 {
		s.OldestReady = time.Duration(now-r.Oldest) * time.Microsecond
	}
	return s, nil
}
