package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

// Erase forgets what a session was about: its data key, payloads, askers,
// holds, artifacts, messages, and the bodies of its dead jobs. The envelopes stay and
// still verify; so do its bills, which hold no words. Jobs that wait or run are
// not touched.
func (db *DB) Erase(ctx context.Context, org, id string) error {
	err := db.write(ctx, func(tx *gorm.DB) error {
		s, err := session(tx, org, id, db.dialect().forUpdate)
		if err != nil {
			return err
		}
		t, err := parseThread(s.Thread)
		if err != nil {
			return err
		}
		for _, st := range []struct {
			sql  string
			args []any
		}{
			{"DELETE FROM session_keys WHERE org = ? AND session = ?", []any{org, id}},
			{"DELETE FROM payloads WHERE org = ? AND session = ?", []any{org, id}},
			{"DELETE FROM askers WHERE org = ? AND session = ?", []any{org, id}},
			{"DELETE FROM holds WHERE org = ? AND session = ?", []any{org, id}},
			{"DELETE FROM artifacts WHERE org = ? AND session = ?", []any{org, id}},
			{"DELETE FROM messages WHERE org = ? AND platform = ? AND channel = ? AND thread = ?", []any{org, t.Platform, t.Channel, t.ID}},
			{"UPDATE jobs SET body = '', last_error = '' WHERE org = ? AND place = ? AND state = 'dead'", []any{org, id}},
			{"UPDATE sessions SET erased = seq WHERE org = ? AND id = ?", []any{org, id}},
		} {
			if err := tx.Exec(st.sql, st.args...).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, agent.ErrNotFound) {
		return fmt.Errorf("erase session: %w", err)
	}
	return err
}
