package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

// Erase forgets what a session was about: its data key, payloads, askers, holds,
// artifacts, messages, the bodies of its dead jobs, and its words where they stand beside
// the log. The envelopes stay and still verify; so do its bills, which hold no words.
// Jobs that wait or run are not touched. What is told of it is appended in the same
// transaction. It answers the other sessions in whose logs something of it was told.
func (db *DB) Erase(ctx context.Context, org, id string, told ...agent.Event) (elsewhere []string, err error) {
	err = db.write(ctx, func(tx *gorm.DB) error {
		s, err := session(tx, org, id, db.dialect().forUpdate)
		if err != nil {
			return err
		}
		if elsewhere, err = db.unsay(tx, s); err != nil {
			return err
		}
		if err := erase(tx, s); err != nil {
			return err
		}
		_, err = db.appendEvents(tx, org, told)
		return err
	})
	switch {
	case errors.Is(err, agent.ErrNotFound):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("erase session: %w", err)
	}
	db.outbox.signal()
	return elsewhere, nil
}

// runsOf are the jobs that wrote a session's log.
const runsOf = "(SELECT run FROM events WHERE org = ? AND session = ?)"

func erase(tx *gorm.DB, s sessionRow) error {
	t, err := parseThread(s.Thread)
	if err != nil {
		return err
	}
	for _, st := range []struct {
		sql  string
		args []any
	}{
		{"DELETE FROM session_keys WHERE org = ? AND session = ?", []any{s.Org, s.ID}},
		{"DELETE FROM payloads WHERE org = ? AND session = ?", []any{s.Org, s.ID}},
		{"DELETE FROM askers WHERE org = ? AND session = ?", []any{s.Org, s.ID}},
		{"DELETE FROM holds WHERE org = ? AND session = ?", []any{s.Org, s.ID}},
		{"DELETE FROM artifacts WHERE org = ? AND session = ?", []any{s.Org, s.ID}},
		{"DELETE FROM messages WHERE org = ? AND platform = ? AND channel = ? AND thread = ?", []any{s.Org, t.Platform, t.Channel, t.ID}},
		{"UPDATE jobs SET body = '', last_error = '' WHERE org = ? AND place = ? AND state = 'dead'", []any{s.Org, s.ID}},
		{`UPDATE schedules SET missed_why = ? WHERE org = ? AND missed_why <> '' AND EXISTS (SELECT 1 FROM schedule_runs r
			WHERE r.org = schedules.org AND r.schedule = schedules.name AND r.due = schedules.missed AND r.job IN ` + runsOf + `)`, []any{erased, s.Org, s.Org, s.ID}},
		{"UPDATE schedule_runs SET why = ? WHERE org = ? AND why <> '' AND job IN " + runsOf, []any{erased, s.Org, s.Org, s.ID}},
		{
			`UPDATE notices SET body = '{}' WHERE org = ? AND body <> '' AND (id IN (SELECT trace FROM events WHERE org = ? AND session = ?)
			OR id IN (SELECT notice FROM deliveries WHERE org = ? AND bundle IN (SELECT substr(run, 8) FROM events WHERE org = ? AND session = ? AND run LIKE 'notice/%')))`,
			[]any{s.Org, s.Org, s.ID, s.Org, s.Org, s.ID},
		},
		{"UPDATE sessions SET erased = seq WHERE org = ? AND id = ?", []any{s.Org, s.ID}},
	} {
		if err := tx.Exec(st.sql, st.args...).Error; err != nil {
			return err
		}
	}
	return nil
}
