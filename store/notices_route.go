package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"interlock/bot/notify"
)

// deliveryRow is a notice on its way to one target.
type deliveryRow struct {
	Ord                          int64 `gorm:"primaryKey"`
	Org, ID, Notice, Target, Way string
	Lane, Type                   string
	Severity                     int
	Topic, Key                   string
	More                         int
	Due                          int64
	Bundle, State                string
	Attempts                     int
	NextTry                      int64
	Why                          string
}

// TableName is the table's.
func (deliveryRow) TableName() string { return "deliveries" }

func newDeliveryRow(d notify.Delivery) deliveryRow {
	r := deliveryRow{
		Org: d.Org, ID: d.ID, Notice: d.Notice, Target: d.Target, Way: d.Way, Lane: d.Lane, Type: d.Type,
		Severity: d.Severity.Rank(), Topic: d.Topic, Key: d.Key, More: d.More, Due: micros(d.Due), State: pending,
	}
	if d.Alone {
		r.Bundle, r.NextTry = r.ID, r.Due
	}
	return r
}

// Past is what targets were told of keys, whether they muted topics, and when what is
// gathered for them is sent.
func (db *DB) Past(ctx context.Context, org string, at time.Time, all []notify.Asked) ([]notify.Past, error) {
	var targets, keys, topics []string
	for _, a := range all {
		targets, keys, topics = append(targets, a.Target), append(keys, a.Key), append(topics, a.Topic)
	}
	for _, names := range []*[]string{&targets, &keys, &topics} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	type pastRow struct {
		Target, About string
		At            int64
		More          int
	}
	found := map[string]map[[2]string]pastRow{}
	for what, q := range map[string]struct {
		sql  string
		args []any
	}{
		"told":  {"SELECT target, key AS about, at, more FROM tellings WHERE org = ? AND target IN ? AND key IN ?", []any{org, targets, keys}},
		"muted": {"SELECT target, topic AS about, until AS at FROM mutes WHERE org = ? AND target IN ? AND topic IN ? AND until > ?", []any{org, targets, topics, micros(at)}},
		"opens": {"SELECT target, MIN(due) AS at FROM deliveries WHERE org = ? AND target IN ? AND state = 'pending' AND bundle = '' GROUP BY target", []any{org, targets}},
	} {
		rows, err := many[pastRow](db.read(ctx), q.sql, q.args...)
		if err != nil {
			return nil, fmt.Errorf("read tellings: %w", err)
		}
		found[what] = map[[2]string]pastRow{}
		for _, r := range rows {
			found[what][[2]string{r.Target, r.About}] = r
		}
	}
	past := make([]notify.Past, len(all))
	for i, a := range all {
		told, opens := found["told"][[2]string{a.Target, a.Key}], found["opens"][[2]string{a.Target}]
		_, muted := found["muted"][[2]string{a.Target, a.Topic}]
		past[i] = notify.Past{Muted: muted, Told: moment(told.At), More: told.More, Opens: moment(opens.At)}
	}
	return past, nil
}

// Route settles notices that are pending still, with their deliveries and what is
// told besides.
func (db *DB) Route(ctx context.Context, org string, notices []string, ds []notify.Delivery, more ...notify.Notice) error {
	err := db.write(ctx, func(tx *gorm.DB) error {
		now, err := many[string](tx, "UPDATE notices SET state = ? WHERE org = ? AND id IN ? AND state = 'pending' RETURNING id", routed, org, notices)
		if err != nil {
			return err
		}
		mine := map[string]bool{}
		for _, id := range now {
			mine[id] = true
		}
		if err := insertDeliveries(tx, org, ds, mine); err != nil {
			return err
		}
		return putNotices(tx, org, more)
	})
	if err != nil {
		return fmt.Errorf("route notices: %w", err)
	}
	if len(more) > 0 {
		db.noticed.signal()
	}
	return nil
}

// insertDeliveries keeps those of the notices that are routed now.
func insertDeliveries(tx *gorm.DB, org string, ds []notify.Delivery, mine map[string]bool) error {
	var rows []deliveryRow
	for _, d := range ds {
		if !mine[d.Notice] {
			continue
		}
		if !d.Repeat {
			rows = append(rows, newDeliveryRow(d))
		}
		if err := tell(tx, org, d); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// tell notes that a target is told of a key, that it was not told again, or that what it
// was told of is over.
func tell(tx *gorm.DB, org string, d notify.Delivery) error {
	switch {
	case d.Key == "", d.Step == notify.Acknowledge:
		return nil
	case d.Step == notify.Resolve && d.Target == "": // for everybody
		return tx.Exec("DELETE FROM tellings WHERE org = ? AND key = ?", org, d.Key).Error
	case d.Step == notify.Resolve:
		return tx.Exec("DELETE FROM tellings WHERE org = ? AND target = ? AND key = ?", org, d.Target, d.Key).Error
	case d.Repeat:
		return tx.Exec("UPDATE tellings SET more = more + 1 WHERE org = ? AND target = ? AND key = ?", org, d.Target, d.Key).Error
	}
	return tx.Exec(`INSERT INTO tellings (org, target, key, at, more) VALUES (?, ?, ?, ?, 0)
		ON CONFLICT (org, target, key) DO UPDATE SET at = excluded.at, more = 0`, org, d.Target, d.Key, micros(d.Due)).Error
}
