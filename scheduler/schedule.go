package scheduler

import (
	"fmt"
	"hash/fnv"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Platform is the platform of an Actor that is a schedule.
const Platform = agent.Scheduled

// Missed says what becomes of the due times that passed while nothing ran.
type Missed int

// Once makes up for the newest, Skip for none, All for the newest Schedule.CatchUp.
const (
	Once Missed = iota
	Skip
	All
)

// Schedule starts a job at fixed times. Job is what a due time starts: its thread and
// what it is about; the envelope is the scheduler's. It may be called for a due time
// that another replica wins.
type Schedule struct {
	Org, Name, Kind string
	Stack           string   // that it looks at; empty is none
	Rooms           []string // where it may be spoken of, as "platform:channel"
	Cron            Cron
	Expr            string // of Cron: another one begins anew
	Zone            *time.Location
	Offset          time.Duration // between a due time and the job's earliest start
	Missed          Missed
	CatchUp         int           // of All; 0 is 1
	Longest         time.Duration // that one run may take, all its tries together
	Job             func(due time.Time) agent.Job
}

// rule is by what it comes due. When it changes, what was due by the old one is not
// missed by the new one.
func (sc Schedule) rule() string { return sc.Expr + " " + sc.Zone.String() }

// Spread is a moment within jitter that is a schedule's own and never changes, so
// that many which are due together do not start together.
func Spread(org, name string, jitter time.Duration) time.Duration {
	if jitter <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, org, "\x00", name) // a hash takes all
	return time.Duration(h.Sum64() % uint64(jitter))
}

// Spacing is between the starts of jobs that are due together and have no jitter: it
// is far less than any of them takes, but a queue is not filled at one stroke.
const Spacing = 20 * time.Millisecond

// Next is when a job of the schedule starts next: Offset after a due time, which may have
// passed.
func (sc Schedule) Next(now time.Time) time.Time {
	due := sc.Cron.Next(now.Add(-sc.Offset), sc.Zone)
	if due.IsZero() {
		return due
	}
	return due.Add(sc.Offset)
}

// claim is a due time with its job, in the envelope of the schedule: the tier of a
// schedule is the lowest, whatever its room allows to people. What was missed is spread
// anew, from now on.
func (sc Schedule) claim(due, now time.Time) Claim {
	j := sc.Job(due)
	j.ID = fmt.Sprintf("%s@%d", sc.Name, due.Unix())
	j.Org, j.Trace, j.Tier, j.After = sc.Org, j.ID, rbac.Observe, due.Add(sc.Offset)
	if now.Sub(due) > late {
		j.After = now.Add(sc.Offset)
	}
	j.Actor = rbac.Actor{Org: sc.Org, Platform: Platform, Tenant: j.Actor.Tenant, ID: sc.Name, Name: sc.Name}
	return Claim{Schedule: sc.Name, Due: due, Job: j}
}
