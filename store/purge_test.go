package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/store"
)

func TestPurge(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		for text, expires := range map[string]time.Time{"past": agenttest.Now().Add(-time.Hour), "future": agenttest.Now().Add(time.Hour), "never": {}} {
			if _, err := db.Keep(t.Context(), agent.Artifact{Org: agenttest.Org, Bytes: []byte(text), Expires: expires}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := db.Purge(t.Context()); err != nil || n != 1 {
			t.Errorf("purged %d, want 1; %v", n, err)
		}
	})
}

// finished fills the tables with work that ended long ago, in more rows than go at once,
// and with what must stay.
const finished = `
	INSERT INTO jobs (org, id, thread, place, control, state, run_after, body)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT 'acme', 'old/' || i, 't', 't', 0, 'done', OLD, '' FROM n;
	INSERT INTO jobs (org, id, thread, place, control, state, run_after, body) VALUES
		('acme', 'old', 't', 't', 0, 'done', OLD - 1, ''), ('rival', 'old', 't', 't', 0, 'done', OLD - 1, ''),
		('acme', 'young', 't', 't', 0, 'done', YOUNG, ''), ('acme', 'dead', 't', 't', 0, 'dead', OLD, '{}'),
		('acme', 'ready', 't', 't', 0, 'ready', OLD, '{}'), ('acme', 'running', 't', 't', 0, 'running', OLD, '{}');
	UPDATE outbox SET settled = OLD WHERE id IN ('sent', 'dropped', 'waits');
	UPDATE outbox SET settled = YOUNG WHERE id = 'new'`

// What is done and shown goes when it is old, however much it is; what waits, what was
// given up, and where cards stand, stays.
func TestFinishedWorkGoes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db, past := open(t, o), raw(t, o)
		s := session(t, db, "1")
		for _, id := range []string{"sent", "dropped", "new", "fresh", "waits"} {
			ev := agenttest.Answer(s, id)
			ev.ID = id
			must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{ev}}))
		}
		ref := bot.Ref{Thread: s.Thread, MessageID: "m"}
		must(t, db.Sent(t.Context(), s.Org, "sent", "card", ref))
		must(t, db.Dropped(t.Context(), s.Org, "dropped", "the room is gone"))
		must(t, db.Sent(t.Context(), s.Org, "new", "", ref))
		must(t, db.Sent(t.Context(), s.Org, "fresh", "", ref))
		day := func(n int) string { return fmt.Sprint(time.Now().AddDate(0, 0, -n).UnixMicro()) }
		run(t, past, strings.Split(strings.NewReplacer("OLD", day(91), "YOUNG", day(89)).Replace(finished), ";")...)
		if n, err := db.Purge(t.Context()); err != nil || n != 2504 {
			t.Errorf("purged %d, want 2504; %v", n, err)
		}
		for table, want := range map[string]string{"jobs": "dead,ready,running,young", "outbox": "fresh,new,waits"} {
			if got := column(t, past, table+".id"); got != want {
				t.Errorf("%s: %.200s, want %s", table, got, want)
			}
		}
		if r, ok, err := db.Ref(t.Context(), s.Org, "card"); err != nil || !ok || r != ref {
			t.Errorf("the card is at %+v, %v; %v", r, ok, err)
		}
		if n, err := db.Purge(t.Context()); err != nil || n != 0 {
			t.Errorf("again %d, %v", n, err)
		}
	})
}

// column is all that stands in one, as "table.column".
func column(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	table, what, _ := strings.Cut(name, ".")
	rows, err := db.QueryContext(t.Context(), "SELECT "+what+" FROM "+table+" ORDER BY "+what)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var one string
		must(t, rows.Scan(&one))
		all = append(all, one)
	}
	must(t, rows.Err())
	return strings.Join(all, ",")
}
