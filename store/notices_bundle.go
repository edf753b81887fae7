package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot/notify"
)

// Lanes are the services for which something may be due.
func (db *DB) Lanes(ctx context.Context, org string, at time.Time) ([]string, error) {
	lanes, err := many[string](db.read(ctx), `
		SELECT lane FROM deliveries WHERE org = ? AND lane <> '' AND state = 'pending' AND bundle = '' AND due <= ?
		UNION SELECT lane FROM deliveries WHERE org = ? AND lane <> '' AND state = 'pending' AND id = bundle AND next_try <= ?`,
		org, micros(at), org, micros(at))
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return lanes, nil
}

// Due binds what is due and not bound yet, and gives the bundles whose time has come.
func (db *DB) Due(ctx context.Context, org string, at time.Time, lane string, limit int) ([]notify.Bundle, error) {
	if err := db.bind(ctx, org, at, lane); err != nil {
		return nil, fmt.Errorf("bind deliveries: %w", err)
	}
	heads, err := many[deliveryRow](db.read(ctx), `SELECT * FROM deliveries d
		WHERE d.org = ? AND d.lane = ? AND d.state = 'pending' AND d.id = d.bundle AND d.next_try <= ? AND NOT EXISTS (SELECT 1 FROM deliveries b
			WHERE b.state = 'pending' AND b.key <> '' AND b.org = d.org AND b.target = d.target AND b.key = d.key AND b.ord < d.ord
			AND b.bundle <> '' AND b.bundle <> d.bundle)
		ORDER BY d.next_try, d.ord LIMIT ?`,
		org, lane, micros(at), limit)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	var all []notify.Bundle
	for _, h := range heads {
		b, err := db.bundle(ctx, h)
		if err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
		all = append(all, b)
	}
	return all, nil
}

// bind makes one bundle of all that is due to a target by the same way. It keeps its
// name and its members from then on.
func (db *DB) bind(ctx context.Context, org string, at time.Time, lane string) error {
	type wayRow struct{ Target, Way string }
	ways, err := many[wayRow](db.read(ctx), `SELECT DISTINCT target, way FROM deliveries
		WHERE org = ? AND lane = ? AND state = 'pending' AND bundle = '' AND due <= ?`, org, lane, micros(at))
	if err != nil || len(ways) == 0 {
		return err
	}
	return db.write(ctx, func(tx *gorm.DB) error {
		for _, w := range ways {
			const gathered = "org = ? AND target = ? AND way = ? AND state = 'pending' AND bundle = '' AND due <= ?"
			first, ok, err := one[string](tx, "SELECT id FROM deliveries WHERE "+gathered+" ORDER BY ord LIMIT 1", org, w.Target, w.Way, micros(at))
			if err != nil {
				return err
			}
			if !ok {
				continue // another process bound it
			}
			if err := tx.Exec("UPDATE deliveries SET bundle = ?, next_try = due WHERE "+gathered, first, org, w.Target, w.Way, micros(at)).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// bundle reads what is in a bundle, and the words of the most severe of it.
func (db *DB) bundle(ctx context.Context, h deliveryRow) (b notify.Bundle, err error) {
	type tallyRow struct {
		Type        string
		Count, More int
		Since       int64
	}
	tallies, err := many[tallyRow](db.read(ctx), `SELECT d.type, COUNT(*) AS count, SUM(d.more) AS more, MIN(COALESCE(n.at, d.due)) AS since
		FROM deliveries d LEFT JOIN notices n ON n.org = d.org AND n.id = d.notice
		WHERE d.org = ? AND d.bundle = ? GROUP BY d.type ORDER BY MIN(d.ord)`, h.Org, h.Bundle)
	if err != nil {
		return b, err
	}
	b = notify.Bundle{ID: h.ID, Org: h.Org, Target: h.Target, Way: h.Way, Attempts: h.Attempts, Since: moment(h.Due)}
	for _, t := range tallies {
		b.Count, b.More = b.Count+t.Count, b.More+t.More
		b.Tallies = append(b.Tallies, notify.Tally{Type: t.Type, Count: t.Count})
		if since := moment(t.Since); since.Before(b.Since) {
			b.Since = since
		}
	}
	rows, err := many[noticeRow](db.read(ctx), `SELECT n.* FROM deliveries d JOIN notices n ON n.org = d.org AND n.id = d.notice
		WHERE d.org = ? AND d.bundle = ? ORDER BY d.severity DESC, d.ord LIMIT ?`, h.Org, h.Bundle, notify.MostLines)
	if err != nil {
		return b, err
	}
	top, err := db.readNotices(ctx, h.Org, rows)
	for _, n := range top {
		if n.Type != "" {
			b.Top = append(b.Top, n)
		}
	}
	return b, err
}

// Delivered settles a bundle, and enqueues what shows it. A settled one stays as it is.
func (db *DB) Delivered(ctx context.Context, org, bundle string, follow ...agent.Job) error {
	return db.settleBundle(ctx, org, bundle, sent, "", nil, follow)
}

// GiveUp drops a bundle, and keeps what is told of that, and what follows.
func (db *DB) GiveUp(ctx context.Context, org, bundle, why string, more []notify.Notice, follow ...agent.Job) error {
	return db.settleBundle(ctx, org, bundle, dropped, why, more, follow)
}

func (db *DB) settleBundle(ctx context.Context, org, bundle, state, why string, more []notify.Notice, follow []agent.Job) error {
	err := db.write(ctx, func(tx *gorm.DB) error {
		n, err := exec(tx, "UPDATE deliveries SET state = ?, why = ? WHERE org = ? AND bundle = ? AND state = 'pending'",
			state, shortWhy(why), org, bundle)
		if err != nil || n == 0 {
			return err
		}
		for _, j := range follow {
			if err := enqueue(tx, org, j); err != nil {
				return err
			}
		}
		return putNotices(tx, org, more)
	})
	if err != nil {
		return fmt.Errorf("settle delivery: %w", err)
	}
	if len(more) > 0 {
		db.noticed.signal()
	}
	if len(follow) > 0 {
		db.ready.signal()
	}
	return nil
}

// Postpone puts a bundle off, and counts the attempt.
func (db *DB) Postpone(ctx context.Context, org, bundle string, until time.Time, why string) error {
	err := db.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE deliveries SET attempts = attempts + 1, next_try = ?, why = ? WHERE org = ? AND id = ? AND bundle = id AND state = 'pending'",
			micros(until), shortWhy(why), org, bundle).Error
	})
	if err != nil {
		return fmt.Errorf("postpone delivery: %w", err)
	}
	return nil
}

// shortWhy is as much of an error as is kept. PostgreSQL takes no broken characters and
// no zero byte, and what somebody else's program says may have both.
func shortWhy(why string) string {
	why = strings.ReplaceAll(why[:min(len(why), longestWhy)], "\x00", "")
	return strings.ToValidUTF8(why, "")
}
