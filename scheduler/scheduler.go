// Package scheduler turns cron ticks into jobs. It must never know cards, or
// how a job runs.
package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/rbac"
)

// Platform is the platform of an Actor that is a schedule.
const Platform = "schedule"

// Schedule is one fixed call at fixed times.
type Schedule struct {
	Org, Name, Stack string
	Cron             Cron
	Zone             *time.Location
	Thread           agent.Thread
	Call             agent.ToolCall
}

// Claims gives each due time to one replica, and enqueues the job in the same
// transaction: a crash can neither lose nor double it. Last is the newest due
// time that was claimed, or the zero time.
type Claims interface {
	Claim(ctx context.Context, org, schedule string, due time.Time, j agent.Job) (won bool, err error)
	Last(ctx context.Context, org, schedule string) (time.Time, error)
}

// Scheduler fires schedules. Every replica runs one.
type Scheduler struct {
	Claims    Claims
	Schedules []Schedule
	Log       *slog.Logger
}

// Run fires until ctx ends. Of the times that were missed while nothing ran,
// the newest one is made up for.
func (s *Scheduler) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, sc := range s.Schedules {
		g.Go(func() error { return s.follow(ctx, sc) })
	}
	return g.Wait()
}

// follow fires one schedule. A claim that fails is tried again at the next wake.
func (s *Scheduler) follow(ctx context.Context, sc Schedule) error {
	from := time.Now()
	if last, err := s.Claims.Last(ctx, sc.Org, sc.Name); err != nil {
		s.Log.WarnContext(ctx, "read last run", "schedule", sc.Name, "error", err)
	} else if missed := sc.missed(last, from); !missed.IsZero() {
		s.fire(ctx, sc, missed)
	}
	for due := sc.Cron.Next(from, sc.Zone); ; due = sc.Cron.Next(due, sc.Zone) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(due)):
			s.fire(ctx, sc, due)
		}
	}
}

// missed is the newest due time after last and not after now, or the zero time.
// A schedule that never ran has missed nothing.
func (sc Schedule) missed(last, now time.Time) (due time.Time) {
	if last.IsZero() {
		return due
	}
	const most = 100_000 // a minute schedule over two months; then the search is cut
	for n, t := 0, sc.Cron.Next(last, sc.Zone); !t.After(now) && n < most; n, t = n+1, sc.Cron.Next(t, sc.Zone) {
		due = t
	}
	return due
}

func (s *Scheduler) fire(ctx context.Context, sc Schedule, due time.Time) {
	if _, err := s.Fire(ctx, sc, due); err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "fire schedule", "schedule", sc.Name, "due", due, "error", err)
	}
}

// Fire claims one due time and enqueues its job; another replica may have won.
func (s *Scheduler) Fire(ctx context.Context, sc Schedule, due time.Time) (won bool, err error) {
	id := fmt.Sprintf("%s@%d", sc.Name, due.Unix())
	won, err = s.Claims.Claim(ctx, sc.Org, sc.Name, due, agent.Job{
		ID: id, Org: sc.Org, Trace: id, Thread: sc.Thread, Tier: rbac.Observe,
		Actor: rbac.Actor{Org: sc.Org, Platform: Platform, ID: sc.Name, Name: sc.Name},
		Scan:  &agent.Scan{Schedule: sc.Name, Stack: sc.Stack, Call: sc.Call},
	})
	if err != nil {
		return won, fmt.Errorf("claim %s: %w", id, err)
	}
	return won, nil
}
