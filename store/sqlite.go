package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// silent: what goes wrong is returned, and SQL never reaches a log.
var silent = logger.Discard

// sqliteFile is the one file of a database in a data directory.
const sqliteFile = "interlock.db"

// sqliteReaders is how many queries run beside the writer.
const sqliteReaders = 8

// sqliteDB is one file with one writer; readers never wait for it (WAL).
type sqliteDB struct {
	writer  *groupWriter
	w, r    *gorm.DB
	closers []func() error
}

func openSQLite(ctx context.Context, dir string) (backend, error) {
	if err := dataDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, sqliteFile)
	w, closeW, err := sqliteConn(path, 1, "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	if err := migrateSQLite(ctx, w); err != nil {
		return nil, errors.Join(err, closeW())
	}
	r, closeR, err := sqliteConn(path, sqliteReaders, "&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, closeW())
	}
	db := &sqliteDB{w: w, r: r, closers: []func() error{closeR, closeW}}
	db.writer = newGroupWriter(w.WithContext(context.WithoutCancel(ctx)))
	return db, nil
}

// sqliteConn opens a pool. FULL makes a committed write survive a power loss;
// immediate makes a writer wait at its beginning instead of failing in the
// middle, where no busy_timeout helps.
func sqliteConn(path string, conns int, extra string) (*gorm.DB, func() error, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=recursive_triggers(1)&_pragma=secure_delete(1)" + extra
	g, err := gorm.Open(sqlite.Open(dsn), gormConfig())
	if err != nil {
		return nil, nil, fmt.Errorf("open database %s: %w", path, err)
	}
	pool, err := g.DB()
	if err != nil {
		return nil, nil, fmt.Errorf("open database %s: %w", path, err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return g, pool.Close, nil
}

func (db *sqliteDB) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return db.writer.do(ctx, fn)
}

func (db *sqliteDB) read(ctx context.Context) *gorm.DB { return db.r.WithContext(ctx) }

func (db *sqliteDB) snapshot(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return db.r.WithContext(ctx).Transaction(fn)
}

func (db *sqliteDB) close() error {
	db.writer.close()
	var errs []error
	for _, c := range db.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

func (*sqliteDB) dialect() dialect {
	return dialect{now: "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"}
}
