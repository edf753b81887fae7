package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"interlock/agent"
)

// poll is how long a worker sleeps when nothing wakes it: for jobs that another
// process wrote, for what was put off, and for silent workers.
const poll = 500 * time.Millisecond

// lastWords is how long the end of a job may take to be written at shutdown.
const lastWords = 5 * time.Second

// longestWhy is how much of an error is kept with a job.
const longestWhy = 500

// Consume runs up to Options.Workers jobs at a time, of them up to Options.Scans scans,
// one in a thread, until ctx
// ends. Then it claims no more, waits for those that run, whose context has
// ended, and gives back what they did not finish, without counting the attempt.
// A claim is renewed while its handle runs; when it is lost, the handle's
// context ends with agent.ErrFenced as its cause.
func (db *DB) Consume(ctx context.Context, handle func(context.Context, agent.Claimed) error) error {
	wake, cancel := db.ready.subscribe()
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, db.workers)
	var looked time.Time
	var scans atomic.Int64
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		if time.Since(looked) >= poll {
			looked = time.Now()
			db.report(ctx, "take back jobs", db.reclaim(ctx))
		}
		lanes := allLanes
		if int(scans.Load()) >= db.scans {
			lanes = mainLanes
		}
		c, ok, err := db.claim(ctx, lanes)
		if ok {
			var scan int64
			if c.Scan != nil {
				scan = 1
			}
			scans.Add(scan)
			running.Go(func() {
				db.work(ctx, c, handle)
				scans.Add(-scan)
				<-slots
				db.ready.signal() // its thread is free
			})
			continue
		}
		<-slots
		db.report(ctx, "claim job", err)
		if err := sleep(ctx, wake); err != nil {
			return nil
		}
	}
}

func sleep(ctx context.Context, wake <-chan struct{}) error {
	t := time.NewTimer(poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wake:
	case <-t.C:
	}
	return nil
}

// report logs what the next round will try again.
func (db *DB) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		db.log.WarnContext(ctx, "store: will be tried again", "what", what, "error", err)
	}
}

func (db *DB) work(ctx context.Context, c agent.Claimed, handle func(context.Context, agent.Claimed) error) {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := db.beat(context.WithoutCancel(ctx), c, cancel)
	err := handle(own, c)
	stop()
	if errors.Is(context.Cause(own), agent.ErrFenced) {
		return // it is another worker's now
	}
	late, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done()
	if err := db.settle(late, c, ended(ctx, c, err)); err != nil {
		db.log.WarnContext(late, "settle job", "org", c.Org, "job", c.ID, "error", err)
	}
}

func ended(ctx context.Context, c agent.Claimed, err error) end {
	switch {
	case err == nil:
		return end{state: "done", attempts: c.Attempt}
	case ctx.Err() != nil:
		return end{state: "ready", attempts: c.Attempt - 1}
	}
	var later *agent.LaterError
	if errors.As(err, &later) {
		return end{state: "ready", attempts: c.Attempt - 1, after: time.Now().Add(later.After)}
	}
	e := end{state: "ready", attempts: c.Attempt, why: shortWhy(err.Error())}
	if c.Last {
		e.state = "dead"
		return e
	}
	e.after = time.Now().Add(backoff[min(c.Attempt, len(backoff))-1])
	return e
}

// beat renews a claim until stop, which waits for it. A claim that could not be
// renewed for a whole lease is as good as lost.
func (db *DB) beat(ctx context.Context, c agent.Claimed, lost context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var gone sync.WaitGroup
	gone.Go(func() {
		tick := time.NewTicker(db.lease / 3)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			held, err := db.renew(ctx, c)
			if err == nil {
				last = time.Now()
			}
			if err == nil && !held || time.Since(last) > db.lease {
				lost(agent.ErrFenced)
				return
			}
		}
	})
	return func() {
		cancel()
		gone.Wait()
	}
}
