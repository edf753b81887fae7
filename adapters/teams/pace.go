package teams

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What Teams allows by its documentation: 50 requests a second of one app in a
// tenant, and in one thread 7 messages in a second, 8 in two, 60 in thirty and
// 1,800 in an hour. Two rates keep to all of it: a short one, and one of the hour.
const (
	perTenant  = 45
	shortEvery = 1 // a second
	shortBurst = 4
	longEvery  = 0.45 // a second
	longBurst  = 120
)

// patience is how long a request waits for its turn; longer ones come again.
const patience = 2 * time.Second

// mostPaced is how many threads are kept in mind; the rest begins anew.
const mostPaced = 10_000

// heldError says that a request was not sent, because it is not its turn.
type heldError struct{ wait time.Duration }

func (e *heldError) Error() string {
	return fmt.Sprintf("not sent: Teams takes no more of it for %s", e.wait.Round(time.Millisecond))
}

// pace keeps to the rates before Teams has to say so, and quiet for as long as it
// said. It is safe for concurrent use.
type pace struct {
	mu    sync.Mutex
	all   *rate.Limiter
	rates map[string][2]*rate.Limiter // by thread
	quiet map[string]time.Time        // by thread
	now   func() time.Time
}

func newPace() *pace {
	return &pace{all: rate.NewLimiter(perTenant, perTenant), rates: map[string][2]*rate.Limiter{}, quiet: map[string]time.Time{}, now: time.Now}
}

// quietly begins the name of what is no thread: requests that show nothing.
const quietly = "~"

// turn waits for the turn of a thread, or says how long that would take.
func (p *pace) turn(ctx context.Context, thread string) error {
	wait, mine := p.reserve(thread, patience)
	if !mine {
		return &heldError{wait}
	}
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn: %w", ctx.Err())
	case <-t.C:
		return nil
	}
}

// reserve takes a turn that comes within most, and none that comes later or while
// Teams takes nothing; then wait is when to ask again.
func (p *pace) reserve(thread string, most time.Duration) (wait time.Duration, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if d := p.quiet[thread].Sub(now); d > 0 {
		return d, false
	}
	var all []*rate.Reservation
	for _, l := range p.limits(thread) {
		r := l.ReserveN(now, 1)
		all, wait = append(all, r), max(wait, r.DelayFrom(now))
	}
	if wait > most {
		for _, r := range all {
			r.CancelAt(now)
		}
	}
	return wait, wait <= most
}

func (p *pace) limits(thread string) []*rate.Limiter {
	if strings.HasPrefix(thread, quietly) {
		return []*rate.Limiter{p.all}
	}
	l, ok := p.rates[thread]
	if !ok {
		if len(p.rates) >= mostPaced {
			clear(p.rates)
		}
		l = [2]*rate.Limiter{rate.NewLimiter(shortEvery, shortBurst), rate.NewLimiter(longEvery, longBurst)}
		p.rates[thread] = l
	}
	return []*rate.Limiter{p.all, l[0], l[1]}
}

// rest keeps a thread quiet.
func (p *pace) rest(thread string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.quiet) >= mostPaced {
		clear(p.quiet)
	}
	if at := p.now().Add(max(d, time.Second)); at.After(p.quiet[thread]) {
		p.quiet[thread] = at
	}
}
