package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

// sessionRow is a session without its log.
type sessionRow struct {
	Org, ID, Thread, Origin       string
	Seq                           int64
	Head                          []byte
	Sealed, Erased, Opened, Moved int64
}

// TableName is the table's.
func (sessionRow) TableName() string { return "sessions" }

// Open finds the session of a thread, by the thread that it has or had at
// first, and makes one when there is none.
func (db *DB) Open(ctx context.Context, org string, t agent.Thread) (*agent.Session, error) {
	if _, err := db.of(org); err != nil {
		return nil, err
	}
	key := threadKey(t)
	row, ok, err := find(db.read(ctx), org, key)
	if err == nil && !ok {
		err = db.write(ctx, func(tx *gorm.DB) (err error) {
			row, err = db.ensure(tx, org, key)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return db.load(ctx, row)
}

// find prefers the session that began in the thread to one that moved there.
func find(tx *gorm.DB, org, thread string) (sessionRow, bool, error) {
	return one[sessionRow](tx, `SELECT * FROM sessions WHERE org = ? AND (origin = ? OR thread = ?)
		ORDER BY CASE WHEN origin = ? THEN 0 ELSE 1 END, opened, id LIMIT 1`, org, thread, thread, thread)
}

// ensure finds or makes the session of a thread.
func (db *DB) ensure(tx *gorm.DB, org, thread string) (sessionRow, error) {
	row, ok, err := find(tx, org, thread)
	if ok || err != nil {
		return row, err
	}
	if err := db.lockThread(tx, org, thread); err != nil {
		return row, err
	}
	if row, ok, err = find(tx, org, thread); ok || err != nil {
		return row, err
	}
	now := nowMicros()
	row = sessionRow{Org: org, ID: rand.Text(), Thread: thread, Origin: thread, Head: genesis(), Opened: now, Moved: now}
	return row, tx.Create(&row).Error
}

// lockThread keeps two transactions from deciding at once whose a thread is.
func (db *DB) lockThread(tx *gorm.DB, org, thread string) error {
	return db.lockName(tx, "thread "+org+" "+thread)
}

func (db *DB) lockName(tx *gorm.DB, name string) error {
	if db.dialect().lock == "" {
		return nil // one writer
	}
	return tx.Exec(db.dialect().lock, name).Error
}

// Load gives a session by its id.
func (db *DB) Load(ctx context.Context, org, id string) (*agent.Session, error) {
	row, err := session(db.read(ctx), org, id, "")
	if err != nil {
		return nil, err
	}
	return db.load(ctx, row)
}

func session(tx *gorm.DB, org, id, lock string) (sessionRow, error) {
	row, ok, err := one[sessionRow](tx, "SELECT * FROM sessions WHERE org = ? AND id = ?"+lock, org, id)
	switch {
	case err != nil:
		return row, fmt.Errorf("read session: %w", err)
	case !ok:
		return row, agent.ErrNotFound
	}
	return row, nil
}

func (db *DB) load(ctx context.Context, row sessionRow) (*agent.Session, error) {
	t, err := parseThread(row.Thread)
	if err != nil {
		return nil, err
	}
	evs, err := db.tail(ctx, row.Org, row.ID, 0)
	return &agent.Session{ID: row.ID, Org: row.Org, Thread: t, Events: evs}, err
}

// Tail gives the events after a Seq, oldest first. An erased event has an empty
// payload of its kind.
func (db *DB) Tail(ctx context.Context, org, id string, after int64) ([]agent.Event, error) {
	row, err := session(db.read(ctx), org, id, "")
	if err != nil || row.Seq <= after {
		return nil, err // most often there is nothing new
	}
	return db.tail(ctx, org, id, after)
}

// tail reads the events before the key: a key is there before the first
// payload that needs it.
func (db *DB) tail(ctx context.Context, org, id string, after int64) ([]agent.Event, error) {
	rows, err := many[loggedRow](db.read(ctx), loggedSQL+` WHERE e.org = ? AND e.session = ? AND e.seq > ? ORDER BY e.seq`, org, id, after)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return db.decrypt(ctx, org, id, rows)
}

// decrypt opens rows of one session.
func (db *DB) decrypt(ctx context.Context, org, id string, rows []loggedRow) ([]agent.Event, error) {
	key, err := db.dataKey(db.read(ctx), org, id)
	if err != nil {
		return nil, err
	}
	evs := make([]agent.Event, len(rows))
	for i, r := range rows {
		if evs[i], err = r.event(key); err != nil {
			return nil, err
		}
	}
	return evs, nil
}
