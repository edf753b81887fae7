package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot/notify"
)

var (
	_ notify.Notices = (*DB)(nil)
	_ notify.Bundles = (*DB)(nil)
)

// noticeRow says that something may be told. Without a body, the event with its id does.
type noticeRow struct {
	Ord              int64 `gorm:"primaryKey"`
	Org, ID, Session string
	Seq              int64
	Body, State      string
	At               int64
}

// TableName is the table's.
func (noticeRow) TableName() string { return "notices" }

// routed is the state of a notice that has its deliveries.
const routed = "routed"

// insertNotices notes the events that may be told, in the transaction that writes them.
func (db *DB) insertNotices(tx *gorm.DB, evs []agent.Event, seqs []int64) error {
	var rows []noticeRow
	for i, ev := range evs {
		if db.tells(ev) {
			rows = append(rows, noticeRow{Org: ev.Org, ID: ev.ID, Session: ev.Session, Seq: seqs[i], State: pending, At: micros(ev.At)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Create(&rows).Error
}

// PutNotice keeps a notice that no event tells. The same id twice is one notice.
func (db *DB) PutNotice(ctx context.Context, n notify.Notice) error {
	if _, err := db.of(n.Org); err != nil {
		return fmt.Errorf("put notice: %w", err)
	}
	if err := db.write(ctx, func(tx *gorm.DB) error { return putNotices(tx, n.Org, []notify.Notice{n}) }); err != nil {
		return fmt.Errorf("put notice: %w", err)
	}
	db.noticed.signal()
	return nil
}

func putNotices(tx *gorm.DB, org string, all []notify.Notice) error {
	for _, n := range all {
		if n.Org != org {
			return agent.ErrNotFound
		}
		body, err := encode(n)
		if err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO notices (org, id, body, state, at) VALUES (?, ?, ?, 'pending', ?)
			ON CONFLICT (org, id) DO NOTHING`, org, n.ID, body, micros(n.At)).Error; err != nil {
			return err
		}
	}
	return nil
}

// Noticed wakes whoever routes.
func (db *DB) Noticed() <-chan struct{} { return db.notices }

// Unrouted gives the oldest notices without deliveries.
func (db *DB) Unrouted(ctx context.Context, org string, limit int) ([]notify.Notice, error) {
	rows, err := many[noticeRow](db.read(ctx), "SELECT * FROM notices WHERE org = ? AND state = 'pending' ORDER BY ord LIMIT ?", org, limit)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	return db.readNotices(ctx, org, rows)
}

// readNotices gives rows their words. What was erased has no type.
func (db *DB) readNotices(ctx context.Context, org string, rows []noticeRow) ([]notify.Notice, error) {
	var ids []string
	for _, r := range rows {
		if r.Session != "" {
			ids = append(ids, r.ID)
		}
	}
	told, err := db.toldBy(ctx, org, ids)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	all := make([]notify.Notice, len(rows))
	for i, r := range rows {
		if r.Session == "" {
			if err := decode(r.Body, &all[i]); err != nil {
				return nil, err
			}
		} else {
			all[i] = told[r.ID]
		}
		all[i].ID, all[i].Org = r.ID, org
	}
	return all, nil
}

// toldBy is what events tell, by their ids.
func (db *DB) toldBy(ctx context.Context, org string, ids []string) (map[string]notify.Notice, error) {
	type placedRow struct {
		Logged loggedRow `gorm:"embedded"`
		Thread string
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := many[placedRow](db.read(ctx), `SELECT e.*, p.salt, p.ciphertext, s.thread FROM notices n
		JOIN events e ON e.org = n.org AND e.session = n.session AND e.seq = n.seq
		JOIN sessions s ON s.org = n.org AND s.id = n.session
		LEFT JOIN payloads p ON p.org = n.org AND p.session = n.session AND p.seq = n.seq
		WHERE n.org = ? AND n.id IN ?`, org, ids)
	if err != nil {
		return nil, err
	}
	told := map[string]notify.Notice{}
	for _, r := range rows {
		evs, err := db.decrypt(ctx, org, r.Logged.E.Session, []loggedRow{r.Logged})
		if err != nil {
			return nil, err
		}
		n, ok := notify.Of(evs[0])
		if !ok {
			continue
		}
		if n.Thread, err = parseThread(r.Thread); err != nil {
			return nil, err
		}
		told[n.ID] = n
	}
	return told, nil
}
