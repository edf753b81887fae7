package store_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"interlock/bot/notify/notifytest"
	"interlock/store"
	"interlock/store/storetest"
)

func TestNotices(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(t *testing.T) store.Options{
		"sqlite":   func(t *testing.T) store.Options { return store.Options{DataDir: t.TempDir()} },
		"postgres": func(t *testing.T) store.Options { return store.Options{URL: storetest.Postgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notifytest.TestStore(t, func(t *testing.T) (notifytest.Store, func(t *testing.T) []string) {
				o := options(t)
				db, seen := open(t, o), raw(t, o)
				return db, func(t *testing.T) []string { return jobIDs(t, seen) }
			})
		})
	}
}

func jobIDs(t *testing.T, db *sql.DB) (ids []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT id FROM jobs ORDER BY ord")
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		must(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(t, rows.Err())
	return ids
}

// What was told long ago is forgotten, in pieces; what is not told yet stays, and so does
// what a target was told the beginning of.
func TestNoticesPurged(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o = another(t, o)
		db, seen := open(t, o), raw(t, o)
		old, count := notifytest.Noon(), func(table string) (n int) {
			must(t, seen.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
			return n
		}
		const many = 1200
		for i := range many + 1 {
			run(t, seen,
				fmt.Sprintf("INSERT INTO notices (org, id, state, at) VALUES ('acme', 'n%d', 'routed', %d)", i, old.UnixMicro()),
				fmt.Sprintf(`INSERT INTO deliveries (org, id, notice, target, way, lane, type, severity, topic, key, more, due, bundle, state)
					VALUES ('acme', 'd%d', 'n%d', 't', 't', '', 'x', 1, 'x', '', 0, %d, 'd%d', '%s')`, i, i, old.UnixMicro(), i, map[bool]string{true: "pending", false: "sent"}[i == many]))
		}
		run(t, seen, fmt.Sprintf("INSERT INTO tellings (org, target, key, at, more) VALUES ('acme', 't', 'k', %d, 0)", old.UnixMicro()),
			fmt.Sprintf("INSERT INTO mutes (org, target, topic, until, person) VALUES ('acme', 't', 'x', %d, 'ana')", old.UnixMicro()))
		for _, c := range []struct {
			after time.Duration
			want  map[string]int
		}{
			{time.Hour, map[string]int{"notices": 1, "deliveries": 1, "mutes": 0, "tellings": 1}},
			{365 * 24 * time.Hour, map[string]int{"notices": 1, "deliveries": 1, "tellings": 0}},
		} {
			must(t, db.PurgeNotices(t.Context(), old.Add(c.after)))
			for table, want := range c.want {
				if got := count(table); got != want {
					t.Errorf("after %s there are %d %s, want %d", c.after, got, table, want)
				}
			}
		}
	})
}
