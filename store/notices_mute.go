package store

import (
	"context"
	"fmt"

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
