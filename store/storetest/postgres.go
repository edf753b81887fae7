// Package storetest makes databases for tests. It must never know what is kept in
// them.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// PostgresEnv names the database of the PostgreSQL tests; each test makes a schema of
// its own in it.
const PostgresEnv = "INTERLOCK_TEST_POSTGRES"

// Postgres makes an empty schema, which is gone after the test, and gives its URL.
// Without a server the test is not run, and says so; in CI it fails.
func Postgres(t *testing.T) string {
	t.Helper()
	base := os.Getenv(PostgresEnv)
	switch {
	case base == "" && os.Getenv("CI") != "":
		t.Fatalf("no PostgreSQL: start one and set %s=postgres://user@127.0.0.1:5432/postgres", PostgresEnv)
	case base == "":
		t.Skipf("no PostgreSQL: to run this too, start one and set %s=postgres://user@127.0.0.1:5432/postgres", PostgresEnv)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	admin(t, base, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { admin(t, base, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func admin(t *testing.T, at, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Fatal(err)
	}
}
