package store_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/bot/bottest"
	"interlock/scheduler/schedulertest"
	"interlock/store"
	"interlock/store/storetest"
)

const artifactLimit = 1 << 16

func testKeys() map[string][]byte {
	return map[string][]byte{
		agenttest.Org:   []byte(strings.Repeat("a", 32)),
		agenttest.Rival: []byte(strings.Repeat("r", 32)),
	}
}

func open(tb testing.TB, o store.Options) *store.DB {
	tb.Helper()
	o.Keys, o.ArtifactLimit = testKeys(), artifactLimit
	db, err := store.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// both runs a test on SQLite and on PostgreSQL. Options are of an empty
// database, for as many handles as the test wants.
func both(t *testing.T, test func(t *testing.T, o store.Options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, store.Options{DataDir: t.TempDir()})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, store.Options{URL: storetest.Postgres(t)})
	})
}

// raw is the same database past the store: what an intruder has.
func raw(t *testing.T, o store.Options) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", o.URL
	if o.URL == "" {
		driver, dsn = "sqlite", "file:"+o.DataDir+"/interlock.db?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestStore(t, func(t *testing.T) agent.Store { return open(t, another(t, o)) })
	})
}

func TestJobs(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestJobs(t, func(t *testing.T) agenttest.Queue { return open(t, another(t, o)) })
	})
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestArtifacts(t, func(t *testing.T) (agent.Artifacts, int) { return open(t, another(t, o)), artifactLimit })
	})
}

func TestRows(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		bottest.TestRows(t, func(t *testing.T) bottest.Rows { return open(t, another(t, o)) })
	})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		bottest.TestMessages(t, func(t *testing.T) bot.Messages { return open(t, another(t, o)) })
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		schedulertest.TestClaims(t, func(t *testing.T) schedulertest.Claims { return open(t, another(t, o)) })
	})
}

// another is an empty database of the same kind.
func another(t *testing.T, o store.Options) store.Options {
	t.Helper()
	if o.URL == "" {
		return store.Options{DataDir: t.TempDir()}
	}
	return store.Options{URL: storetest.Postgres(t)}
}

func TestOpenAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		first := open(t, o)
		s, err := first.Open(t.Context(), agenttest.Org, agenttest.Thread("1"))
		must(t, err)
		second := open(t, o)
		if got, err := second.Open(t.Context(), agenttest.Org, agenttest.Thread("1")); err != nil || got.ID != s.ID {
			t.Errorf("opened again: %+v, %v", got, err)
		}
		must(t, second.Ping(t.Context()))
	})
}

// Two processes that start at the same moment both find a finished database.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		const processes = 4
		o.Keys = testKeys()
		done := make(chan error, processes)
		for range processes {
			go func() {
				db, err := store.Open(t.Context(), o)
				if err == nil {
					err = db.Close()
				}
				done <- err
			}()
		}
		for range processes {
			if err := agenttest.Await(t, done); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]store.Options{
		"at least 32 bytes": {DataDir: t.TempDir(), Keys: map[string][]byte{"acme": []byte("short")}},
		"postgres://":       {URL: "mysql://x"},
		"data directory":    {},
	} {
		db, err := store.Open(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("opened as %v: %v, want %q", db, err, want)
		}
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), Keys: testKeys()})
	must(t, err)
	must(t, db.Close())
	if err := db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "j", agenttest.Thread("1"))); err == nil {
		t.Error("a closed store took a job")
	}
}

func TestUnknownOrg(t *testing.T) {
	t.Parallel()
	db := open(t, store.Options{DataDir: t.TempDir()})
	if _, err := db.Open(t.Context(), "nobody", agenttest.Thread("1")); err == nil {
		t.Error("a session without a key")
	}
	if err := db.Enqueue(t.Context(), agenttest.Asked("nobody", "j", agenttest.Thread("1"))); err == nil {
		t.Error("a job without a key")
	}
	if _, err := db.Keep(t.Context(), agent.Artifact{Org: "nobody", At: time.Now()}); err == nil {
		t.Error("an artifact without a key")
	}
	if _, err := db.Billed(t.Context(), "nobody", agent.BillFilter{}); err == nil {
		t.Error("bills without a key")
	}
}
