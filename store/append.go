package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
)

// Append writes a batch in one transaction, or nothing of it.
func (db *DB) Append(ctx context.Context, org string, b agent.Batch) error {
	var seqs []int64
	err := db.write(ctx, func(tx *gorm.DB) (err error) {
		seqs, err = db.append(tx, org, b)
		return err
	})
	switch {
	case errors.Is(err, agent.ErrFenced), errors.Is(err, agent.ErrRaced), errors.Is(err, agent.ErrNotFound):
		return err
	case err != nil:
		return fmt.Errorf("append: %w", err)
	}
	for i := range b.Events {
		b.Events[i].Seq = seqs[i]
	}
	if b.Hold != nil {
		b.Hold.Version++
	}
	if b.Alert != nil {
		b.Alert.Version++
	}
	if b.Drift != nil {
		b.Drift.Version++
	}
	if slices.ContainsFunc(b.Events, bot.Shown) {
		db.outbox.signal()
	}
	if slices.ContainsFunc(b.Events, db.tells) {
		db.noticed.signal()
	}
	if len(b.Jobs) > 0 {
		db.ready.signal()
	}
	return nil
}

func (db *DB) append(tx *gorm.DB, org string, b agent.Batch) (seqs []int64, err error) {
	if err := db.checkFence(tx, org, b.Fence); err != nil {
		return nil, err
	}
	if b.Hold != nil {
		if err := swapHold(tx, org, *b.Hold); err != nil {
			return nil, err
		}
	}
	if b.Alert != nil {
		if err := swapAlert(tx, org, *b.Alert); err != nil {
			return nil, err
		}
	}
	if seqs, err = db.appendEvents(tx, org, b.Events); err != nil {
		return nil, err
	}
	if err := countChanges(tx, org, b.Events); err != nil {
		return nil, err
	}
	if err := db.insertNotices(tx, b.Events, seqs); err != nil {
		return nil, err
	}
	for _, j := range b.Jobs {
		if err := enqueue(tx, org, j); err != nil {
			return nil, err
		}
	}
	if b.Drift != nil {
		if err := swapDrift(tx, org, *b.Drift); err != nil {
			return nil, err
		}
	}
	if err := judgeRuns(tx, org, b); err != nil {
		return nil, err
	}
	return seqs, markScans(tx, org, b)
}

// checkFence holds the job's row, so that it cannot be handed on before this
// write is over.
func (db *DB) checkFence(tx *gorm.DB, org string, f *agent.Fence) error {
	if f == nil {
		return nil
	}
	_, ok, err := one[int](tx, "SELECT 1 FROM jobs WHERE org = ? AND id = ? AND fence = ? AND state = 'running'"+db.dialect().forShare, org, f.Job, f.Token)
	if err == nil && !ok {
		return agent.ErrFenced
	}
	return err
}

// chainEnd is where a session's log ends while a batch is being written.
type chainEnd struct {
	seq       int64
	head, key []byte
	room      string
}

// appendEvents chains events to their sessions, which are locked in the order
// of their ids.
func (db *DB) appendEvents(tx *gorm.DB, org string, evs []agent.Event) ([]int64, error) {
	if len(evs) == 0 {
		return nil, nil
	}
	ends := map[string]*chainEnd{}
	for _, ev := range evs {
		if ev.Org != org {
			return nil, agent.ErrNotFound
		}
		ends[ev.Session] = nil
	}
	for _, id := range slices.Sorted(maps.Keys(ends)) {
		end, err := db.chainEnd(tx, org, id)
		if err != nil {
			return nil, err
		}
		ends[id] = end
	}
	seqs, err := insertEvents(tx, evs, ends)
	if err != nil {
		return nil, err
	}
	now := nowMicros()
	for id, end := range ends {
		if err := tx.Exec("UPDATE sessions SET seq = ?, head = ?, moved = ? WHERE org = ? AND id = ?", end.seq, end.head, now, org, id).Error; err != nil {
			return nil, err
		}
	}
	return seqs, nil
}

func (db *DB) chainEnd(tx *gorm.DB, org, id string) (*chainEnd, error) {
	s, err := session(tx, org, id, db.dialect().forUpdate)
	if err != nil {
		return nil, err
	}
	key, err := db.dataKey(tx, org, id)
	if err == nil && key == nil {
		key, err = db.newKey(tx, org, id)
	}
	if err != nil {
		return nil, err
	}
	t, err := parseThread(s.Thread)
	return &chainEnd{s.Seq, s.Head, key, t.Room()}, err
}

func insertEvents(tx *gorm.DB, evs []agent.Event, ends map[string]*chainEnd) ([]int64, error) {
	rows, payloads := make([]eventRow, len(evs)), make([]payloadRow, len(evs))
	out, seqs := make([]outboxRow, 0, len(evs)), make([]int64, len(evs))
	rooms := map[string]string{}
	for i, ev := range evs {
		end := ends[ev.Session]
		ev.Seq, rooms[ev.Session] = end.seq+1, end.room
		r, p, err := writeEvent(ev, end.head, end.key)
		if err != nil {
			return nil, err
		}
		end.seq, end.head = r.Seq, r.Hash
		rows[i], payloads[i], seqs[i] = r, p, r.Seq
		for _, room := range bot.Rooms(ev) {
			out = append(out, outboxRow{Org: r.Org, ID: copyOf(r.ID, room), Session: r.Session, Seq: r.Seq, State: pending, Room: room})
		}
	}
	tables := []any{&rows, &payloads}
	if len(out) > 0 {
		tables = append(tables, &out)
	}
	for _, all := range tables {
		if err := tx.Create(all).Error; err != nil {
			return nil, err
		}
	}
	if err := insertBills(tx, evs); err != nil {
		return nil, err
	}
	return seqs, insertUses(tx, evs, rooms)
}
