package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
)

// A job that fails is dead after so many attempts. One that takes its worker
// down with it gets twice as many, so that its last words are heard even then.
const (
	attempts = 5
	deaths   = 2 * attempts
)

// backoff is the wait after an attempt.
var backoff = [...]time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second, 15 * time.Second}

// jobRow is what a claim reads.
type jobRow struct {
	Ord                    int64
	Org, ID, Thread, Place string
	Fence                  int64
	Attempts               int
	Body                   string
}

// The lanes of jobs, by their column control. What people ordered comes first, then
// what they wait for, then scans of schedules, of which there may be hundreds at once.
var (
	allLanes  = []string{"1", "0", "-1"}
	mainLanes = allLanes[:2]
)

// claim takes the oldest job that is due in a thread where nothing runs, of the first
// lane that has one. Claims take turns, so that the jobs of a thread keep
// their order; that a thread runs one at a time holds by an index besides.
func (db *DB) claim(ctx context.Context, lanes []string) (c agent.Claimed, ok bool, err error) {
	if _, due, err := db.next(db.read(ctx), lanes); err != nil || !due {
		return c, false, err
	}
	err = db.write(ctx, func(tx *gorm.DB) (err error) {
		c, ok, err = db.take(tx, lanes)
		return err
	})
	return c, ok && err == nil, err
}

func (db *DB) take(tx *gorm.DB, lanes []string) (c agent.Claimed, ok bool, err error) {
	if err := db.lockName(tx, "claims"); err != nil {
		return c, false, err
	}
	for {
		row, ok, err := db.next(tx, lanes)
		if err != nil || !ok {
			return c, false, err
		}
		s, err := db.ensure(tx, row.Org, row.Thread)
		if err != nil {
			return c, false, err
		}
		if s.ID != row.Place {
			// From now on it waits for the session, where something may run.
			if err := place(tx, row, s.ID); err != nil {
				return c, false, err
			}
			continue
		}
		if c, ok, err = db.start(tx, row); ok || err != nil {
			return c, ok, err
		}
	}
}

// place lets all waiting jobs of a thread wait for its session.
func place(tx *gorm.DB, row jobRow, session string) error {
	return tx.Exec("UPDATE jobs SET place = ? WHERE org = ? AND thread = ? AND state = 'ready'", session, row.Org, row.Thread).Error
}

// next goes by the order of the lanes. The states stand in the text, because only so
// the partial indexes are used.
func (db *DB) next(tx *gorm.DB, lanes []string) (row jobRow, ok bool, err error) {
	for _, lane := range lanes {
		row, ok, err = one[jobRow](tx, `SELECT ord, org, id, thread, place FROM jobs j
			WHERE state = 'ready' AND control = `+lane+` AND run_after <= ? AND org IN ?
			AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.state = 'running' AND r.org = j.org AND r.place = j.place)
			ORDER BY run_after, ord LIMIT 1`, nowMicros(), db.orgs)
		if ok || err != nil {
			return row, ok, err
		}
	}
	return row, false, nil
}

// start is the claim itself, unless the job moved to another place meanwhile.
func (db *DB) start(tx *gorm.DB, row jobRow) (c agent.Claimed, ok bool, err error) {
	got, ok, err := one[jobRow](tx, `UPDATE jobs SET state = 'running', fence = fence + 1, attempts = attempts + 1,
		lease_until = `+db.dialect().now+` + ? WHERE ord = ? AND place = ? AND state = 'ready' RETURNING fence, attempts, body`,
		db.lease.Microseconds(), row.Ord, row.Place)
	if err != nil || !ok {
		return c, false, err
	}
	c = agent.Claimed{Fence: got.Fence, Attempt: got.Attempts, Last: got.Attempts >= attempts}
	if err := decode(got.Body, &c.Job); err != nil {
		return c, true, err
	}
	return c, true, asked(tx, row.Place, c.Job)
}

// reclaim takes jobs back from workers that went silent.
func (db *DB) reclaim(ctx context.Context) error {
	lost, ok, err := one[bool](db.read(ctx), "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND lease_until < "+db.dialect().now+")")
	if err != nil || !ok || !lost {
		return err
	}
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(`UPDATE jobs SET state = CASE WHEN attempts >= ? THEN 'dead' ELSE 'ready' END,
			last_error = 'the worker went silent' WHERE state = 'running' AND lease_until < `+db.dialect().now, deaths).Error; err != nil {
			return err
		}
		return buryRuns(tx)
	})
}

// renew keeps a claim. It is false when the job was handed on.
func (db *DB) renew(ctx context.Context, c agent.Claimed) (held bool, err error) {
	err = db.write(ctx, func(tx *gorm.DB) error {
		n, err := exec(tx, "UPDATE jobs SET lease_until = "+db.dialect().now+" + ? WHERE org = ? AND id = ? AND fence = ? AND state = 'running'",
			db.lease.Microseconds(), c.Org, c.ID, c.Fence)
		held = n > 0
		return err
	})
	return held, err
}

// end is what becomes of a claim. A job that is done forgets what it was about:
// its id alone keeps it from being done twice.
type end struct {
	state    string
	after    time.Time
	attempts int
	why      string
}

func (db *DB) settle(ctx context.Context, c agent.Claimed, e end) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		n, err := exec(tx, `UPDATE jobs SET state = ?, attempts = ?, last_error = ?, run_after = CASE WHEN ? > run_after THEN ? ELSE run_after END,
			body = CASE WHEN ? = 'done' THEN '' ELSE body END WHERE org = ? AND id = ? AND fence = ? AND state = 'running'`,
			e.state, e.attempts, e.why, micros(e.after), micros(e.after), e.state, c.Org, c.ID, c.Fence)
		if err != nil || n == 0 {
			return err
		}
		return settleRun(tx, c, e)
	})
}
