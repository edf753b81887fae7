package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"interlock/agent"
	"interlock/bot/notify"
)

// bookRow is an event of a session, with what it takes to read it.
type bookRow struct {
	Logged  loggedRow `gorm:"embedded"`
	Thread  string
	Wrapped []byte
}

// bookSQL leaves out the scans of schedules, which are counted elsewhere, and what an
// answer says: that there was one is all that is counted.
const bookSQL = `SELECT e.*, p.salt, p.ciphertext, s.thread, k.wrapped FROM sessions s
	JOIN events e ON e.org = s.org AND e.session = s.id
	LEFT JOIN payloads p ON p.org = e.org AND p.session = e.session AND p.seq = e.seq AND e.kind NOT IN ('answer', 'stopped')
	LEFT JOIN session_keys k ON k.org = s.org AND k.session = s.id
	WHERE s.org = ? AND s.moved >= ? AND s.thread NOT LIKE '%,"~scan/%' AND e.at >= ? AND e.at < ? AND e.kind IN ?`

// Logged reads one event after the other, of which it keeps none.
func (db *DB) Logged(ctx context.Context, org string, from, until time.Time, kinds []agent.Kind, each func(notify.Logged)) error {
	tx := db.read(ctx)
	rows, err := tx.Raw(bookSQL, org, micros(from), micros(from), micros(until), kinds).Rows()
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	keys := map[string][]byte{} // of sessions
	for err == nil && rows.Next() {
		var r bookRow
		var l notify.Logged
		if err = tx.ScanRows(rows, &r); err == nil {
			if l, err = db.logged(org, r, keys); err == nil {
				each(l)
			}
		}
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}

func (db *DB) logged(org string, r bookRow, keys map[string][]byte) (l notify.Logged, err error) {
	id := r.Logged.E.Session
	if _, known := keys[id]; !known && r.Wrapped != nil && r.Logged.Salt != nil {
		if keys[id], err = db.unwrap(org, id, r.Wrapped); err != nil {
			return l, err
		}
	}
	if l.Thread, err = parseThread(r.Thread); err != nil {
		return l, err
	}
	l.Event, err = r.Logged.event(keys[id])
	return l, err
}

// HoldsSince are the cards that were opened after a moment, oldest first.
func (db *DB) HoldsSince(ctx context.Context, org string, from time.Time) ([]agent.Hold, error) {
	return holds(db.read(ctx), "SELECT body FROM holds WHERE org = ? AND opened >= ? ORDER BY opened, id", org, micros(from))
}

// Head is the last signed checkpoint of an Org's trail: the digest of it, and when it was
// signed. It is empty when there is none yet.
func (db *DB) Head(ctx context.Context, org string) (head string, at time.Time, err error) {
	c, ok, err := one[checkpointRow](db.read(ctx), "SELECT * FROM checkpoints WHERE org = ? ORDER BY n DESC LIMIT 1", org)
	if err != nil || !ok {
		return "", time.Time{}, err
	}
	return hex.EncodeToString(c.link()), moment(c.At), nil
}
