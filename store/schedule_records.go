package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/scheduler"
)

var _ scheduler.Records = (*DB)(nil)

// scheduleRow is a schedule; State, Why and Ended are of the run that it fired last.
type scheduleRow struct {
	Name                           string
	Since, Fired, Done, Missed     int64
	MissedWhy, PausedBy, PausedWhy string
	PausedAt, Ended                int64
	State, Why                     string
}

func (r scheduleRow) pause() (*scheduler.Pause, error) {
	if r.PausedAt == 0 {
		return nil, nil
	}
	p := &scheduler.Pause{At: moment(r.PausedAt), Why: r.PausedWhy}
	return p, decode(r.PausedBy, &p.By)
}

// Records lists all schedules that ever counted.
func (db *DB) Records(ctx context.Context, org string) (all []scheduler.Record, err error) {
	rows, err := many[scheduleRow](db.read(ctx), `SELECT s.*, COALESCE(r.state, '') AS state, COALESCE(r.why, '') AS why, COALESCE(r.ended, 0) AS ended
		FROM schedules s LEFT JOIN schedule_runs r ON r.org = s.org AND r.schedule = s.name AND r.due = s.fired WHERE s.org = ? ORDER BY s.name`, org)
	if err != nil {
		return nil, fmt.Errorf("read schedules: %w", err)
	}
	for _, r := range rows {
		p, err := r.pause()
		if err != nil {
			return nil, fmt.Errorf("read schedules: %w", err)
		}
		all = append(all, scheduler.Record{
			Schedule: r.Name, Since: moment(r.Since), Fired: moment(r.Fired), State: scheduler.State(r.State), Why: r.Why, Ended: moment(r.Ended),
			Done: moment(r.Done), Missed: moment(r.Missed), MissedWhy: r.MissedWhy, Paused: p,
		})
	}
	return all, nil
}

// NotRun lists due times that were skipped or failed, as it was put on record.
func (db *DB) NotRun(ctx context.Context, org string, since time.Time) (all []scheduler.Run, err error) {
	type runRow struct {
		Schedule, State, Why string
		Due, Ended           int64
	}
	rows, err := many[runRow](db.read(ctx), `SELECT schedule, due, state, why, ended FROM schedule_runs
		WHERE org = ? AND state IN ('skipped', 'failed') AND ended >= ? ORDER BY ended, due, schedule`, org, micros(since))
	if err != nil {
		return nil, fmt.Errorf("read schedules: %w", err)
	}
	for _, r := range rows {
		all = append(all, scheduler.Run{Schedule: r.Schedule, Due: moment(r.Due), State: scheduler.State(r.State), Why: r.Why, Ended: moment(r.Ended)})
	}
	return all, nil
}

// Pause holds schedules, or resumes them, and enqueues what tells of it.
func (db *DB) Pause(ctx context.Context, org string, schedules []string, p *scheduler.Pause, told ...agent.Job) error {
	if _, err := db.of(org); err != nil {
		return fmt.Errorf("pause schedules: %w", err)
	}
	err := db.write(ctx, func(tx *gorm.DB) error {
		for _, name := range schedules {
			if err := pauseOne(tx, org, name, p); err != nil {
				return err
			}
		}
		for _, j := range told {
			if err := enqueue(tx, org, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pause schedules: %w", err)
	}
	db.ready.signal()
	return nil
}

func pauseOne(tx *gorm.DB, org, name string, p *scheduler.Pause) error {
	var by, why string
	var at int64
	since := nowMicros() // what is resumed is not late for the time that it stood still
	if p != nil {
		who, err := encode(p.By)
		if err != nil {
			return err
		}
		by, why, at, since = who, p.Why, micros(p.At), 0
	}
	return tx.Exec(`INSERT INTO schedules (org, name, since, paused_at, paused_by, paused_why) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, name) DO UPDATE SET since = CASE WHEN excluded.since > 0 THEN excluded.since ELSE schedules.since END, paused_at = excluded.paused_at,
		paused_by = excluded.paused_by, paused_why = excluded.paused_why`, org, name, since, at, by, why).Error
}
