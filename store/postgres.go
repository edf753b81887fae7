package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Connections of one process, and how often a write that lost a deadlock is
// tried again.
const (
	postgresConns = 20
	postgresTries = 5
)

// SQLSTATE codes after which the same transaction may succeed.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// postgresDB gives each write a transaction of its own; rows are locked where
// two could meet.
type postgresDB struct{ g *gorm.DB }

func openPostgres(ctx context.Context, url string) (backend, error) {
	g, err := gorm.Open(postgres.Open(url), gormConfig())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool, err := g.DB()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(postgresConns)
	pool.SetMaxIdleConns(postgresConns)
	if err := migratePostgres(ctx, pool); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &postgresDB{g}, nil
}

func (db *postgresDB) write(ctx context.Context, fn func(tx *gorm.DB) error) (err error) {
	for range postgresTries {
		err = db.g.WithContext(ctx).Transaction(fn)
		if !again(err) {
			return err
		}
	}
	return err
}

func again(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == serializationFailure || pe.Code == deadlockDetected)
}

func (db *postgresDB) read(ctx context.Context) *gorm.DB { return db.g.WithContext(ctx) }

func (db *postgresDB) snapshot(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return db.g.WithContext(ctx).Transaction(fn, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func (db *postgresDB) close() error {
	pool, err := db.g.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

func (*postgresDB) dialect() dialect {
	return dialect{
		forUpdate: " FOR UPDATE", forShare: " FOR SHARE",
		now:  "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
		lock: "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ?::text, 0))",
	}
}
