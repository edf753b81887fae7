package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"interlock/rbac"
)

// Digest is the morning report of a room: it tells of so much time before its moment.
type Digest struct {
	Name string
	At   time.Time
	Past time.Duration
}

// How far back a digest tells at most of what the ones before it did not: one that is
// due each month more than others.
const (
	mostPast      = 8 * 24 * time.Hour
	mostPastMonth = 35 * 24 * time.Hour
)

// From is from when on it tells: since the one before it was due, or since the last one
// that was told, when that is longer ago.
func (d Digest) From(told time.Time) time.Time {
	from, most := d.At.Add(-d.Past), mostPast
	if d.Past > mostPast {
		most = max(mostPastMonth, d.Past)
	}
	if told.IsZero() || !told.Before(from) {
		return from
	}
	if first := d.At.Add(-most); told.Before(first) {
		return first
	}
	return told
}

// Report is what a Digest tells. Every number is counted from the record; no model has
// a word in it.
type Report struct {
	Name        string
	From, Until time.Time
	Waiting     []Waits       `json:",omitempty"` // what needs a person
	Needs       int           // how many things need one: of what waits, of the stacks, and all that is unsure
	Unsure      []Changed     `json:",omitempty"` // of the changes: did not end as applied, newest first, one for each stack
	Frozen      []rbac.Freeze `json:",omitempty"` // the freezes that go on
	Held        int           // approved changes that wait for the end of one
	Changes     []Changed     `json:",omitempty"` // made in that time
	Broken      int           // of the changes: by a broken glass
	Unapproved  int           // of the changes: without approval, which must never be
	Decided     int           // approvals that people decided
	Took        time.Duration // the median of how long that took them
	Expired     int           // approvals that nobody decided in time
	Refused     int           // requests, presses and calls that policy refused
	Runs        int           // requests that ended
	GaveUp      []string      `json:",omitempty"` // why requests failed
	Drifts      []Differing   `json:",omitempty"` // stacks that are told of
	Looks       int           // scans that could look
	Blind       int           // scans that could not
	Trend       []Count       `json:",omitempty"` // findings open at the end of each day
	Answers     []Answer      `json:",omitempty"` // how long people took, of the last 30 days
	Pace        Pace          // of those 30 days
	Late        []LateRun     `json:",omitempty"` // schedules that did not run
	Left        Left          // how many more of each there are
	Spent       Sum           // on models, this month
	Cap         Money         // of the month; 0 is none
	Currency    string        `json:",omitempty"`
	OnCall      []Duty        `json:",omitempty"`
	Head        string        `json:",omitempty"` // of the trail, in hex
	Sealed      time.Time     // when it was signed
}

// Left is how many things are not listed in a report, because there are too many.
type Left struct{ Waiting, Unsure, Frozen, Changes, GaveUp, Drifts, Late int }

// Waits is one thing that needs a person: a card with its code, an open alert, or a
// question.
type Waits struct {
	Hold, Code, What string
	Alert            bool
	Destroys         bool
	By               string
	Until            time.Time // zero is until somebody takes it
	Thread           Thread
}

// Changed is one live change.
type Changed struct {
	Stack, By, Yes, Outcome string
	At                      time.Time
}

// Count is a number on a day.
type Count struct {
	Day time.Time
	N   int
}

// Answer is how long one approval waited for its decision.
type Answer struct {
	At   time.Time
	Took time.Duration
}

// Pace is how long people took for their decisions.
type Pace struct {
	N             int
	Half, Longest time.Duration // half of them, or more, took at most Half
}

// PaceOf computes it.
func PaceOf(all []Answer) (p Pace) {
	if p.N = len(all); p.N == 0 {
		return p
	}
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Answer) int { return cmp.Compare(a.Took, b.Took) })
	p.Half, p.Longest = sorted[(p.N-1)/2].Took, sorted[p.N-1].Took
	return p
}

// LateRun are the due times of a schedule that did not run well for one reason. Due is
// the newest of them.
type LateRun struct {
	Name, Why string
	Due       time.Time
	N         int
}

// Duty is who is on call.
type Duty struct{ Rota, Who string }

// report tells a room its digest. It is counted when the job runs, and on record before
// it is shown.
func (u *run) report(ctx context.Context) error {
	d := u.job.Digest
	if u.Report == nil {
		return u.emit(ctx, KindNotice, Payload{Title: "Digest", Text: "Digests are not set up in this process."})
	}
	r, err := u.Report(ctx, u.s.Org, u.s.Thread.Room(), *d)
	if err != nil {
		return fmt.Errorf("count digest: %w", err)
	}
	return u.emit(ctx, KindDigest, Payload{Report: &r})
}
