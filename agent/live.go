package agent

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errStopped = errors.New("stopped by a person")

// Live knows what runs in this process, so that a stop reaches it at once. In
// another process a stop is found in the log, within a second. It is safe for
// concurrent use, and a nil Live knows nothing.
type Live struct {
	mu   sync.Mutex
	runs map[string]context.CancelCauseFunc // by Org and session: one run per thread at a time
}

func (l *Live) stop(org, session string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.runs[org+"/"+session]; cancel != nil {
		cancel(errStopped)
	}
}

func (l *Live) set(org, session string, cancel context.CancelCauseFunc) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.runs == nil {
		l.runs = map[string]context.CancelCauseFunc{}
	}
	if cancel == nil {
		delete(l.runs, org+"/"+session)
		return
	}
	l.runs[org+"/"+session] = cancel
}

// stoppable ends the returned context once a stop is on record. The watch is
// waited for: it never outlives what it watches.
func (u *run) stoppable(ctx context.Context) (live context.Context, done func()) {
	live, cancel := context.WithCancelCause(ctx)
	u.Live.set(u.s.Org, u.s.ID, cancel)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-live.Done():
				return
			case <-tick.C: // the run has just read the log itself
			}
			if u.stopOrdered(live) {
				cancel(errStopped)
			}
		}
	}()
	return live, func() {
		u.Live.set(u.s.Org, u.s.ID, nil)
		cancel(nil)
		<-gone
	}
}

// stopOrdered looks beyond what this run has read; it leaves u.s alone, which
// belongs to the run's own goroutine.
func (u *run) stopOrdered(ctx context.Context) bool {
	evs, err := u.Store.Tail(ctx, u.s.Org, u.s.ID, u.s.Seq())
	return err == nil && (&Session{Events: evs}).stopping() != nil
}

func stopped(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errStopped) }
