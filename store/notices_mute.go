package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/bot"
	"interlock/bot/notify"
)

var _ bot.Mutes = (*DB)(nil)

// Mute notes that a target is not to be told what is like a delivery for a while. A
// delivery to another room, or to another person, answers like one that is not there.
func (db *DB) Mute(ctx context.Context, org string, m bot.Mute) ([]bot.Muted, error) {
	type mutedRow struct{ Target, Way, Topic string }
	rows, err := many[mutedRow](db.read(ctx), "SELECT DISTINCT target, way, topic FROM deliveries WHERE org = ? AND bundle = ?", org, m.Delivery)
	if err != nil {
		return nil, fmt.Errorf("read delivery: %w", err)
	}
	var topics []string
	err = db.write(ctx, func(tx *gorm.DB) error {
		topics = nil
		for _, r := range rows {
			if !notify.Mutes(m, r.Target, r.Way) {
				continue
			}
			if err := tx.Exec(`INSERT INTO mutes (org, target, topic, until, person) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (org, target, topic) DO UPDATE SET until = excluded.until, person = excluded.person`,
				org, r.Target, r.Topic, micros(m.Until), string(m.By.Subject())).Error; err != nil {
				return err
			}
			topics = append(topics, r.Topic)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mute: %w", err)
	}
	return notify.Topics(topics), nil
}

// What is purged at once, so that nothing waits for it, and how much longer it is kept
// what a target was told the beginning of: its end may come late.
const (
	purgedAtOnce = 1000
	tellingsKept = 335 * 24 * time.Hour
)

// PurgeNotices forgets what was told before a moment: notices, their deliveries, and
// mutes that are over; eleven months later, what keeps things from being told twice.
// What is not told yet stays.
func (db *DB) PurgeNotices(ctx context.Context, before time.Time) error {
	for _, q := range []struct {
		table, key, where string
		at                time.Time
	}{
		{"deliveries", "ord", "state <> 'pending' AND due < ?", before},
		{"notices", "ord", `state = 'routed' AND at < ? AND NOT EXISTS (
			SELECT 1 FROM deliveries d WHERE d.org = notices.org AND d.notice = notices.id)`, before},
		{"tellings", "org, target, key", "at < ?", before.Add(-tellingsKept)},
		{"mutes", "org, target, topic", "until < ?", before},
	} {
		sql := fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT %d)", q.table, q.key, q.key, q.table, q.where, purgedAtOnce)
		for n := int64(purgedAtOnce); n == purgedAtOnce; {
			if err := db.write(ctx, func(tx *gorm.DB) (err error) {
				n, err = exec(tx, sql, micros(q.at))
				return err
			}); err != nil {
				return fmt.Errorf("purge notices: %w", err)
			}
		}
	}
	return nil
}
