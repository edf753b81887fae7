package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

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

// migrateSQLite tries twice: of two processes that start together one loses,
// and finds everything done.
func migrateSQLite(ctx context.Context, g *gorm.DB) error {
	pool, err := g.DB()
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err = up(ctx, goose.DialectSQLite3, pool, "sqlite"); err != nil {
		err = up(ctx, goose.DialectSQLite3, pool, "sqlite")
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
