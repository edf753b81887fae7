package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"
)

// groupLimit bounds how long the first of a group waits for the others.
const groupLimit = 128

// groupWriter commits the writes that wait at the same moment together: the
// one fsync is what a commit costs. Each write stands in a savepoint, so that
// one that fails takes no other with it.
type groupWriter struct {
	db    *gorm.DB
	queue chan *queued
	mu    sync.RWMutex // closing waits for those who are putting a write in the queue
	shut  bool
	done  chan struct{}
}

// queued is one function on its way. Its state is taken once: by the writer who
// runs it, or by the caller who no longer waits.
type queued struct {
	fn    func(tx *gorm.DB) error
	taken atomic.Bool
	err   chan error
}

func newGroupWriter(db *gorm.DB) *groupWriter {
	w := &groupWriter{db: db, queue: make(chan *queued, groupLimit), done: make(chan struct{})}
	go w.run()
	return w
}

// do waits until the write is durable. A caller who stops waiting gets the
// context's error only when the write was not begun.
func (w *groupWriter) do(ctx context.Context, fn func(tx *gorm.DB) error) error {
	op := &queued{fn: fn, err: make(chan error, 1)}
	if err := w.put(ctx, op); err != nil {
		return err
	}
	select {
	case err := <-op.err:
		return err
	case <-ctx.Done():
		if op.taken.CompareAndSwap(false, true) {
			return context.Cause(ctx)
		}
		return <-op.err
	}
}

func (w *groupWriter) put(ctx context.Context, op *queued) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.shut {
		return errClosed
	}
	select {
	case w.queue <- op:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close takes no more writes and waits for those that were taken.
func (w *groupWriter) close() {
	w.mu.Lock()
	if !w.shut {
		w.shut = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *groupWriter) run() {
	defer close(w.done)
	for op := range w.queue {
		group := w.gather(op)
		errs, err := w.commit(group)
		for i, op := range group {
			if err != nil {
				op.err <- err
				continue
			}
			op.err <- errs[i]
		}
	}
}

// gather takes what waits at this moment.
func (w *groupWriter) gather(first *queued) (group []*queued) {
	for op := first; ; {
		if op.taken.CompareAndSwap(false, true) {
			group = append(group, op)
		}
		if len(group) == groupLimit {
			return group
		}
		select {
		case next, ok := <-w.queue:
			if !ok {
				return group
			}
			op = next
		default:
			return group
		}
	}
}

// commit runs a group in one transaction. Any error of the transaction itself
// is everybody's.
func (w *groupWriter) commit(group []*queued) (errs []error, err error) {
	if len(group) == 0 {
		return nil, nil
	}
	errs = make([]error, len(group))
	err = w.db.Transaction(func(tx *gorm.DB) error {
		for i, op := range group {
			var err error
			if errs[i], err = alone(tx, "w"+strconv.Itoa(i), op.fn); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("write database: %w", err)
	}
	return errs, err
}

// alone runs one write so that it can be taken back.
func alone(tx *gorm.DB, point string, fn func(tx *gorm.DB) error) (own, err error) {
	if err := bare(tx, "SAVEPOINT "+point); err != nil {
		return nil, err
	}
	if own = fn(tx); own != nil {
		if err := bare(tx, "ROLLBACK TO "+point); err != nil {
			return nil, err
		}
	}
	return own, bare(tx, "RELEASE "+point)
}

// bare runs a statement past gorm, which has nothing to add to it.
func bare(tx *gorm.DB, sql string) error {
	_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, sql)
	return err
}
