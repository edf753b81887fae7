package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"interlock/bot"
)

// Sender speaks to one service. ID of a message is the same when it is sent again. An
// error may be a *bot.PostError; any other is taken as ambiguous, and tried again.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// serve speaks to services until ctx ends, to each by itself: one that is slow or down
// holds up no other.
func (r *Router) serve(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	busy, over := map[[2]string]bool{}, make(chan [2]string)
	for {
		for _, org := range r.Orgs {
			lanes, err := r.Bundles.Lanes(ctx, org, r.now())
			r.report(ctx, org, err)
			for _, lane := range lanes {
				id := [2]string{org, lane}
				if busy[id] {
					continue
				}
				busy[id] = true
				all.Go(func() {
					r.turn(ctx, org, lane)
					select {
					case over <- id:
					case <-ctx.Done():
					}
				})
			}
		}
		select {
		case <-ctx.Done():
			return
		case id := <-over:
			delete(busy, id)
		case <-time.After(idle):
		}
	}
}

// turn is one round of a lane, and a rest when nothing came of it.
func (r *Router) turn(ctx context.Context, org, lane string) {
	n, err := r.lane(ctx, org, lane)
	r.report(ctx, org, err)
	if n > 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(idle):
	}
}

// DrainOutside does one round of every service that something is due for. It returns
// how many bundles were settled.
func (r *Router) DrainOutside(ctx context.Context, org string) (settled int, err error) {
	lanes, err := r.Bundles.Lanes(ctx, org, r.now())
	if err != nil {
		return 0, fmt.Errorf("read what is due: %w", err)
	}
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for _, lane := range lanes {
		all.Go(func() {
			n, err := r.lane(ctx, org, lane)
			mu.Lock()
			defer mu.Unlock()
			settled, errs = settled+n, append(errs, err)
		})
	}
	all.Wait()
	return settled, errors.Join(errs...)
}

// lane tells one service one thing after the other, until it fails: what is down now
// need not be asked for everything that waits.
func (r *Router) lane(ctx context.Context, org, lane string) (settled int, err error) {
	due, err := r.Bundles.Due(ctx, org, r.now(), lane, atOnce)
	if err != nil {
		return 0, fmt.Errorf("read what is due: %w", err)
	}
	var errs []error
	for _, b := range due {
		done, err := r.send(ctx, lane, b)
		errs = append(errs, err)
		if !done {
			break
		}
		settled++
	}
	return settled, errors.Join(errs...)
}

// longestSend is how long one service may take for one message.
const longestSend = 20 * time.Second

// send tells a service, and notes what came of it. Done is what needs no further try.
func (r *Router) send(ctx context.Context, name string, b Bundle) (done bool, err error) {
	m := r.message(b)
	if address, ok := strings.CutPrefix(b.Way, byMail+":"); ok {
		m.To = []string{address}
	}
	s := r.Service(b.Org, name)
	if s == nil {
		err := r.giveUp(ctx, b, fmt.Errorf("there is no service %s in the configuration any more", name))
		return err == nil, err
	}
	brief, stop := context.WithTimeout(ctx, longestSend)
	err = s.Send(brief, m)
	stop()
	switch {
	case err == nil:
		err = r.Bundles.Delivered(ctx, b.Org, b.ID)
		return err == nil, err
	case ctx.Err() != nil:
		return false, ctx.Err() // it is sent again after the next start
	}
	return r.later(ctx, b, err)
}

// mostTries is how often a service is tried: with the waits between, for four hours.
const mostTries = 30

// fewTries is how often a service is tried that a chain calls: after a minute or so the
// next step must come.
const fewTries = 6

// later tries again as the service's own rules say, a bounded number of times.
func (r *Router) later(ctx context.Context, b Bundle, cause error) (done bool, err error) {
	var pe *bot.PostError
	told, known := fmt.Errorf("tell %s: %w", b.Target, cause), errors.As(cause, &pe)
	tries := mostTries
	if len(b.Top) > 0 && b.Top[0].Type == Escalated && !b.Top[0].ends() {
		tries = fewTries
	}
	if known && pe.Permanent || b.Attempts+1 >= tries {
		err := r.giveUp(ctx, b, cause)
		return err == nil, errors.Join(told, err)
	}
	wait := min(time.Second<<min(b.Attempts, 10), 10*time.Minute)
	if known {
		wait = max(wait, min(pe.After, time.Hour))
	}
	return false, errors.Join(told, r.Bundles.Postpone(ctx, b.Org, b.ID, r.now().Add(wait), cause.Error()))
}

// giveUp drops a bundle and has the administrators told.
func (r *Router) giveUp(ctx context.Context, b Bundle, cause error) error {
	return r.Bundles.GiveUp(ctx, b.Org, b.ID, cause.Error(), r.lost(b, cause), climb(b, cause)...)
}
