package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"interlock/scheduler"
)

var _ scheduler.Claims = (*DB)(nil)

// kept is how long a due time stays on record.
const kept = 90 * 24 * time.Hour

// Begin notes schedules whose rule is new, and reads up to when each has been passed.
func (db *DB) Begin(ctx context.Context, org string, at time.Time, rules map[string]string) (passed map[string]time.Time, err error) {
	if _, err := db.of(org); err != nil {
		return nil, fmt.Errorf("begin schedules: %w", err)
	}
	type ruleRow struct {
		Name, Rule                     string
		Since, Passed, Fired, PausedAt int64
	}
	rows, err := many[ruleRow](db.read(ctx), "SELECT name, rule, since, passed, fired, paused_at FROM schedules WHERE org = ?", org)
	if err != nil {
		return nil, fmt.Errorf("begin schedules: %w", err)
	}
	passed, fresh := map[string]time.Time{}, maps.Clone(rules)
	for _, r := range rows {
		if rules[r.Name] == r.Rule {
			passed[r.Name] = moment(r.Passed)
			delete(fresh, r.Name)
		}
		if _, wanted := rules[r.Name]; !wanted && max(r.Since, r.Passed, r.Fired, r.PausedAt) < micros(at.Add(-kept)) {
			if err := db.forget(ctx, org, r.Name); err != nil {
				return nil, fmt.Errorf("begin schedules: %w", err)
			}
		}
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(fresh)), 100) {
		if err := db.note(ctx, org, at, some, rules, passed); err != nil {
			return nil, fmt.Errorf("begin schedules: %w", err)
		}
	}
	return passed, nil
}

// forget lets go of a schedule that is in no configuration any more.
func (db *DB) forget(ctx context.Context, org, name string) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM schedule_runs WHERE org = ? AND schedule = ? AND state <> 'claimed'", org, name).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM schedules WHERE org = ? AND name = ?", org, name).Error
	})
}

// note lets schedules count from a moment on. Of two replicas the first one says when. A
// row without a rule is from before there were any: what it has passed is right.
func (db *DB) note(ctx context.Context, org string, at time.Time, names []string, rules map[string]string, passed map[string]time.Time) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		for _, name := range names {
			n, _, err := one[int64](tx, `INSERT INTO schedules (org, name, rule, since, passed) VALUES (?, ?, ?, ?, ?) ON CONFLICT (org, name) DO UPDATE SET
				passed = CASE WHEN schedules.rule IN ('', excluded.rule) AND schedules.passed > 0 THEN schedules.passed ELSE excluded.passed END,
				since = CASE WHEN schedules.rule = excluded.rule AND schedules.since > 0 THEN schedules.since ELSE excluded.since END,
				rule = excluded.rule RETURNING passed`, org, name, rules[name], micros(at), micros(at))
			if err != nil {
				return err
			}
			passed[name] = moment(n)
		}
		return nil
	})
}
