// Package scheduler turns cron ticks into jobs. It must never know cards, or
// how a job runs.
package scheduler

import (
	"context"
	"time"

	"interlock/agent"
)

// Schedule is one fixed call at fixed times.
type Schedule struct {
	Org, Name, Stack string
	Cron             string
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
