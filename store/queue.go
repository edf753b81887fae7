package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
)

// Enqueue keeps a job. The same id twice is one job.
func (db *DB) Enqueue(ctx context.Context, j agent.Job) error {
	if _, err := db.of(j.Org); err != nil {
		return fmt.Errorf("enqueue job: %w", err)
	}
	row, err := newQueueRow(j.Org, j)
	if err == nil {
		err = db.write(ctx, row.insert)
	}
	if err != nil {
		return fmt.Errorf("enqueue job: %w", err)
	}
	db.ready.signal()
	return nil
}

func enqueue(tx *gorm.DB, org string, j agent.Job) error {
	row, err := newQueueRow(org, j)
	if err != nil {
		return err
	}
	return row.insert(tx)
}

// queueRow is a job on its way into the queue. It is made before its
// transaction begins, because a writer has better things to do.
type queueRow struct {
	org, id, thread, body string
	control               int
	after                 int64
}

func newQueueRow(org string, j agent.Job) (r queueRow, err error) {
	switch {
	case j.Org != org:
		return r, agent.ErrNotFound
	case j.ID == "":
		return r, errors.New("the job has no id")
	}
	r = queueRow{org: org, id: j.ID, thread: threadKey(j.Thread), after: max(micros(j.After), nowMicros())}
	switch {
	case j.Stop || j.Hold != "":
		r.control = 1
	case j.Scan != nil:
		r.control = -1
	}
	r.body, err = encode(j)
	return r, err
}

// insert is one short statement: it is most of what the store does in a busy
// hour. Which session the thread belongs to is looked up at the claim.
func (r queueRow) insert(tx *gorm.DB) error {
	return tx.Exec(`INSERT INTO jobs (org, id, thread, place, control, state, run_after, body)
		VALUES (?, ?, ?, ?, ?, 'ready', ?, ?) ON CONFLICT (org, id) DO NOTHING`,
		r.org, r.id, r.thread, r.thread, r.control, r.after, r.body).Error
}

// Waits is how long the oldest job of an Org has waited that could run: it is due, and
// nothing runs in its thread. Scans of schedules do not count: they take turns.
func (db *DB) Waits(ctx context.Context, org string) (time.Duration, error) {
	now := nowMicros()
	oldest, ok, err := one[int64](db.read(ctx), `SELECT run_after FROM jobs j WHERE state = 'ready' AND control >= 0 AND run_after <= ? AND org = ?
		AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.state = 'running' AND r.org = j.org AND (r.place = j.place OR r.thread = j.thread))
		ORDER BY run_after LIMIT 1`, now, org)
	switch {
	case err != nil:
		return 0, fmt.Errorf("look at the queue: %w", err)
	case !ok:
		return 0, nil
	}
	return time.Duration(now-oldest) * time.Microsecond, nil
}
