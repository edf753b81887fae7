// Package store keeps the log, holds, jobs, outbox, messages and artifacts in
// SQL, and implements the stores that agent, bot and scheduler declare. It must
// never know Slack, Redis or a business rule.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
	"interlock/scheduler"
)

var (
	_ agent.Store      = (*DB)(nil)
	_ agent.Jobs       = (*DB)(nil)
	_ agent.Artifacts  = (*DB)(nil)
	_ agent.Bills      = (*DB)(nil)
	_ agent.Freezes    = (*DB)(nil)
	_ agent.Uses       = (*DB)(nil)
	_ bot.Links        = (*DB)(nil)
	_ bot.Rows         = (*DB)(nil)
	_ bot.Messages     = (*DB)(nil)
	_ bot.Queue        = (*DB)(nil)
	_ bot.Records      = (*DB)(nil)
	_ scheduler.Claims = (*DB)(nil)
)

// What Options leaves zero.
const (
	defaultLease    = 10 * time.Second
	defaultWorkers  = 4
	defaultArtifact = 32 << 20
	shortestKey     = 32
)

var errClosed = errors.New("the store is closed")

// Options says where a DB lives and what it may keep.
type Options struct {
	DataDir       string            // of the SQLite file interlock.db, which is used when URL is empty
	URL           string            // postgres://...
	Keys          map[string][]byte // one secret of at least 32 bytes for each Org; all keys derive from it
	ArtifactLimit int64             // bytes of one artifact; 0 is 32 MiB
	Lease         time.Duration     // after which a silent worker has lost its job; 0 is 10 s
	Workers       int               // jobs that one Consume runs at a time; 0 is 4
	Scans         int               // of them, scans of schedules; 0 is Workers
	Log           *slog.Logger      // nil is silent

	Tells func(ev agent.Event) bool // whether an event is told beyond its thread; nil is never
}

// DB is the one database. No method works without an Org, and another Org's id
// answers like one that does not exist. It is safe for concurrent use.
type DB struct {
	backend
	keys    map[string]keys
	orgs    []string // that have keys, sorted
	limit   int64
	lease   time.Duration
	workers int
	scans   int
	log     *slog.Logger

	ready   hub // jobs
	outbox  hub
	changed hubs // messages, by Org
	wrote   <-chan struct{}
	noticed hub
	notices <-chan struct{}
	tells   func(ev agent.Event) bool
}

// backend is how one database is written and read. A write is one transaction,
// and what it answers is durable; its function may run again when the database
// asks for that, so it must set everything it leaves behind. Reads see what was
// committed.
type backend interface {
	write(ctx context.Context, fn func(tx *gorm.DB) error) error
	read(ctx context.Context) *gorm.DB
	snapshot(ctx context.Context, fn func(tx *gorm.DB) error) error
	dialect() dialect
	close() error
}

// dialect is where the two databases differ in a statement.
type dialect struct {
	forUpdate string
	forShare  string
	now       string // the database's own clock in microseconds, for leases
	lock      string // with one argument; held until the transaction ends
}

// Open opens the database, brings its tables up to date and starts its writer.
// It scans nothing. Close must follow.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{
		tells: o.Tells, keys: map[string]keys{}, orgs: slices.Sorted(maps.Keys(o.Keys)), limit: o.ArtifactLimit, lease: o.Lease, workers: o.Workers, scans: o.Scans, log: o.Log,
	}
	for org, secret := range o.Keys {
		k, err := derive(org, secret)
		if err != nil {
			return nil, err
		}
		db.keys[org] = k
	}
	db.fill()
	var err error
	switch {
	case o.URL == "":
		db.backend, err = openSQLite(ctx, o.DataDir)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		db.backend, err = openPostgres(ctx, o.URL)
	default:
		err = errors.New("database url: only postgres:// is known; leave it empty for SQLite")
	}
	if err != nil {
		return nil, err
	}
	db.wrote, _ = db.outbox.subscribe()
	db.notices, _ = db.noticed.subscribe()
	return db, nil
}

func (db *DB) fill() {
	if db.limit <= 0 {
		db.limit = defaultArtifact
	}
	if db.lease <= 0 {
		db.lease = defaultLease
	}
	if db.workers <= 0 {
		db.workers = defaultWorkers
	}
	if db.scans <= 0 {
		db.scans = db.workers
	}
	if db.tells == nil {
		db.tells = func(agent.Event) bool { return false }
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
}

// Close waits for the writes that were begun. Consume and Sealer must have
// ended before.
func (db *DB) Close() error { return db.close() }

// Orgs are those that have keys, sorted.
func (db *DB) Orgs() []string { return slices.Clone(db.orgs) }

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.read(ctx).Exec("SELECT 1").Error; err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	return nil
}

// Wrote is signalled after events were written: several times may be one
// signal, and one reader gets it.
func (db *DB) Wrote() <-chan struct{} { return db.wrote }

// Changed is signalled when messages of the Org change in this process; several
// changes may be one signal. Cancel must be called once.
func (db *DB) Changed(org string) (changes <-chan struct{}, cancel func()) {
	return db.changed.of(org).subscribe()
}

// gormConfig keeps gorm quiet, and leaves transactions to the backend.
func gormConfig() *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, TranslateError: true, Logger: silent}
}

// dataDir makes the folder, for its owner alone.
func dataDir(dir string) error {
	if dir == "" {
		return errors.New("open database: no data directory is set")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	return nil
}
