package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

// logged writes two sessions, seals them twice, and leaves two events unsealed.
func logged(t *testing.T, db *store.DB) (first *agent.Session) {
	t.Helper()
	for _, thread := range []string{"1", "2"} {
		s := session(t, db, thread)
		if first == nil {
			first = s
		}
		for round := range 2 {
			for i := range 3 {
				say(t, db, s, fmt.Sprint("needle ", round, i))
			}
			seal(t, db, true)
		}
		say(t, db, s, "not sealed yet")
	}
	return first
}

func session(t *testing.T, db *store.DB, thread string) *agent.Session {
	t.Helper()
	s, err := db.Open(t.Context(), agenttest.Org, agenttest.Thread(thread))
	must(t, err)
	return s
}

func say(t *testing.T, db *store.DB, s *agent.Session, text string) agent.Event {
	t.Helper()
	evs := []agent.Event{agenttest.Answer(s, text)}
	must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: evs}))
	return evs[0]
}

func seal(t *testing.T, db *store.DB, want bool) {
	t.Helper()
	if sealed, err := db.Seal(t.Context(), agenttest.Org); err != nil || sealed != want {
		t.Fatalf("sealed %v, want %v; %v", sealed, want, err)
	}
}

func verify(t *testing.T, db *store.DB) store.Report {
	t.Helper()
	r, err := db.Verify(t.Context(), agenttest.Org)
	must(t, err)
	return r
}

func sound(t *testing.T, db *store.DB, want store.Report) {
	t.Helper()
	got := verify(t, db)
	if len(got.Problems) > 0 {
		t.Fatalf("problems: %v", got.Problems)
	}
	got.Head = ""
	if got.Events != want.Events || got.Erased != want.Erased || got.Sessions != want.Sessions ||
		got.Checkpoints != want.Checkpoints || got.Unsealed != want.Unsealed {
		t.Fatalf("report %+v, want %+v", got, want)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		sound(t, db, store.Report{})
		seal(t, db, false)
		logged(t, db)
		// The first session's last event was sealed with the second session.
		sound(t, db, store.Report{Events: 14, Sessions: 2, Checkpoints: 4, Unsealed: 1})
		seal(t, db, true)
		seal(t, db, false)
		sound(t, db, store.Report{Events: 14, Sessions: 2, Checkpoints: 5})
		if head := verify(t, db).Head; !strings.HasPrefix(head, "5:") {
			t.Errorf("head is %q", head)
		}
	})
}

// disarm is what an intruder does first.
var disarm = map[bool][]string{
	true: {
		"DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", "DROP TRIGGER payloads_no_update",
		"DROP TRIGGER checkpoints_no_update", "DROP TRIGGER checkpoints_no_delete",
		"DROP TRIGGER checkpoint_heads_no_update", "DROP TRIGGER checkpoint_heads_no_delete",
	},
	false: {
		"ALTER TABLE events DISABLE TRIGGER USER", "ALTER TABLE payloads DISABLE TRIGGER USER",
		"ALTER TABLE checkpoints DISABLE TRIGGER USER", "ALTER TABLE checkpoint_heads DISABLE TRIGGER USER",
	},
}

// tampers are statements on the session S of the Org acme; H is the hash of
// its third event.
var tampers = map[string][]string{
	"edit an event":              {"UPDATE events SET actor = replace(actor, 'alice', 'mallory') WHERE session = S AND seq = 2"},
	"edit the unsealed event":    {"UPDATE events SET kind = 'verdict' WHERE session = S AND seq = 7"},
	"move an event in time":      {"UPDATE events SET at = at + 1 WHERE session = S AND seq = 2"},
	"edit a hash":                {"UPDATE events SET hash = prev_hash WHERE session = S AND seq = 7"},
	"delete in the middle":       {"DELETE FROM events WHERE session = S AND seq = 3", "DELETE FROM payloads WHERE session = S AND seq = 3"},
	"delete the first":           {"DELETE FROM events WHERE session = S AND seq = 1", "DELETE FROM payloads WHERE session = S AND seq = 1"},
	"delete the tail":            {"DELETE FROM events WHERE session = S AND seq > 3", "DELETE FROM payloads WHERE session = S AND seq > 3"},
	"delete the tail and say so": {"DELETE FROM events WHERE session = S AND seq > 3", "DELETE FROM payloads WHERE session = S AND seq > 3", "UPDATE sessions SET seq = 3, sealed = 3, head = H WHERE id = S"},
	"delete a session": {
		"DELETE FROM events WHERE session = S", "DELETE FROM payloads WHERE session = S",
		"DELETE FROM session_keys WHERE session = S", "DELETE FROM sessions WHERE id = S",
	},
	"delete all events and begin anew": {
		"DELETE FROM events WHERE session = S", "DELETE FROM payloads WHERE session = S", "UPDATE sessions SET seq = 0, sealed = 0 WHERE id = S",
	},
	"insert at the end": {copyEvent("seq + 1", "seq = 7")},
	"insert between": {
		"UPDATE events SET seq = seq + 100 WHERE session = S AND seq > 3", "UPDATE events SET seq = seq - 99 WHERE session = S AND seq > 100",
		copyEvent("4", "seq = 3"),
	},
	"reorder": {
		"UPDATE events SET seq = 99 WHERE session = S AND seq = 2", "UPDATE events SET seq = 2 WHERE session = S AND seq = 3",
		"UPDATE events SET seq = 3 WHERE session = S AND seq = 99",
	},
	"give an event to another Org": {"UPDATE events SET org = 'rival' WHERE session = S AND seq = 7"},
	"give all to another Org": {
		"UPDATE events SET org = 'rival' WHERE session = S", "UPDATE sessions SET org = 'rival' WHERE id = S",
		"UPDATE payloads SET org = 'rival' WHERE session = S", "UPDATE session_keys SET org = 'rival' WHERE session = S",
	},
	"swap payloads": {
		"UPDATE payloads SET seq = 99 WHERE session = S AND seq = 2", "UPDATE payloads SET seq = 2 WHERE session = S AND seq = 3",
		"UPDATE payloads SET seq = 3 WHERE session = S AND seq = 99",
	},
	"edit a payload":              {"UPDATE payloads SET ciphertext = salt WHERE session = S AND seq = 2"},
	"edit a salt":                 {"UPDATE payloads SET salt = ciphertext WHERE session = S AND seq = 2"},
	"take a payload away":         {"DELETE FROM payloads WHERE session = S AND seq = 2"},
	"take a key away":             {"DELETE FROM session_keys WHERE session = S"},
	"swap the keys":               {"UPDATE session_keys SET wrapped = (SELECT k.wrapped FROM session_keys k WHERE k.session <> S) WHERE session = S"},
	"add a payload":               {"INSERT INTO payloads (org, session, seq, salt, ciphertext) SELECT org, session, 99, salt, ciphertext FROM payloads WHERE session = S AND seq = 1"},
	"edit a checkpoint":           {"UPDATE checkpoints SET at = at + 1 WHERE n = 2"},
	"edit the last checkpoint":    {"UPDATE checkpoints SET root = prev WHERE n = 4"},
	"edit a signature":            {"UPDATE checkpoints SET signature = root WHERE n = 4"},
	"delete a checkpoint":         {"DELETE FROM checkpoints WHERE n = 2", "DELETE FROM checkpoint_heads WHERE n = 2"},
	"delete the last checkpoint":  {"DELETE FROM checkpoints WHERE n = 4", "DELETE FROM checkpoint_heads WHERE n = 4"},
	"edit a head":                 {"UPDATE checkpoint_heads SET seq = 1 WHERE n = 1"},
	"delete a head":               {"DELETE FROM checkpoint_heads WHERE n = 1"},
	"add a head":                  {"INSERT INTO checkpoint_heads (org, n, session, seq, hash) SELECT org, 99, session, seq, hash FROM checkpoint_heads WHERE n = 1"},
	"edit where a session stands": {"UPDATE sessions SET head = H WHERE id = S"},
}

func copyEvent(seq, where string) string {
	return `INSERT INTO events (org, session, seq, id, turn, run, trace, causes, at, actor, label, kind, schema, payload_hash, prev_hash, hash)
		SELECT org, session, ` + seq + `, 'forged', turn, run, trace, causes, at, actor, label, kind, schema, payload_hash, hash, hash
		FROM events WHERE session = S AND ` + where
}

func TestTampering(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		for name, statements := range tampers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := another(t, o)
				db := open(t, o)
				s := logged(t, db)
				intruder := raw(t, o)
				run(t, intruder, disarm[o.URL == ""]...)
				for _, st := range statements {
					st = strings.ReplaceAll(st, "= H", "= (SELECT hash FROM events WHERE session = S AND seq = 3)")
					st = strings.ReplaceAll(strings.ReplaceAll(st, "= S", "= '"+s.ID+"'"), "<> S", "<> '"+s.ID+"'")
					run(t, intruder, st)
				}
				if r := verify(t, db); len(r.Problems) == 0 {
					t.Errorf("not found: %+v", r)
				}
			})
		}
	})
}

func TestAppendOnly(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := logged(t, db)
		must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Hold: &agent.Hold{
			ID: "h", Org: s.Org, Session: s.ID, Approval: &agent.Approval{Verdicts: []agent.Verdict{{ID: "v"}}},
		}}))
		intruder := raw(t, o)
		for _, st := range []string{
			"UPDATE events SET kind = 'x'", "DELETE FROM events", "UPDATE payloads SET salt = ciphertext",
			"UPDATE checkpoints SET n = 9", "DELETE FROM checkpoints", "UPDATE checkpoint_heads SET n = 9", "DELETE FROM checkpoint_heads",
			"UPDATE verdicts SET approve = 1", "DELETE FROM verdicts",
		} {
			if _, err := intruder.ExecContext(t.Context(), st); err == nil {
				t.Errorf("%s: no error", st)
			}
		}
	})
}

func TestErase(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := logged(t, db)
		step := agenttest.Answer(s, "needle")
		step.Kind, step.Payload.Step = agent.KindStep, &agent.Step{Calls: []agent.ToolCall{{ID: "c"}}}
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{step}, Hold: &agent.Hold{ID: "h", Org: s.Org, Session: s.ID}}))
		id, err := db.Keep(t.Context(), agent.Artifact{Org: s.Org, Session: s.ID, Bytes: []byte("needle")})
		must(t, err)
		for _, org := range []string{agenttest.Rival, "nobody"} {
			_, err := db.Erase(t.Context(), org, s.ID)
			notFound(t, err)
		}
		erase(t, db, s)
		got, err := db.Load(t.Context(), s.Org, s.ID)
		must(t, err)
		for _, ev := range got.Events {
			if ev.ID == "" || ev.Actor.Name != "alice" || strings.Contains(ev.Payload.Text, "needle") {
				t.Errorf("erased event is %+v", ev)
			}
		}
		if open := got.Unanswered("turn"); len(open) != 0 {
			t.Errorf("erased calls are open: %v", open)
		}
		_, err = db.Held(t.Context(), s.Org, "h")
		notFound(t, err)
		_, err = db.Artifact(t.Context(), s.Org, id)
		notFound(t, err)
		sound(t, db, store.Report{Events: 15, Erased: 8, Sessions: 2, Checkpoints: 4, Unsealed: 2})
		say(t, db, s, "life goes on")
		evs, err := db.Tail(t.Context(), s.Org, s.ID, 8)
		if err != nil || len(evs) != 1 || evs[0].Payload.Text != "life goes on" {
			t.Errorf("after the erasure: %+v, %v", evs, err)
		}
		sound(t, db, store.Report{Events: 16, Erased: 8, Sessions: 2, Checkpoints: 4, Unsealed: 3})
	})
}

func TestPayloadsAreEncrypted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, store.Options{DataDir: dir})
	logged(t, db)
	if _, err := db.Keep(t.Context(), agent.Artifact{Org: agenttest.Org, Bytes: []byte("needle")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"interlock.db", "interlock.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if strings.Contains(string(b), "needle") {
			t.Errorf("%s has a payload in clear", name)
		}
	}
}

func TestSealerSealsAtItsEnd(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- db.Sealer(ctx) }()
		say(t, db, session(t, db, "1"), "x")
		cancel()
		must(t, agenttest.Await(t, done))
		sound(t, db, store.Report{Events: 1, Sessions: 1, Checkpoints: 1})
	})
}
