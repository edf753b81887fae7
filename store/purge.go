package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// How many rows go at once, so that nothing waits for it, and how often in one round: a
// database that nobody purged for long is not emptied at the cost of everything else.
const (
	purgedAtOnce = 1000
	purgesARound = 100
)

// finishedKept is how long it is on record that a job was done and an event was shown:
// their ids keep them from being done twice, and no chat repeats itself after so long.
const finishedKept = 90 * 24 * time.Hour

// tellingsKept is how much longer than the rest it is kept what a target was told the
// beginning of: its end may come late.
const tellingsKept = 335 * 24 * time.Hour

// outdated are the rows of a table that nothing needs after a moment.
type outdated struct {
	table, key, where string
	before            time.Time
}

// Purge deletes the artifacts that have expired, which were out of reach before, the
// requests and scans that count no more, what was spent and would not work any more, and,
// 90 days after, the jobs that were done and the outbox rows that were settled. Dead jobs
// stay, and so do Refs: a card may be edited at any time. It tells how many rows went.
// Several processes may purge at once.
func (db *DB) Purge(ctx context.Context) (n int64, err error) {
	now := time.Now()
	n, err = db.purge(ctx,
		outdated{"artifacts", "org, id", "expires > 0 AND expires <= ?", now},
		outdated{"scans", "org, id", "at < ?", now.Add(-scansKept)},
		outdated{"asks", "org, event", "at < ?", now.Add(-asksKept)},
		outdated{"spent", "org, id", "ends < ?", now.Add(-spentKept)},
		outdated{"jobs", "ord", "state = 'done' AND run_after < ?", now.Add(-finishedKept)},
		outdated{"outbox", "ord", "state <> 'pending' AND settled < ?", now.Add(-finishedKept)},
	)
	if err != nil {
		return n, fmt.Errorf("purge: %w", err)
	}
	return n, nil
}

// PurgeNotices forgets what was told before a moment: notices, their deliveries, and
// mutes that are over; eleven months later, what keeps things from being told twice.
// What is not told yet stays.
func (db *DB) PurgeNotices(ctx context.Context, before time.Time) error {
	_, err := db.purge(ctx,
		outdated{"deliveries", "ord", "state <> 'pending' AND due < ?", before},
		outdated{"notices", "ord", `state = 'routed' AND at < ? AND NOT EXISTS (
			SELECT 1 FROM deliveries d WHERE d.org = notices.org AND d.notice = notices.id)`, before},
		outdated{"tellings", "org, target, key", "at < ?", before.Add(-tellingsKept)},
		outdated{"mutes", "org, target, topic", "until < ?", before},
	)
	if err != nil {
		return fmt.Errorf("purge notices: %w", err)
	}
	return nil
}

func (db *DB) purge(ctx context.Context, all ...outdated) (total int64, err error) {
	for _, o := range all {
		sql := fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT %d)", o.table, o.key, o.key, o.table, o.where, purgedAtOnce)
		n := int64(purgedAtOnce)
		for round := 0; round < purgesARound && n == purgedAtOnce; round++ {
			if err := db.write(ctx, func(tx *gorm.DB) (err error) {
				n, err = exec(tx, sql, micros(o.before))
				return err
			}); err != nil {
				return total, fmt.Errorf("%s: %w", o.table, err)
			}
			total += n
		}
	}
	return total, nil
}
