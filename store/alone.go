package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Alone runs fn in one process at a time of those that share the database, for
// what must not be done twice, such as showing the outbox. The others wait.
// When the database loses sight of the holder, fn's context ends and Alone
// stands in line again, until ctx ends. SQLite has one process and no line.
func (db *DB) Alone(ctx context.Context, name string, fn func(context.Context) error) error {
	pg, ok := db.backend.(*postgresDB)
	if !ok {
		return fn(ctx)
	}
	for {
		held, err := pg.alone(ctx, name, fn)
		switch {
		case ctx.Err() != nil:
			return nil
		case held && err == nil:
			return nil
		case held && !errors.Is(err, errLostTurn):
			return err
		}
		db.report(ctx, "wait for a turn", err)
		if err := sleep(ctx, nil); err != nil {
			return nil
		}
	}
}

var errLostTurn = errors.New("the database lost sight of this process")

// alone holds a lock of its own connection: it ends with the connection, and
// so with the process. Held tells whether fn was run.
func (db *postgresDB) alone(ctx context.Context, name string, fn func(context.Context) error) (held bool, err error) {
	pool, err := db.g.DB()
	if err != nil {
		return false, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("reach database: %w", err)
	}
	const key = "hashtextextended(current_schema() || $1::text, 0)"
	name = "alone " + name
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock("+key+")", name).Scan(&held); err != nil || !held {
		return false, errors.Join(err, conn.Close())
	}
	own, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(own, conn, cancel)
	}()
	err = fn(own)
	cancel(nil)
	<-watched
	if errors.Is(context.Cause(own), errLostTurn) {
		err = errors.Join(err, errLostTurn)
	}
	late, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done()
	_, _ = conn.ExecContext(late, "SELECT pg_advisory_unlock("+key+")", name) // a lost one has none
	return true, errors.Join(err, conn.Close())
}

// watch ends the turn when the connection that holds it is gone.
func watch(ctx context.Context, conn *sql.Conn, lost context.CancelCauseFunc) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		alive, done := context.WithTimeout(ctx, lastWords)
		err := conn.PingContext(alive)
		done()
		if err != nil && ctx.Err() == nil {
			lost(errLostTurn)
			return
		}
	}
}
