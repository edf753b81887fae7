package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
)

// The states of an outbox row.
const (
	pending = "pending"
	sent    = "sent"
	dropped = "dropped"
)

// outboxRow says that an event was not shown yet. Its id is the event's.
type outboxRow struct {
	Ord              int64 `gorm:"primaryKey"`
	Org, ID, Session string
	Seq              int64
	State            string
	Attempts         int
	NextTry          int64
	Settled          int64 // when it was sent or dropped
	Why              string
	Room             string // of a copy
}

// TableName is the table's.
func (outboxRow) TableName() string { return "outbox" }

// mostLooked is at how many threads one look at the outbox looks.
const mostLooked = 5000

// Pending gives the oldest row of each thread that is not settled, when its
// time has come, and at most bot.OfRoom of one room.
func (db *DB) Pending(ctx context.Context, org string, limit int) ([]bot.Row, error) {
	type headRow struct {
		Ord          int64
		Thread, Room string
	}
	heads, err := many[headRow](db.read(ctx), `SELECT o.ord, s.thread, o.room FROM outbox o
		JOIN sessions s ON s.org = o.org AND s.id = o.session
		WHERE o.org = ? AND o.state = 'pending' AND o.next_try <= ? AND NOT EXISTS (SELECT 1 FROM outbox b
			WHERE b.state = 'pending' AND b.org = o.org AND b.session = o.session AND b.room = o.room AND b.seq < o.seq)
		ORDER BY o.ord LIMIT ?`, org, nowMicros(), mostLooked)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	var chosen []int64
	rooms := map[string]int{}
	for _, h := range heads {
		t, err := parseThread(h.Thread)
		if err != nil {
			return nil, err
		}
		room := cmp.Or(h.Room, t.Room())
		if rooms[room]++; rooms[room] <= bot.OfRoom && len(chosen) < limit {
			chosen = append(chosen, h.Ord)
		}
	}
	return db.rows(ctx, org, chosen)
}

func (db *DB) rows(ctx context.Context, org string, chosen []int64) (rows []bot.Row, err error) {
	type waitingRow struct {
		Logged   loggedRow `gorm:"embedded"`
		Thread   string
		Row      string
		Room     string
		Attempts int
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	waiting, err := many[waitingRow](db.read(ctx), `SELECT e.*, p.salt, p.ciphertext, s.thread, o.id AS row, o.room, o.attempts FROM outbox o
		JOIN sessions s ON s.org = o.org AND s.id = o.session
		JOIN events e ON e.org = o.org AND e.session = o.session AND e.seq = o.seq
		LEFT JOIN payloads p ON p.org = o.org AND p.session = o.session AND p.seq = o.seq
		WHERE o.org = ? AND o.ord IN ? AND o.state = 'pending' ORDER BY o.ord`, org, chosen)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	for _, w := range waiting {
		evs, err := db.decrypt(ctx, org, w.Logged.E.Session, []loggedRow{w.Logged})
		if err != nil {
			return nil, err
		}
		t, err := parseThread(w.Thread)
		if err != nil {
			return nil, err
		}
		rows = append(rows, bot.Row{ID: w.Row, Thread: t, Event: evs[0], Room: w.Room, Attempts: w.Attempts})
	}
	return rows, nil
}

// copyOf names the row that shows an event in a room; empty is its own thread.
func copyOf(event, room string) string {
	if room == "" {
		return event
	}
	return event + "@" + room
}

// Copy has the event of a row shown in other rooms too. Twice is once.
func (db *DB) Copy(ctx context.Context, org, row string, rooms []string) error {
	err := db.write(ctx, func(tx *gorm.DB) error {
		for _, room := range rooms {
			if err := tx.Exec(`INSERT INTO outbox (org, id, session, seq, state, room)
				SELECT org, id || '@' || ?, session, seq, 'pending', ? FROM outbox WHERE org = ? AND id = ?
				ON CONFLICT (org, id) DO NOTHING`, room, room, org, row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("copy outbox row: %w", err)
	}
	return nil
}

// Sent settles a row, keeps its Ref, and moves the session to the Ref's thread. The
// Ref of a copy moves nothing.
func (db *DB) Sent(ctx context.Context, org, row, key string, r bot.Ref) error {
	return db.settleRow(ctx, org, row, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE outbox SET state = ?, settled = ? WHERE org = ? AND id = ?", sent, nowMicros(), org, row).Error; err != nil {
			return err
		}
		if key != "" {
			if err := tx.Exec(`INSERT INTO refs (org, key, thread, message) VALUES (?, ?, ?, ?)
				ON CONFLICT (org, key) DO UPDATE SET thread = excluded.thread, message = excluded.message`,
				org, key, threadKey(r.Thread), r.MessageID).Error; err != nil {
				return err
			}
		}
		return db.move(tx, org, row, r.Thread)
	})
}

// move gives the session of a row its real thread. Jobs that wait there already
// find it when they are claimed, unless another session began there.
func (db *DB) move(tx *gorm.DB, org, row string, t agent.Thread) error {
	if t == (agent.Thread{}) {
		return nil
	}
	key := threadKey(t)
	s, ok, err := one[sessionRow](tx, `SELECT s.* FROM sessions s JOIN outbox o ON o.org = s.org AND o.session = s.id
		WHERE o.org = ? AND o.id = ? AND o.room = ''`, org, row)
	if err != nil || !ok || s.Thread == key {
		return err
	}
	if err := db.lockThread(tx, org, key); err != nil {
		return err
	}
	return tx.Exec("UPDATE sessions SET thread = ? WHERE org = ? AND id = ?", key, org, s.ID).Error
}

// Later puts a row off, and counts the attempt.
func (db *DB) Later(ctx context.Context, org, row string, until time.Time, why string) error {
	return db.settleRow(ctx, org, row, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE outbox SET attempts = attempts + 1, next_try = ?, why = ? WHERE org = ? AND id = ?", micros(until), shortWhy(why), org, row).Error
	})
}

// Dropped gives a row up.
func (db *DB) Dropped(ctx context.Context, org, row, why string) error {
	return db.settleRow(ctx, org, row, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE outbox SET state = ?, settled = ?, why = ? WHERE org = ? AND id = ?", dropped, nowMicros(), shortWhy(why), org, row).Error
	})
}

// settleRow runs fn for a row that is pending; a settled one stays as it is.
func (db *DB) settleRow(ctx context.Context, org, row string, fn func(tx *gorm.DB) error) error {
	err := db.write(ctx, func(tx *gorm.DB) error {
		state, ok, err := one[string](tx, "SELECT state FROM outbox WHERE org = ? AND id = ?"+db.dialect().forUpdate, org, row)
		switch {
		case err != nil:
			return err
		case !ok:
			return agent.ErrNotFound
		case state != pending:
			return nil
		}
		return fn(tx)
	})
	if err != nil {
		return fmt.Errorf("settle outbox row: %w", err)
	}
	db.outbox.signal() // the next of its thread
	return nil
}

// Ref is where the message of a key was posted.
func (db *DB) Ref(ctx context.Context, org, key string) (r bot.Ref, ok bool, err error) {
	type refRow struct{ Thread, Message string }
	row, ok, err := one[refRow](db.read(ctx), "SELECT thread, message FROM refs WHERE org = ? AND key = ?", org, key)
	if err != nil || !ok || key == "" {
		return r, false, err
	}
	t, err := parseThread(row.Thread)
	return bot.Ref{Thread: t, MessageID: row.Message}, err == nil, err
}
