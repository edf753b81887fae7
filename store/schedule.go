package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
)

// Claim gives a due time to one caller, and puts its job in the queue in the
// same transaction.
func (db *DB) Claim(ctx context.Context, org, schedule string, due time.Time, j agent.Job) (won bool, err error) {
	if _, err := db.of(org); err != nil {
		return false, fmt.Errorf("claim due time: %w", err)
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		n, err := exec(tx, "INSERT INTO schedule_runs (org, schedule, due, job) VALUES (?, ?, ?, ?) ON CONFLICT (org, schedule, due) DO NOTHING",
			org, schedule, micros(due), j.ID)
		won = n > 0
		if err != nil || !won {
			return err
		}
		return enqueue(tx, org, j)
	})
	if err != nil {
		return false, fmt.Errorf("claim due time: %w", err)
	}
	if won {
		db.ready.signal()
	}
	return won, nil
}

// Last is the newest due time that was claimed, or the zero time.
func (db *DB) Last(ctx context.Context, org, schedule string) (time.Time, error) {
	due, _, err := one[int64](db.read(ctx), "SELECT COALESCE(MAX(due), 0) FROM schedule_runs WHERE org = ? AND schedule = ?", org, schedule)
	if err != nil {
		return time.Time{}, fmt.Errorf("read schedule: %w", err)
	}
	return moment(due), nil
}
