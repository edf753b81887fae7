// Package scheduler turns due times into jobs. It must never know cards, or
// how a job runs.
package scheduler

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"interlock/agent"
)

// longestSleep is how long a clock that was set is not noticed, and retry how long
// what failed waits.
const (
	longestSleep = 30 * time.Second
	retry        = time.Second
)

// batch is how many due times one transaction claims: others write meanwhile.
const batch = 100

// Scheduler fires schedules. Every replica runs one. It is not safe for concurrent use,
// but for Fire.
type Scheduler struct {
	Claims    Claims
	Schedules []Schedule
	Clock     func() time.Time // nil is the machine's
	Log       *slog.Logger

	queue  queue
	looked time.Time // by the clock, at the last tick; zero is not yet
}

// Run fires until ctx ends.
func (s *Scheduler) Run(ctx context.Context) error {
	for {
		wait, err := s.Tick(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "fire schedules", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Tick fires all that is due by the clock, and says how long nothing will be. With an
// error, it fires again what it could not.
//
// A clock that was set back makes it look at what is due from then on: what has been
// claimed is on record, and is not claimed again.
func (s *Scheduler) Tick(ctx context.Context) (wait time.Duration, err error) {
	now := s.now()
	if s.looked.IsZero() || now.Before(s.looked) {
		if err := s.begin(ctx, now); err != nil {
			return retry, err
		}
	}
	s.looked = now
	due := s.queue.take(now)
	if err := s.fire(ctx, due, now); err != nil {
		return retry, err
	}
	if len(s.queue) == 0 {
		return longestSleep, nil
	}
	return min(longestSleep, max(0, s.queue[0].due.Sub(now))), nil
}

func (s *Scheduler) now() time.Time {
	if s.Clock == nil {
		return time.Now().Round(0) // by the wall, not by what has passed
	}
	return s.Clock()
}

// begin puts every schedule where the record says that it was left, or at now when that
// lies in the future: then a clock was wrong, and it may have been this one.
func (s *Scheduler) begin(ctx context.Context, now time.Time) error {
	rules := map[string]map[string]string{}
	for _, sc := range s.Schedules {
		if rules[sc.Org] == nil {
			rules[sc.Org] = map[string]string{}
		}
		rules[sc.Org][sc.Name] = sc.rule()
	}
	passed := map[string]map[string]time.Time{}
	for org, of := range rules {
		var err error
		if passed[org], err = s.Claims.Begin(ctx, org, now, of); err != nil {
			return fmt.Errorf("read schedules of %s: %w", org, err)
		}
	}
	s.queue = s.queue[:0]
	for _, sc := range s.Schedules {
		from := passed[sc.Org][sc.Name]
		if from.After(now) {
			from = now
		}
		s.await(&waiting{Schedule: sc, due: sc.Cron.Next(from, sc.Zone)})
	}
	heap.Init(&s.queue)
	return nil
}

// await leaves out what never comes due again.
func (s *Scheduler) await(w *waiting) {
	if !w.due.IsZero() {
		s.queue = append(s.queue, w)
	}
}

// fire claims what is due and waits for what is next. What could not be claimed stays due.
func (s *Scheduler) fire(ctx context.Context, due []*waiting, now time.Time) error {
	all, next := map[string][]Claim{}, make([]time.Time, len(due))
	for i, w := range due {
		var claims []Claim
		claims, next[i] = w.claims(now)
		all[w.Org] = append(all[w.Org], claims...)
	}
	err := s.claim(ctx, all)
	for i, w := range due {
		if err == nil {
			w.due = next[i]
		}
		if !w.due.IsZero() {
			heap.Push(&s.queue, w)
		}
	}
	return err
}

// claim claims in one order in every replica, so that none waits for the other in turn.
func (s *Scheduler) claim(ctx context.Context, all map[string][]Claim) error {
	for org, claims := range all {
		slices.SortStableFunc(claims, func(a, b Claim) int { // what runs before what is only noted
			return cmp.Or(a.rank()-b.rank(), a.Due.Compare(b.Due), cmp.Compare(a.Schedule, b.Schedule))
		})
		for some := range slices.Chunk(claims, batch) {
			if _, err := s.Claims.Claim(ctx, org, some...); err != nil {
				return fmt.Errorf("claim %d due times of %s: %w", len(some), org, err)
			}
		}
	}
	return nil
}

// Fire enqueues the job of a schedule beside its due times, as of a moment. It is false
// when there is one of that moment, or the last one has not ended.
func (s *Scheduler) Fire(ctx context.Context, sc Schedule, at time.Time) (fired bool, err error) {
	return s.FireAs(ctx, sc, at, fmt.Sprintf("%s@%d", sc.Name, at.Unix()))
}

// FireAs is Fire with a job of this id, which is enqueued once however often it is asked
// for, and with what tells people of it.
func (s *Scheduler) FireAs(ctx context.Context, sc Schedule, at time.Time, id string, told ...agent.Job) (fired bool, err error) {
	c := sc.claim(at, at)
	c.Extra, c.Job.After, c.Job.ID, c.Job.Trace, c.Told = true, time.Time{}, id, id, told
	n, err := s.Claims.Claim(ctx, sc.Org, c)
	if err != nil {
		return false, fmt.Errorf("claim %s: %w", c.Job.ID, err)
	}
	return n > 0, nil
}
