package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"interlock/rbac"
)

// The judgements of a person about a stack's drift.
const (
	Accept = "accept" // it may stay until a moment
	Own    = "own"    // it is theirs to put right
	Lapse  = "lapse"  // the moment of an acceptance has come
)

// Judgement is what a person says to all of a stack's drift that nobody has accepted.
type Judgement struct {
	Kind, Stack string
	Until       time.Time
	Because     string
	Seen        string // Drift.Unsettled as the person saw it; of an acceptance
}

// judge records a judgement, as far as policy lets the person make it, and has the
// stack's thread told.
func (u *run) judge(ctx context.Context) error {
	j := u.job.Judge
	for range mostRaces {
		d, err := u.Store.Drift(ctx, u.s.Org, j.Stack)
		if err != nil {
			return fmt.Errorf("read drift: %w", err)
		}
		if refused := u.mayJudge(ctx, d); refused != nil {
			return u.emit(ctx, KindRefused, *refused)
		}
		if j.Kind == Accept && j.Seen != d.Unsettled() {
			return u.emit(ctx, KindNotice, Payload{Title: "Not accepted", Text: "The drift of " + j.Stack + " has moved since " + line(u.actor.Name) + " looked at it. Look again, then accept what you see."})
		}
		before := d.Findings
		n := d.judged(*j, u.actor, u.clock())
		if j.Kind == Lapse {
			if err := u.lapsed(ctx, d, before, n > 0); !errors.Is(err, ErrRaced) {
				return err
			}
			continue
		}
		if n == 0 {
			return u.emit(ctx, KindNotice, Payload{Title: "Nothing to do", Text: "No finding of " + j.Stack + " is left that this would change."})
		}
		if err := u.company(ctx, &d); err != nil {
			return err
		}
		b := Batch{Drift: &d, Jobs: []Job{u.tellJob(d, ScanNews{})}}
		if j.Kind == Accept {
			b.Jobs = append(b.Jobs, u.lapse(d))
		}
		if err := u.commit(ctx, b, u.event(KindNotice, Payload{Title: "Drift of " + j.Stack, Text: j.said(n, u.actor)})); !errors.Is(err, ErrRaced) {
			return err
		}
	}
	return fmt.Errorf("judge drift of %s: %w", j.Stack, ErrRaced)
}

// lapsed has the stack's thread told that acceptances are over, as a scan would. It
// writes nothing where it is woken: the stack may be told of elsewhere by now.
func (u *run) lapsed(ctx context.Context, d Drift, before []Finding, any bool) error {
	if !any {
		return nil // it is gone, or was judged anew
	}
	told := ScanNews{Stack: d.Stack, Environment: d.Environment, Commit: d.Commit, Known: d.Findings}
	for i, f := range d.Findings {
		if f.Accepted == nil && before[i].Accepted != nil {
			told.Lapsed = append(told.Lapsed, f)
		}
	}
	return u.Store.Append(ctx, u.s.Org, Batch{Drift: &d, Jobs: []Job{u.tellJob(d, told)}, Fence: u.fence()})
}

// company notes with whom a drift is told now, when it is told with others.
func (u *run) company(ctx context.Context, d *Drift) error {
	if !d.Shared() {
		return nil
	}
	all, err := u.others(ctx, *d)
	d.Alike = names(all)
	return err
}

// mayJudge tells why a person may not judge, if so. That it is theirs, everybody may
// say who may read about it; that it may stay, who may propose changes of the stack.
func (u *run) mayJudge(ctx context.Context, d Drift) *Payload {
	if u.job.Judge.Kind == Lapse {
		return nil
	}
	act := rbac.Action{Tool: "drift_scan", Effect: rbac.Read, Stack: u.job.Judge.Stack, Environment: d.Environment}
	if u.job.Judge.Kind == Accept {
		act.Effect = rbac.Propose
	}
	r := u.request(act)
	r.Label = rbac.Clean() // a press says nothing that was read
	if dec := u.Gate.Decide(ctx, r); dec.Outcome != rbac.Allow {
		return &Payload{Text: dec.Why(), Why: &dec, Act: &act}
	}
	return nil
}

// judged notes a judgement, and counts the findings that it has changed.
func (d *Drift) judged(j Judgement, by rbac.Actor, at time.Time) (n int) {
	all := make([]Finding, len(d.Findings))
	copy(all, d.Findings)
	for i := range all {
		f := &all[i]
		switch {
		case j.Kind == Lapse && f.Accepted != nil && !f.Accepted.Until.After(at):
			f.Accepted = nil
		case j.Kind == Accept && f.Accepted == nil:
			f.Accepted = &Acceptance{By: by, At: at, Until: j.Until, Because: j.Because}
		case j.Kind == Own && f.Accepted == nil && (f.Owner == nil || f.Owner.Subject() != by.Subject()):
			f.Owner = &by
		default:
			continue
		}
		n++
	}
	d.Findings = all
	return n
}

// said is what people hear of a judgement of so many findings.
func (j *Judgement) said(n int, by rbac.Actor) string {
	what := fmt.Sprintf("%d findings", n)
	if n == 1 {
		what = "1 finding"
	}
	if j.Kind == Accept {
		return fmt.Sprintf("%s accepted %s until %s: %s", line(by.Name), what, j.Until.Format("2 January 2006 15:04 MST"), line(j.Because))
	}
	return fmt.Sprintf("%s takes %s.", line(by.Name), what)
}

// lapse is the job that ends an acceptance.
func (u *run) lapse(d Drift) Job {
	until := u.job.Judge.Until
	return Job{
		ID: fmt.Sprintf("%s/lapse", u.job.ID), Org: d.Org, Trace: u.job.Trace, Thread: d.Thread, Tier: rbac.Observe, After: until,
		Actor: rbac.Actor{Org: d.Org, Platform: Scheduled, ID: Lapse, Name: "the clock"}, Judge: &Judgement{Kind: Lapse, Stack: d.Stack, Until: until},
	}
}
