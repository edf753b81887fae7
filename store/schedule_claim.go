package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/scheduler"
)

// Claim gives due times to one caller, and puts their jobs in the queue in the same
// transaction.
func (db *DB) Claim(ctx context.Context, org string, all ...scheduler.Claim) (enqueued int, err error) {
	if _, err := db.of(org); err != nil {
		return 0, fmt.Errorf("claim due times: %w", err)
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		enqueued = 0
		rows, err := db.lockSchedules(tx, org, all)
		if err != nil {
			return err
		}
		for _, c := range all {
			n, err := claimDue(tx, org, c, rows[c.Schedule])
			if err != nil {
				return err
			}
			enqueued += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("claim due times: %w", err)
	}
	if enqueued > 0 {
		db.ready.signal()
	}
	return enqueued, nil
}

// lockSchedules lets nobody else claim due times of these schedules, or pause them, until
// the transaction ends: else two that do not see each other's runs would both start one.
// They are locked in one order, so that no two callers wait for each other.
func (db *DB) lockSchedules(tx *gorm.DB, org string, all []scheduler.Claim) (map[string]scheduleRow, error) {
	first := map[string]int64{}
	for _, c := range all {
		if _, ok := first[c.Schedule]; !ok {
			first[c.Schedule] = micros(c.Due)
		}
	}
	names := slices.Sorted(maps.Keys(first))
	query := "SELECT * FROM schedules WHERE org = ? AND name IN ? ORDER BY name" + db.dialect().forUpdate
	rows, err := many[scheduleRow](tx, query, org, names)
	if err == nil && len(rows) < len(names) {
		for _, name := range names { // that nobody has begun
			if err := tx.Exec("INSERT INTO schedules (org, name, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", org, name, first[name]).Error; err != nil {
				return nil, err
			}
		}
		rows, err = many[scheduleRow](tx, query, org, names)
	}
	by := make(map[string]scheduleRow, len(rows))
	for _, r := range rows {
		by[r.Name] = r
	}
	return by, err
}

func claimDue(tx *gorm.DB, org string, c scheduler.Claim, row scheduleRow) (enqueued int, err error) {
	why, err := skips(tx, org, c, row)
	if err != nil {
		return 0, err
	}
	state, job, ended := scheduler.Claimed, c.Job.ID, int64(0)
	if why != "" {
		state, job, ended = scheduler.Skipped, "", nowMicros()
		if c.Extra {
			return 0, nil
		}
	}
	n, err := exec(tx, "INSERT INTO schedule_runs (org, schedule, due, job, state, why, ended) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		org, c.Schedule, micros(c.Due), job, string(state), why, ended)
	if err != nil || n == 0 {
		return 0, err
	}
	if err := pass(tx, org, c, why); err != nil || why != "" {
		return 0, err
	}
	for _, j := range append([]agent.Job{c.Job}, c.Told...) {
		if err := enqueue(tx, org, j); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// skips says why a due time gets no job: it comes with a reason, it is paused, or the
// run before it has not ended.
func skips(tx *gorm.DB, org string, c scheduler.Claim, row scheduleRow) (why string, err error) {
	if c.Skip != "" {
		return c.Skip, nil
	}
	if !c.Extra {
		p, err := row.pause()
		if err != nil {
			return "", err
		}
		if p != nil {
			return p.Text(), nil
		}
	}
	before := int64(math.MaxInt64)
	if !c.Follows.IsZero() {
		before = micros(c.Follows)
	}
	due, ok, err := one[int64](tx, `SELECT r.due FROM schedule_runs r JOIN jobs j ON j.org = r.org AND j.id = r.job
		WHERE r.org = ? AND r.schedule = ? AND r.state = 'claimed' AND j.state IN ('ready', 'running') AND r.due <> ? AND r.due < ?
		ORDER BY r.due DESC LIMIT 1`, org, c.Schedule, micros(c.Due), before)
	if ok {
		why = "the run of " + moment(due).Format("2 January 15:04 MST") + " is still going on"
	}
	return why, err
}

// pass keeps the schedule's own row, and lets go of what is too old.
func pass(tx *gorm.DB, org string, c scheduler.Claim, why string) error {
	due, missed, fired, passed := micros(c.Due), int64(0), int64(0), micros(c.Due)
	if why != "" {
		missed = due
	} else {
		fired = due
	}
	if c.Extra {
		passed = 0
	}
	err := tx.Exec(`INSERT INTO schedules (org, name, since, passed, fired, missed, missed_why) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, name) DO UPDATE SET
		passed = CASE WHEN excluded.passed > schedules.passed THEN excluded.passed ELSE schedules.passed END,
		fired = CASE WHEN excluded.fired > schedules.fired THEN excluded.fired ELSE schedules.fired END,
		missed = CASE WHEN excluded.missed > schedules.missed THEN excluded.missed ELSE schedules.missed END,
		missed_why = CASE WHEN excluded.missed > schedules.missed THEN excluded.missed_why ELSE schedules.missed_why END`,
		org, c.Schedule, due, passed, fired, missed, why).Error
	if err != nil {
		return err
	}
	return tx.Exec("DELETE FROM schedule_runs WHERE org = ? AND schedule = ? AND due < ? AND state <> 'claimed'", org, c.Schedule, micros(c.Due.Add(-kept))).Error
}
