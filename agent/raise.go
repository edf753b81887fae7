package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Raise is what somebody must take. The same Key is the same alert as long as that
// one is not resolved. Chain is required. Since is what the delays of the chain
// count from; zero is now. With a Hold nothing is raised once that is decided, and
// whoever raises it, it is one alert. With Over nothing is raised at all: the alert
// of the Key ends, and Over says why.
type Raise struct {
	Key, Chain, Title, Text      string
	Facts                        []Fact `json:",omitempty"`
	Severity, Stack, Environment string
	Room                         string    `json:",omitempty"` // where it happened; empty is nowhere
	Hold                         string    `json:",omitempty"`
	Since                        time.Time `json:",omitzero"`
	Over                         string    `json:",omitempty"`
}

// Job is the job that raises. The same id twice raises once.
func (r Raise) Job(org, id, trace string) Job {
	if r.Key == "" {
		r.Key = id
	}
	return Job{ID: id, Org: org, Trace: trace, Thread: AlertThread(r.Key), Raise: &r}
}

// staleAfter is how long an alert swallows others of its key: what nobody has resolved
// for so long is not what happens now.
const staleAfter = 7 * 24 * time.Hour

// raise opens an alert and tells the first rung, in one write. One with the same
// key that is not resolved is counted, or ended when it is stale.
func (u *run) raise(ctx context.Context) error {
	r := *u.job.Raise
	if u.Escalation == nil {
		return u.emit(ctx, KindRefused, Payload{Text: "not raised: nothing is escalated here"})
	}
	h, over, err := u.settled(ctx, r.Hold)
	if err != nil {
		return err
	}
	id := alertID(u.s.Org, u.job.ID)
	if h.ID != "" {
		id = h.alert()
	}
	if open, err := u.raised(ctx, r, id); err != nil || open || over || r.Over != "" {
		return err
	}
	a := Alert{
		ID: id, Org: u.s.Org, Session: u.s.ID, Key: r.Key, Trace: u.job.Trace, State: Alerting, Chain: r.Chain,
		Title: r.Title, Text: r.Text, Facts: r.Facts, Severity: r.Severity, Stack: r.Stack, Environment: r.Environment,
		Hold: r.Hold, Own: u.own(r), Rungs: u.Escalation.Chain(u.s.Org, r.Chain), Count: 1, Opened: u.clock(), Since: r.Since,
	}
	a.about(h, u.Escalation.Title)
	if len(a.Rungs) == 0 {
		why := fmt.Sprintf("not raised: there is no chain %q; name it in chains, or name another one", r.Chain)
		return u.commit(ctx, Batch{Jobs: u.tellAdmins(ctx, u.job.ID, &a, why)}, u.event(KindRefused, Payload{Text: why}))
	}
	a.Moved = a.Opened
	if a.Since.IsZero() {
		a.Since = a.Opened
	}
	return u.record(ctx, &a, u.climb(ctx, &a))
}

// own are the rooms in which what is raised may be read: those of its stack, or where
// it happened when it is about none.
func (u *run) own(r Raise) []string {
	switch {
	case r.Stack != "" && u.Escalation.Own != nil:
		return slices.Clone(u.Escalation.Own(u.s.Org, r.Stack))
	case r.Stack == "" && r.Room != "":
		return []string{r.Room}
	}
	return nil
}

// raised tells whether the alert of this job, which has an id, or another one with its key, is there
// already, and does with it what the job says. Whoever loses a race looks again.
func (u *run) raised(ctx context.Context, r Raise, id string) (bool, error) {
	last := u.s.lastAlert()
	if last == "" {
		return false, nil
	}
	for {
		a, err := u.Escalation.Alerts.Alert(ctx, u.s.Org, last)
		switch {
		case err != nil:
			return false, fmt.Errorf("read alert: %w", err)
		case a.ID == id && r.Over == "":
			return true, nil // redelivered, or another way to the same approval
		case a.State == Resolved:
			return false, nil
		case r.Hold != "" && r.Hold == a.Hold && r.Over == "":
			return true, nil // it was opened again before its alert had ended
		}
		if err := u.raisedAgain(ctx, &a, r); !errors.Is(err, ErrRaced) {
			return true, err
		}
	}
}

// raisedAgain ends an open alert, or counts that it was raised once more: whoever has it
// hears of that. A stale one makes room for a new one, which a job of its own raises.
func (u *run) raisedAgain(ctx context.Context, a *Alert, r Raise) error {
	a.Moved = u.clock()
	switch {
	case r.Over != "":
		a.end(r.Over, a.Moved)
		return u.record(ctx, a, nil)
	case a.Moved.Sub(a.Opened) >= staleAfter:
		a.end("superseded: it was raised again after "+Lasted(a.Moved.Sub(a.Opened)), a.Moved)
		return u.record(ctx, a, []Job{r.Job(u.s.Org, u.job.ID+"/anew", u.job.Trace)})
	}
	a.Count++
	var jobs []Job
	if a.State == Acknowledged {
		jobs = append(jobs, a.tellOwner(fmt.Sprintf("again/%d", a.Count), "It happened again", fmt.Sprintf("%s: raised %d times by now, and you have it.", a.Title, a.Count)))
	}
	return u.record(ctx, a, jobs)
}

// settled tells whether a hold needs nobody any more.
func (u *run) settled(ctx context.Context, hold string) (h Hold, over bool, err error) {
	if hold == "" {
		return h, false, nil
	}
	h, err = u.Store.Held(ctx, u.s.Org, hold)
	if errors.Is(err, ErrNotFound) {
		return h, true, nil
	}
	return h, err == nil && (h.State != Open || !u.clock().Before(h.Expires)), err
}

// record writes an alert as it now is, what shows it, and what is due next, as one.
func (u *run) record(ctx context.Context, a *Alert, jobs []Job) error {
	drawn, err := u.draws(ctx, a)
	if err != nil {
		return err
	}
	return u.commit(ctx, Batch{Alert: a, Jobs: slices.Concat(a.due(), jobs, drawn)}, u.event(KindAlert, Payload{Alert: a}))
}
