package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

func notFound(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("error %v, want not found", err)
	}
}

func TestManyWriters(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		const writers, each = 16, 60
		db := open(t, o)
		var all sync.WaitGroup
		for w := range writers {
			s := session(t, db, fmt.Sprint(w%4))
			all.Go(func() {
				for i := range each {
					j := agenttest.Asked(s.Org, fmt.Sprint(w, "/", i), s.Thread)
					if err := db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, "x")}, Jobs: []agent.Job{j}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if got := verify(t, db); got.Events != writers*each || len(got.Problems) > 0 {
			t.Errorf("%d events, problems %v", got.Events, got.Problems)
		}
		if s, err := db.Stats(t.Context()); err != nil || s.Ready != writers*each || s.OutboxPending != writers*each {
			t.Errorf("stats %+v, %v", s, err)
		}
	})
}

// A write that fails in its middle leaves nothing, and takes none of those
// that are committed with it along.
func TestFailedWriteStandsAlone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		const writers, each = 8, 20
		db := open(t, o)
		var all sync.WaitGroup
		for w := range writers {
			s := session(t, db, fmt.Sprint(w))
			all.Go(func() {
				for i := range each {
					j := agenttest.Asked(agenttest.Rival, "strayed", s.Thread) // refused after the event was written
					err := db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, "lost")}, Jobs: []agent.Job{j}})
					if !errors.Is(err, agent.ErrNotFound) {
						t.Errorf("write %d: %v", i, err)
					}
					if err := db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, "kept")}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if got := verify(t, db); got.Events != writers*each || len(got.Problems) > 0 {
			t.Errorf("%d events, want %d; problems %v", got.Events, writers*each, got.Problems)
		}
	})
}

// The power fails at any byte of the log: the file opens again, is sound, and
// has all that was acknowledged by then.
func TestCuts(t *testing.T) {
	t.Parallel()
	const writes, cuts = 120, 40
	dir := t.TempDir()
	db := open(t, store.Options{DataDir: dir})
	s := session(t, db, "1")
	wal := filepath.Join(dir, "interlock.db-wal")
	begin := size(t, wal)
	var acknowledged []int64 // how long the log was after each write
	for i := range writes {
		j := agenttest.Asked(s.Org, fmt.Sprint(i), s.Thread)
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, fmt.Sprint(i))}, Jobs: []agent.Job{j}}))
		acknowledged = append(acknowledged, size(t, wal))
	}
	whole, log := read(t, filepath.Join(dir, "interlock.db")), read(t, wal)
	random := rand.New(rand.NewPCG(1, 2))
	for range cuts {
		at := begin + random.Int64N(int64(len(log))-begin+1)
		want := 0
		for _, n := range acknowledged {
			if n <= at {
				want++
			}
		}
		reopen(t, whole, log[:at], want)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	must(t, err)
	return st.Size()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

func reopen(t *testing.T, whole, log []byte, want int) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "cut")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "interlock.db"), whole, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "interlock.db-wal"), log, 0o600))
	db, err := store.Open(t.Context(), store.Options{DataDir: dir, Keys: testKeys()})
	must(t, err)
	defer func() { must(t, db.Close()) }()
	if got := verify(t, db); got.Events < want || len(got.Problems) > 0 {
		t.Errorf("cut at %d: %d events of %d, problems %v", len(log), got.Events, want, got.Problems)
	}
	if s, err := db.Stats(t.Context()); err != nil || s.Ready < want || s.Ready != s.OutboxPending {
		t.Errorf("cut at %d: stats %+v, want %d jobs; %v", len(log), s, want, err)
	}
	var sound string
	must(t, raw(t, store.Options{DataDir: dir}).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound))
	if sound != "ok" {
		t.Errorf("cut at %d: %s", len(log), sound)
	}
}

// What is durable depends on these, whatever a driver thinks of its DSN.
func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, store.Options{DataDir: dir})
	var mode string
	must(t, raw(t, store.Options{DataDir: dir}).QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	if mode != "wal" {
		t.Errorf("journal mode is %s", mode)
	}
}

// Queries of the hot paths use their indexes: nothing is scanned.
func TestIndexesAreUsed(t *testing.T) {
	t.Parallel()
	o := store.Options{DataDir: t.TempDir()}
	open(t, o)
	db := raw(t, o)
	for _, q := range []string{
		"SELECT ord FROM jobs j WHERE state = 'ready' AND control = 1 AND run_after <= 5 AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.state = 'running' AND r.org = j.org AND r.place = j.place) ORDER BY run_after, ord LIMIT 1",
		"SELECT count(*) FROM jobs WHERE state = 'ready' AND run_after <= 5",
		"SELECT count(*) FROM jobs WHERE state = 'running'",
		"SELECT count(*) FROM jobs WHERE state = 'dead'",
		"SELECT count(*) FROM holds WHERE state = 1 AND code <> ''",
		"SELECT count(*) FROM outbox WHERE state = 'pending'",
		"SELECT * FROM messages WHERE org = 'a' AND platform = 'b' AND channel = 'c' AND id = thread AND (newest > born OR alone = 0) ORDER BY waits DESC, newest DESC LIMIT 5 OFFSET 5",
		"SELECT 1 FROM messages t WHERE t.org = 'a' AND t.platform = 'b' AND t.channel = 'c' AND t.thread = 'd' AND t.open = 1",
		"SELECT ord FROM jobs WHERE state = 'done' AND run_after < 5 LIMIT 5",
		"SELECT ord FROM outbox WHERE state <> 'pending' AND settled < 5 LIMIT 5",
		"SELECT 1 FROM sessions WHERE org = 'a' AND seq > sealed",
		"SELECT * FROM sessions WHERE org = 'a' AND (origin = 'b' OR thread = 'b')",
		"SELECT * FROM outbox o WHERE o.org = 'a' AND o.state = 'pending' AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.state = 'pending' AND b.org = o.org AND b.session = o.session AND b.seq < o.seq) ORDER BY o.ord LIMIT 5",
		"SELECT body FROM holds WHERE org = 'a' AND (code = 'b' OR id >= 'b' AND id < 'c')",
	} {
		for _, step := range plan(t, db, q) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n\t%s", q, step)
			}
		}
	}
}

func plan(t *testing.T, db *sql.DB, query string) (steps []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var step string
		must(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	must(t, rows.Err())
	return steps
}
