package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// Logged is an event, and the thread of its session.
type Logged struct {
	Thread agent.Thread
	Event  agent.Event
}

// Book is the record that a digest counts. Logged calls each with the events of some
// kinds between two moments, in any order, and not with those of scans; answers and stops
// come without their payload. HoldsSince are the cards that were opened after one; Head is
// the last signed checkpoint of the trail.
type Book interface {
	Logged(ctx context.Context, org string, from, until time.Time, kinds []agent.Kind, each func(Logged)) error
	HoldsSince(ctx context.Context, org string, from time.Time) ([]agent.Hold, error)
	Head(ctx context.Context, org string) (head string, at time.Time, err error)
}

// Digest counts what the report of a room tells. Only what belongs to the room is in it:
// its threads, and the stacks whose details may be shown there. Nil functions leave
// their part out. It is safe for concurrent use.
type Digest struct {
	Book     Book
	Pending  func(ctx context.Context, org string) ([]agent.Hold, error)  // cards and questions that are open, or approved
	Frozen   func(ctx context.Context, org string) ([]rbac.Freeze, error) // also those that are over
	Alerts   agent.Alerts
	Told     func(ctx context.Context, org, name string) (time.Time, error) // the due time of the last one that was told
	Drifts   bot.Drifts
	Looks    func(ctx context.Context, org string, stacks []string, since time.Time) ([]bot.Look, error) // the last of each day
	Looked   func(ctx context.Context, org string, stacks []string, from, until time.Time) (could, blind int, err error)
	Stacks   func(org string) []bot.Stack
	Late     func(ctx context.Context, org, room string, from, until time.Time) ([]agent.LateRun, error)
	Bills    agent.Bills
	Spending func(org string) agent.Spending
	Rota     func(ctx context.Context, org string) ([]bot.Field, error)
}

// month is how far the charts look back.
const month = 30 * 24 * time.Hour

// Due counts the digest of a schedule. What nobody was told, because nothing ran, is told
// by the next one.
func (d *Digest) Due(ctx context.Context, org, room string, of agent.Digest) (agent.Report, error) {
	var told time.Time
	if d.Told != nil {
		var err error
		if told, err = d.Told(ctx, org, of.Name); err != nil {
			return agent.Report{}, fmt.Errorf("read schedules: %w", err)
		}
	}
	r, err := d.Report(ctx, org, room, of.From(told), of.At)
	r.Name = of.Name
	return r, err
}

// Report counts what a room's digest tells of the time between two moments.
func (d *Digest) Report(ctx context.Context, org, room string, from, until time.Time) (agent.Report, error) {
	r := agent.Report{From: from, Until: until}
	own := map[string]bool{}
	for _, s := range d.Stacks(org) {
		own[s.Name] = slices.Contains(s.Rooms, room)
	}
	pending, err := d.Pending(ctx, org)
	if err != nil {
		return r, fmt.Errorf("list cards: %w", err)
	}
	waiting(pending, room, own, &r)
	err = errors.Join(
		d.frozen(ctx, org, room, pending, own, &r), d.alerts(ctx, org, room, own, &r), d.happened(ctx, org, room, own, &r), d.answered(ctx, org, room, own, &r),
		d.drifted(ctx, org, pending, own, &r), d.late(ctx, org, room, &r), d.money(ctx, org, &r), d.duty(ctx, org, &r), d.head(ctx, org, &r),
	)
	r.Close()
	return r, err
}

// happened counts what the log of that time has: changes, refusals, requests that ended.
func (d *Digest) happened(ctx context.Context, org, room string, own map[string]bool, r *agent.Report) error {
	kinds := []agent.Kind{agent.KindResult, agent.KindRefused, agent.KindAnswer, agent.KindStopped, agent.KindGaveUp}
	err := d.Book.Logged(ctx, org, r.From, r.Until, kinds, func(l Logged) {
		p := l.Event.Payload
		if here := l.Thread.Room() == room; !here && (p.Hold == nil || !own[p.Hold.Request.Action.Stack]) {
			return
		}
		switch l.Event.Kind {
		case agent.KindRefused:
			r.Refused++
		case agent.KindAnswer, agent.KindStopped:
			r.Runs++
		case agent.KindGaveUp:
			r.Runs++
			r.Failed(p.Text)
		case agent.KindResult:
			r.Count(l.Event)
		}
	})
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	slices.SortStableFunc(r.Changes, func(a, b agent.Changed) int { return a.At.Compare(b.At) })
	slices.Sort(r.GaveUp)
	return nil
}

// answered counts the approvals that people decided, and how long that took them.
func (d *Digest) answered(ctx context.Context, org, room string, own map[string]bool, r *agent.Report) error {
	since := r.Until.Add(-month)
	if r.From.Before(since) {
		since = r.From
	}
	holds, err := d.Book.HoldsSince(ctx, org, since)
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	var mine []agent.Answer
	for _, h := range holds {
		if h.Approval == nil || !ours(h, room, own) {
			continue
		}
		if h.State == agent.Expired && !h.Expires.Before(r.From) && h.Expires.Before(r.Until) {
			r.Expired++
		}
		at, ok := decidedAt(h)
		if !ok || !at.Before(r.Until) {
			continue
		}
		a := agent.Answer{At: at, Took: at.Sub(h.Opened)}
		r.Answers = append(r.Answers, a)
		if !at.Before(r.From) {
			mine = append(mine, a)
		}
	}
	slices.SortStableFunc(r.Answers, func(a, b agent.Answer) int { return a.At.Compare(b.At) })
	pace := agent.PaceOf(mine)
	r.Decided, r.Took = pace.N, pace.Half
	return nil
}

// decidedAt is when people's last word on a card fell, if it is decided by them.
func decidedAt(h agent.Hold) (time.Time, bool) {
	if len(h.Approval.Verdicts) == 0 || h.State != agent.Approved && h.State != agent.Consumed && h.State != agent.Denied {
		return time.Time{}, false
	}
	return h.Last().At, true
}

func (d *Digest) late(ctx context.Context, org, room string, r *agent.Report) (err error) {
	if d.Late != nil {
		r.Late, err = d.Late(ctx, org, room, r.From, r.Until)
	}
	return err
}

func (d *Digest) money(ctx context.Context, org string, r *agent.Report) (err error) {
	if d.Bills == nil || d.Spending == nil {
		return nil
	}
	sp := d.Spending(org)
	r.Cap, r.Currency = sp.Month, sp.Currency
	if r.Spent, err = d.Bills.Billed(ctx, org, agent.BillFilter{From: agent.Month(r.Until)}); err != nil {
		return fmt.Errorf("read bills: %w", err)
	}
	return nil
}

func (d *Digest) duty(ctx context.Context, org string, r *agent.Report) error {
	if d.Rota == nil {
		return nil
	}
	all, err := d.Rota(ctx, org)
	if err != nil {
		return fmt.Errorf("read rota: %w", err)
	}
	for _, f := range all {
		r.OnCall = append(r.OnCall, agent.Duty{Rota: f.Name, Who: f.Value})
	}
	return nil
}

func (d *Digest) head(ctx context.Context, org string, r *agent.Report) (err error) {
	if r.Head, r.Sealed, err = d.Book.Head(ctx, org); err != nil {
		return fmt.Errorf("read trail: %w", err)
	}
	return nil
}
