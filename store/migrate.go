package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

//go:embed migrations
var migrations embed.FS

func up(ctx context.Context, d goose.Dialect, pool *sql.DB, folder string) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(d, pool, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// How often, and how soon again, migrations are tried that another process makes too.
const (
	migrateTries = 40
	migrateAgain = 50 * time.Millisecond
)

// migrateSQLite tries again: of processes that start together, each step is made by one,
// and the others, which lose it, find it done the next time.
func migrateSQLite(ctx context.Context, g *gorm.DB) error {
	pool, err := g.DB()
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	for range migrateTries {
		if err = up(ctx, goose.DialectSQLite3, pool, "sqlite"); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(migrateAgain):
		}
	}
	return err
}

// migratePostgres lets one process at a time migrate a schema.
func migratePostgres(ctx context.Context, pool *sql.DB) (err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	const key = "hashtextextended('interlock migrations of ' || current_schema(), 0)"
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock("+key+")"); err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer func() {
		_, e := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+key+")")
		err = errors.Join(err, e)
	}()
	return up(ctx, goose.DialectPostgres, pool, "postgres")
}
