package store

import (
	"context"
	"fmt"
	"time"

	"interlock/agent"
)

// Sessions are the ids of the sessions with an event in [from, to), by the time
// of the first one. At most limit are given, after those that skip counts.
func (db *DB) Sessions(ctx context.Context, org string, from, to time.Time, skip, limit int) ([]string, error) {
	ids, err := many[string](db.read(ctx), `SELECT session FROM events WHERE org = ? AND at >= ? AND at < ?
		GROUP BY session ORDER BY MIN(at), session LIMIT ? OFFSET ?`, org, micros(from), micros(to), limit, skip)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return ids, nil
}

// SessionOf is the id of a thread's session, by the thread that it has or had at first.
// Unlike Open it makes none.
func (db *DB) SessionOf(ctx context.Context, org string, t agent.Thread) (string, error) {
	row, ok, err := find(db.read(ctx), org, threadKey(t))
	switch {
	case err != nil:
		return "", fmt.Errorf("find session: %w", err)
	case !ok:
		return "", agent.ErrNotFound
	}
	return row.ID, nil
}
