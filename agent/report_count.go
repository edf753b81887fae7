package agent

import (
	"slices"
	"strings"
	"time"
)

// How much of each kind a report lists: it is one event of a log. The rest is counted.
const (
	mostListed  = 50
	mostAnswers = 500
	mostSome    = 5 // findings of a stack
	longestFail = 300
)

// Differing is a stack that is told of, without the values of its findings.
type Differing struct {
	Stack, Environment string
	Findings, Settled  int
	Free               bool      // some of its drift nobody has accepted or taken
	Since              time.Time // of the oldest finding
	Blind              bool      // a scanner cannot look at it
	Scanner            string    `json:",omitempty"` // that one; empty is the scan for drift
	Looked             time.Time // when that scanner could last; zero is never
	Some               []Finding `json:",omitempty"` // the first ones
	Fixing             string    `json:",omitempty"` // plan code of a change of it that is on its way
}

// Needs tells whether somebody has to look at it.
func (d Differing) Needs() bool { return d.Settled < d.Findings || d.Blind }

// Differing is what a report keeps of a drift.
func (d Drift) Differing() Differing {
	all := Differing{Stack: d.Stack, Environment: d.Environment, Findings: len(d.Findings), Settled: d.Settled()}
	if blind := d.Blind(); len(blind) > 0 {
		all.Blind, all.Scanner, all.Looked = true, blind[0], d.Sights[blind[0]].Looked
	}
	for i, f := range d.Findings {
		if i == 0 {
			all.Since = f.Since
		}
		all.Free = all.Free || f.Scanner == "" && f.Accepted == nil && f.Owner == nil
		if f.Code, f.Real = "", ""; i < mostSome {
			all.Some = append(all.Some, f)
		}
	}
	return all
}

// Close counts what needs people and how fast they are, and cuts what is too long to be
// listed. It is the last thing that is done to a report, whose changes are in their order.
func (r *Report) Close() {
	r.Unsure = unsure(r.Changes)
	r.Needs, r.Pace = len(r.Waiting)+len(r.Unsure), PaceOf(r.Answers)
	for _, d := range r.Drifts {
		if d.Needs() {
			r.Needs++
		}
	}
	r.Waiting, r.Left.Waiting = cut(r.Waiting)
	r.Unsure, r.Left.Unsure = cut(r.Unsure)
	r.Frozen, r.Left.Frozen = cut(r.Frozen)
	r.Changes, r.Left.Changes = cut(r.Changes)
	r.GaveUp, r.Left.GaveUp = cut(r.GaveUp)
	r.Drifts, r.Left.Drifts = cut(r.Drifts)
	r.Late, r.Left.Late = cut(r.Late)
	r.Answers = r.Answers[max(0, len(r.Answers)-mostAnswers):]
}

// unsure are the changes of which somebody has to see what became of them: the last one of
// each stack that did not end as applied. A later one that did settles those before it.
func unsure(all []Changed) (some []Changed) {
	seen := map[string]bool{}
	for _, c := range slices.Backward(all) {
		if c.Outcome != "applied" && !seen[c.Stack] {
			some = append(some, c)
		}
		seen[c.Stack] = c.Stack != "" // of which nobody knows the stack, nothing is settled
	}
	return some
}

func cut[T any](all []T) (some []T, left int) {
	some = all[:min(len(all), mostListed)]
	return some, len(all) - len(some)
}

// Failed counts a request that was given up.
func (r *Report) Failed(why string) { r.GaveUp = append(r.GaveUp, short(why, longestFail)) }

// Count takes the result of a call into account: only a live change counts.
func (r *Report) Count(ev Event) {
	p := ev.Payload
	if p.Result == nil || p.Result.Applied == "" || p.Result.Applied == "not applied" {
		return
	}
	c := Changed{By: ev.Actor.Name, Outcome: p.Result.Applied, At: ev.At}
	switch h := p.Hold; {
	case h == nil || h.Approval == nil:
		r.Unapproved++
	case h.Approval.Broken() != nil:
		r.Broken++
	case h.Approvals() < h.Approval.Need:
		r.Unapproved++
	}
	if h := p.Hold; h != nil {
		c.Stack, c.By = h.Request.Action.Stack, h.Request.Actor.Name
		if h.Approval != nil {
			var names []string
			for _, a := range h.Approval.Standing() {
				names = append(names, a.Name)
			}
			c.Yes = strings.Join(names, ", ")
		}
	}
	r.Changes = append(r.Changes, c)
}
