package scheduler

import (
	"context"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Claim is one due time of one schedule, with its job or with why it has none.
type Claim struct {
	Schedule string
	Due      time.Time
	Job      agent.Job
	Skip     string      // why nothing runs; empty runs Job, unless the record says otherwise
	Follows  time.Time   // jobs of due times from then on go one after the other by themselves; zero is none
	Extra    bool        // a person's: it is not held by a pause, and no due time is passed by it
	Told     []agent.Job // tell people of it: they are enqueued with Job, or not at all
}

// rank is 1 for a due time that is only noted.
func (c Claim) rank() int {
	if c.Skip != "" {
		return 1
	}
	return 0
}

// Claims gives each due time to one replica, and enqueues the job in the same
// transaction: a crash can neither lose nor double it. Every due time that was claimed
// is on record, also when nothing ran.
//
// Begin notes schedules by name that are new, or whose rule is another than before, as
// passed up to a moment, and answers up to when each of all has been passed.
//
// Claim writes all or nothing, and answers how many jobs it enqueued. Of a schedule that
// is paused, or whose last job has not ended, the due time is on record as skipped.
type Claims interface {
	Begin(ctx context.Context, org string, at time.Time, rules map[string]string) (passed map[string]time.Time, err error)
	Claim(ctx context.Context, org string, all ...Claim) (enqueued int, err error)
}

// State is what became of a due time.
type State string

// The states of a due time.
const (
	Claimed State = "claimed" // its job waits or runs
	Skipped State = "skipped"
	Done    State = "done"
	Failed  State = "failed"
)

// Record is what is known of one schedule. All of Fired, Done and Missed are due
// times, and zero when there is none.
type Record struct {
	Schedule  string
	Since     time.Time // from when on it counts
	Fired     time.Time // the newest that was given a job
	State     State     // of that job
	Why       string    // it failed
	Ended     time.Time // when that job ended
	Done      time.Time // the newest whose job ended well
	Missed    time.Time // the newest that was skipped or failed
	MissedWhy string
	Paused    *Pause
}

// Pause holds a schedule until somebody resumes it: its due times are skipped.
type Pause struct {
	By  rbac.Actor
	At  time.Time
	Why string
}

// PausedBy begins why a due time was skipped that a pause holds.
const PausedBy = "paused by "

// Text says who paused it and why, in one clause.
func (p *Pause) Text() string {
	text := PausedBy + p.By.Name
	if p.Why != "" {
		text += ": " + p.Why
	}
	return text
}

// Run is one due time that did not run well.
type Run struct {
	Schedule string
	Due      time.Time
	State    State
	Why      string
	Ended    time.Time // when that was put on record
}

// Records is what people ask about schedules, and how they hold them. Records are of
// all schedules that ever counted, by name; those that are in no configuration any more
// for 90 days. NotRun are the due times of which a moment or later was put on record
// that they were skipped or failed, in that order. Pause with nil resumes, and what is
// resumed counts from then on; told is enqueued in the same transaction.
type Records interface {
	Records(ctx context.Context, org string) ([]Record, error)
	NotRun(ctx context.Context, org string, since time.Time) ([]Run, error)
	Pause(ctx context.Context, org string, schedules []string, p *Pause, told ...agent.Job) error
}
