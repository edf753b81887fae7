package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"interlock/rbac"
)

// Job is one reason to run a session. Exactly one of Text, Calls, Hold, Again,
// Turn, Scan, News, Judge, Join, Digest, Raise, Alert, Notice and Stop says which;
// a Hold with an Alert alone is drawn anew.
type Job struct {
	ID, Org, Trace string // the same ID twice is one job
	Thread         Thread
	Actor          rbac.Actor
	Tier           rbac.Tier // of the channel it came from
	Profile        string
	After          time.Time  // not before; a hold's time-out is such a job
	Text           string     // what a person wants
	Calls          []ToolCall // of a Command: fixed, without a model; Text is how it was said
	Hold           string     // that people settled, or whose time is up
	Again          string     // a hold to ask anew
	Turn           string     // one that paused, to go on with
	Scan           *Scan
	News           *News      // of a stack, to tell in its thread
	Judge          *Judgement // of a person, about a stack's drift
	Join           string     `json:",omitempty"` // a stack whose drift is to be told with that of others
	Digest         *Digest    // to count, and to tell a room
	Notice, Title  string     // to tell the thread, under a title
	Told           *Told      // what the card of a notice says beside it
	Quote          string     // a message of somebody that Text is about
	Files          []File     // that came along with Text
	Raise          *Raise     `json:",omitempty"` // an alert to raise
	Alert          string     `json:",omitempty"` // an alert that something is due for
	Lost           string     `json:",omitempty"` // of Alert: a room or service that was not reached; Text says why
	Stop           bool
}

// Scan is one fixed call of a schedule, without a model.
type Scan struct {
	Schedule, Stack string
	Scanner         string `json:",omitempty"` // of compliance; empty is a scan for drift
	Call            ToolCall
	Tries           int           `json:",omitempty"` // in all, until it is told that it fails; 0 is 1
	Wait            time.Duration `json:",omitempty"` // between two
	Try             int           `json:",omitempty"` // how many failed before this one
	First           string        `json:",omitempty"` // job of the first try
	From            Thread        `json:",omitzero"`  // who asked for it there is told what it came to; the zero Thread is nobody
	Since           time.Time     // a scan that looked after this moment makes this one needless; zero is never
}

// Claimed is a Job in one worker's hands. Fence grows with each claim of the
// job; a write with an older fence is refused with ErrFenced. Last says that no
// further attempt follows.
type Claimed struct {
	Job
	Fence   int64
	Attempt int
	Last    bool
}

// Worker runs jobs, one per thread at a time.
type Worker struct {
	Jobs   Jobs
	Runner *Runner
	Log    *slog.Logger // nil is silent
}

// LaterError puts a job off without counting the attempt: nothing is wrong with
// it, and somebody else has to be there first.
type LaterError struct {
	After time.Duration
	Err   error
}

func (e *LaterError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *LaterError) Unwrap() error { return e.Err }

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) error { return w.Jobs.Consume(ctx, w.handle) }

// handle tells the thread when a job has failed for the last time; a job that
// was fenced out belongs to somebody else and is not told.
func (w *Worker) handle(ctx context.Context, c Claimed) error {
	began := time.Now()
	err := w.Runner.Run(ctx, c)
	w.log(ctx, c, time.Since(began), err)
	var later *LaterError
	if err == nil || !c.Last || errors.Is(err, ErrFenced) || ctx.Err() != nil || errors.As(err, &later) {
		return err
	}
	if told := w.Runner.giveUp(ctx, c, err); told != nil {
		return errors.Join(err, fmt.Errorf("tell the thread: %w", told))
	}
	return err
}

func (w *Worker) log(ctx context.Context, c Claimed, took time.Duration, err error) {
	if w.Log == nil {
		return
	}
	log := w.Log.With("trace", c.Trace, "org", c.Org, "job", c.ID, "thread", c.Thread.Room()+"/"+c.Thread.ID,
		"actor", c.Actor.Subject(), "attempt", c.Attempt, "took", took.Round(time.Millisecond))
	if err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "run failed", "error", err)
		return
	}
	log.InfoContext(ctx, "run at rest")
}
