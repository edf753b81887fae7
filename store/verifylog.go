package store

import (
	"bytes"
	"database/sql"
	"fmt"

	"gorm.io/gorm"
)

// pull reads rows one by one: a log can be larger than memory.
func pull(tx *gorm.DB, rows *sql.Rows) func() (headRow, bool, error) {
	return func() (h headRow, more bool, err error) {
		if !rows.Next() {
			return h, false, rows.Err()
		}
		return h, true, tx.ScanRows(rows, &h)
	}
}

// walk is one session's log on its way through the verifier.
type walk struct {
	sessionRow
	known bool
	seq   int64
	head  []byte
	key   []byte
}

// events recomputes every session's chain in the order of the log.
func (v *verifier) events(tx *gorm.DB) error {
	rows, err := tx.Raw(loggedColumns+` WHERE e.org = ? ORDER BY e.session, e.seq`, v.org).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var w *walk
	seen := map[string]bool{}
	for rows.Next() {
		var r loggedRow
		e := &r.E
		if err := rows.Scan(&e.Org, &e.Session, &e.Seq, &e.ID, &e.Turn, &e.Run, &e.Trace, &e.Causes, &e.At, &e.Actor, &e.Label,
			&e.Kind, &e.Schema, &e.PayloadHash, &e.PrevHash, &e.Hash, &r.Salt, &r.Ciphertext); err != nil {
			return err
		}
		if w == nil || w.ID != r.E.Session {
			v.finish(w)
			w = v.begin(r.E.Session)
			seen[r.E.Session] = true
		}
		v.event(w, &r)
	}
	v.finish(w)
	for id, s := range v.sessions {
		if !seen[id] {
			v.finish(&walk{sessionRow: s, known: true, head: genesis()})
		}
	}
	return rows.Err()
}

func (v *verifier) begin(id string) *walk {
	w := &walk{head: genesis()}
	w.sessionRow, w.known = v.sessions[id]
	w.ID = id
	if !w.known {
		v.problem("session %s: has events and is not there", id)
	}
	if wrapped := v.wrapped[id]; wrapped != nil {
		var err error
		if w.key, err = open(v.keys.wrap, keyBelongs(v.org, id), wrapped); err != nil {
			v.problem("session %s: its key was changed", id)
		}
	}
	return w
}

// event checks one link. It goes on from what is stored, so that one change is
// one problem.
func (v *verifier) event(w *walk, r *loggedRow) {
	v.Events++
	switch {
	case r.E.Seq != w.seq+1:
		v.problem("session %s: event %d follows event %d", w.ID, r.E.Seq, w.seq)
	case !bytes.Equal(r.E.PrevHash, w.head):
		v.problem("session %s event %d: does not follow the one before", w.ID, r.E.Seq)
	case !bytes.Equal(r.E.Hash, r.E.chain(r.E.PrevHash)):
		v.problem("session %s event %d: was changed", w.ID, r.E.Seq)
	}
	if h, ok := v.sealed[w.ID]; ok && h.Seq == r.E.Seq && !bytes.Equal(h.Hash, r.E.Hash) {
		v.problem("session %s event %d: is not the one that was sealed", w.ID, r.E.Seq)
	}
	if why := v.payload(w, r); why != "" {
		v.problem("session %s event %d: %s", w.ID, r.E.Seq, why)
	}
	w.seq, w.head = r.E.Seq, r.E.Hash
}

func (v *verifier) payload(w *walk, r *loggedRow) string {
	if r.Salt == nil && r.Ciphertext == nil {
		v.Erased++
		if r.E.Seq > w.Erased {
			return "its payload is missing and was not erased"
		}
		return ""
	}
	v.payloads++
	if w.key == nil {
		return "its payload cannot be read: the session has no key"
	}
	text, err := open(w.key, r.E.belongs(), r.Ciphertext)
	if err != nil || !bytes.Equal(r.E.PayloadHash, hash(r.Salt, text)) {
		return "its payload is another one"
	}
	return ""
}

// finish compares where a log ends with where it should.
func (v *verifier) finish(w *walk) {
	if w == nil {
		return
	}
	sealed := v.sealed[w.ID].Seq
	v.Unsealed += int(max(0, w.seq-sealed))
	switch {
	case sealed > w.seq:
		v.problem("session %s: ends at event %d, sealed at %d", w.ID, w.seq, sealed)
	case w.known && w.Sealed > sealed:
		v.problem("session %s: a checkpoint over event %d is gone", w.ID, w.Sealed)
	case w.known && (w.Seq != w.seq || !bytes.Equal(w.Head, w.head)):
		v.problem("session %s: ends at event %d, should end at %d", w.ID, w.seq, w.Seq)
	}
}

var loggedColumns = fmt.Sprintf(`SELECT %s, p.salt, p.ciphertext FROM events e
	LEFT JOIN payloads p ON p.org = e.org AND p.session = e.session AND p.seq = e.seq`,
	"e.org, e.session, e.seq, e.id, e.turn, e.run, e.trace, e.causes, e.at, e.actor, e.label, e.kind, e.schema, e.payload_hash, e.prev_hash, e.hash")
