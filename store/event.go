package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
)

// eventRow is the envelope, which is chained and stays for ever.
type eventRow struct {
	Org, Session                 string
	Seq                          int64
	ID, Turn, Run, Trace, Causes string
	At                           int64
	Actor, Label, Kind           string
	Schema                       int
	PayloadHash, PrevHash, Hash  []byte
}

// TableName is the table's.
func (eventRow) TableName() string { return "events" }

// payloadRow is kept apart, under the session's data key, and can be erased.
type payloadRow struct {
	Org, Session     string
	Seq              int64
	Salt, Ciphertext []byte
}

// TableName is the table's.
func (payloadRow) TableName() string { return "payloads" }

// loggedRow is both; Salt is nil for what was erased.
type loggedRow struct {
	E                eventRow `gorm:"embedded"`
	Salt, Ciphertext []byte
}

const loggedSQL = `SELECT e.*, p.salt, p.ciphertext FROM events e
	LEFT JOIN payloads p ON p.org = e.org AND p.session = e.session AND p.seq = e.seq`

// genesis is what the first event of a session follows.
func genesis() []byte { return make([]byte, sha256.Size) }

// envelope is the canonical bytes: each column with its length before it, so
// that two envelopes never give the same ones.
func (r *eventRow) envelope() []byte {
	return fields("event", r.Org, r.Session, r.Seq, r.ID, r.Turn, r.Run, r.Trace, r.Causes, r.At, r.Actor, r.Label, r.Kind, int64(r.Schema))
}

func fields(all ...any) (b []byte) {
	for _, f := range all {
		switch f := f.(type) {
		case int64:
			b = binary.BigEndian.AppendUint64(b, 8)
			b = binary.BigEndian.AppendUint64(b, uint64(f))
		case string:
			b = append(binary.BigEndian.AppendUint64(b, uint64(len(f))), f...)
		case []byte:
			b = append(binary.BigEndian.AppendUint64(b, uint64(len(f))), f...)
		default:
			panic(fmt.Sprintf("no canonical bytes for %T", f)) // a mistake in this package
		}
	}
	return b
}

// chain is the hash of an event that follows prev.
func (r *eventRow) chain(prev []byte) []byte { return hash(prev, r.envelope(), r.PayloadHash) }

func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// belongs binds a payload to its event.
func (r *eventRow) belongs() string {
	return string(fields("payload", r.Org, r.Session, r.Seq, r.ID))
}

// write turns an event into rows. Its Seq and what it follows are given.
func writeEvent(ev agent.Event, prev, key []byte) (r eventRow, p payloadRow, err error) {
	r = eventRow{
		Org: ev.Org, Session: ev.Session, Seq: ev.Seq, ID: ev.ID, Turn: ev.Turn, Run: ev.Run, Trace: ev.Trace,
		At: micros(ev.At), Kind: string(ev.Kind), Schema: ev.Schema, PrevHash: prev,
	}
	text := ""
	for _, f := range []struct {
		to   *string
		from any
	}{{&r.Causes, ev.Causes}, {&r.Actor, ev.Actor}, {&r.Label, ev.Label}, {&text, ev.Payload}} {
		if *f.to, err = encode(f.from); err != nil {
			return r, p, err
		}
	}
	p = payloadRow{Org: r.Org, Session: r.Session, Seq: r.Seq, Salt: random(sha256.Size)}
	r.PayloadHash = hash(p.Salt, []byte(text))
	r.Hash = r.chain(prev)
	p.Ciphertext, err = seal(key, r.belongs(), []byte(text))
	return r, p, err
}

// payload decrypts; there is none when it was erased.
func (r *loggedRow) payload(key []byte) (text []byte, ok bool, err error) {
	if key == nil || r.Salt == nil {
		return nil, false, nil
	}
	if text, err = open(key, r.E.belongs(), r.Ciphertext); err != nil {
		return nil, false, fmt.Errorf("payload of event %s: %w", r.E.ID, err)
	}
	return text, true, nil
}

func (r *loggedRow) event(key []byte) (ev agent.Event, err error) {
	e := r.E
	ev = agent.Event{
		Schema: e.Schema, Seq: e.Seq, ID: e.ID, Org: e.Org, Session: e.Session, Turn: e.Turn, Run: e.Run, Trace: e.Trace,
		At: moment(e.At), Kind: agent.Kind(e.Kind),
	}
	text, ok, err := r.payload(key)
	if err != nil {
		return ev, err
	}
	if ok {
		err = decode(string(text), &ev.Payload)
	} else {
		ev.Payload = tombstone(ev.Kind)
	}
	for _, f := range []struct {
		from string
		to   any
	}{{e.Causes, &ev.Causes}, {e.Actor, &ev.Actor}, {e.Label, &ev.Label}} {
		if err == nil {
			err = decode(f.from, f.to)
		}
	}
	return ev, err
}

// tombstone has what readers of its kind rely on, and nothing in it.
func tombstone(k agent.Kind) agent.Payload {
	p := agent.Payload{Text: erased}
	switch k {
	case agent.KindAsk:
		p.Ask = &agent.Ask{}
	case agent.KindStep:
		p.Step = &agent.Step{}
	case agent.KindStarted:
		p.Call = &agent.ToolCall{}
	case agent.KindResult:
		p.Call, p.Result = &agent.ToolCall{}, &agent.ToolResult{Text: erased}
	case agent.KindApproval, agent.KindQuestion, agent.KindVerdict:
		p.Call, p.Hold = &agent.ToolCall{}, erasedHold()
	case agent.KindFinding:
		p.Scan = &agent.ScanNews{}
	case agent.KindSummary:
		p.Summary = &agent.Summary{}
	case agent.KindPaused:
		p.Pause = &agent.Pause{}
	}
	return p
}

// erasedHold is decided, and a question with something to press: so no words of
// people are taken as its answer.
func erasedHold() *agent.Hold {
	return &agent.Hold{Approval: &agent.Approval{Verdicts: []agent.Verdict{{}}}, Question: &agent.Question{Choices: []string{erased}}}
}

func keyBelongs(org, session string) string { return string(fields("session key", org, session)) }

// dataKey is a session's, or nil when it was erased or never needed.
func (db *DB) dataKey(tx *gorm.DB, org, session string) ([]byte, error) {
	row, ok, err := one[struct{ Wrapped []byte }](tx, "SELECT wrapped FROM session_keys WHERE org = ? AND session = ?", org, session)
	if err != nil || !ok {
		return nil, err
	}
	return db.unwrap(org, session, row.Wrapped)
}

func (db *DB) unwrap(org, session string, wrapped []byte) ([]byte, error) {
	k, err := db.of(org)
	if err != nil {
		return nil, err
	}
	key, err := open(k.wrap, keyBelongs(org, session), wrapped)
	if err != nil {
		return nil, fmt.Errorf("key of session %s: %w", session, err)
	}
	return key, nil
}

// newKey makes a session's data key.
func (db *DB) newKey(tx *gorm.DB, org, session string) ([]byte, error) {
	k, err := db.of(org)
	if err != nil {
		return nil, err
	}
	key := random(keySize)
	wrapped, err := seal(k.wrap, keyBelongs(org, session), key)
	if err != nil {
		return nil, err
	}
	return key, tx.Exec("INSERT INTO session_keys (org, session, wrapped) VALUES (?, ?, ?)", org, session, wrapped).Error
}
