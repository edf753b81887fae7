package agent

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// chained has the chain of the stack called to a card, in place of the ladder. It
// is false when there is none.
func (u *run) chained(h *Hold) bool {
	if u.Escalation == nil || u.Escalation.For == nil {
		return false
	}
	name := u.Escalation.For(h.Org, h.Request.Action)
	rungs := u.Escalation.Chain(h.Org, name)
	if name == "" || len(rungs) == 0 {
		return false
	}
	at := u.Patience(h.Org).after(h.Opened, rungs[0].After, h.Approval.Urgent)
	if at.Before(h.Expires) {
		h.Approval.Chain, h.Approval.NextUp, h.Approval.NextAt = name, []string{"the chain " + name}, at
		h.Approval.First = rungs[0].After
	}
	return true
}

// raising is the job that raises the alert of a card that nobody answers.
func (h *Hold) raising() Job {
	a := h.Approval
	j := Raise{
		Key: "hold/" + h.ID, Chain: a.Chain, Hold: h.ID, Severity: "action", Stack: h.Request.Action.Stack, Environment: h.Request.Action.Environment,
		Room: h.Thread.Room(), Since: a.NextAt.Add(-a.First),
	}.Job(h.Org, h.ID+"/raise"+nth(a.Anew), h.Trace)
	j.After = a.NextAt
	return j
}

// about writes down what waits, who asks, until when, and how it is decided, whoever
// raises it: whoever is woken by it has nothing else before them. Title names a room;
// nil is as it is configured.
func (a *Alert) about(h Hold, title func(room string) string) {
	if h.Approval == nil {
		return
	}
	room, code, who := h.Thread.Room(), h.Approval.PlanCode(), line(h.Request.Actor.Name)
	if title != nil {
		room = title(room)
	}
	where := h.object()
	if env := h.Request.Action.Environment; env != "" {
		where += " (" + env + ")"
	}
	a.Title, a.Ends = "An approval waits: "+h.object(), h.Expires
	a.Text = fmt.Sprintf("%s asks to run %s on %s: %s. Nobody has decided yet. Approve or decline on the card with plan code %s in %s; a press here says only that you see to it.",
		who, h.Call.Tool, where, h.would(), code, room)
	a.Facts = []Fact{{Name: "Would do", Value: h.would()}, {Name: "Asked by", Value: who}, {Name: "Plan code", Value: code}, {Name: "Waits in", Value: room}, Moment("Open until", h.Expires)}
}

// longestWould is how much of a call's arguments stands in the text of an alert.
const longestWould = 120

// would is what the call would do, counted from the plan where there is one.
func (h *Hold) would() string {
	switch b := h.Approval.Bound; {
	case b.Plan != nil:
		return b.Plan.Counts()
	case b.Summary != "":
		return short(line(b.Summary), longestWould)
	}
	return short(line(h.Call.Tool+" "+string(h.Call.Args)), longestWould)
}

// draws is the job that has an open card say how far the chain is that is called to it,
// after each change of its alert.
func (c *Control) draws(ctx context.Context, a *Alert) ([]Job, error) {
	if a.Hold == "" {
		return nil, nil
	}
	h, err := c.Store.Held(ctx, a.Org, a.Hold)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && (h.State != Open || h.Approval == nil):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read card: %w", err)
	}
	j := h.wake(fmt.Sprintf("%s/card/%d", a.ID, a.Version+1), time.Time{})
	j.Alert = a.ID
	return []Job{j}, nil
}

// follow writes onto an open card how far its chain is. It never carries the call on.
func (u *run) follow(ctx context.Context) error {
	if u.Escalation == nil {
		return nil
	}
	a, err := u.Escalation.Alerts.Alert(ctx, u.s.Org, u.job.Alert)
	if err != nil {
		return absent(err)
	}
	h, err := u.Store.Held(ctx, u.s.Org, u.job.Hold)
	if err != nil {
		return absent(err)
	}
	old := h.Approval.Alert
	if h.State != Open || !u.clock().Before(h.Expires) || old != nil && old.ID == a.ID && old.Version >= a.Version {
		return nil
	}
	u.actor, u.tier, u.turn = h.Request.Actor, h.Request.Tier, h.Turn
	h.Approval.Alert = a.calls()
	err = u.commit(ctx, Batch{Hold: &h}, u.event(KindCalled, Payload{Call: &h.Call, Hold: &h}))
	if errors.Is(err, ErrRaced) {
		return u.follow(ctx) // somebody spoke meanwhile
	}
	return err
}

// absent takes what is not there for nothing to do.
func absent(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return fmt.Errorf("follow chain: %w", err)
}

// calls is what an alert tells of its chain: who was called when, who is next, and who
// has it.
func (a *Alert) calls() *Alert {
	return &Alert{
		ID: a.ID, Version: a.Version, State: a.State, Chain: a.Chain, Rungs: a.Rungs, Step: a.Step, Since: a.Since, Told: a.Told,
		Owner: a.Owner, Until: a.Until, Attended: a.Attended[max(0, len(a.Attended)-1):], Opened: a.Opened, Ends: a.Ends, Why: a.Why,
	}
}

// calm is the job that ends the alert of a card that waits no more.
func (h *Hold) calm() []Job {
	if h.State == Open || h.Approval == nil || h.Approval.Chain == "" {
		return nil
	}
	return []Job{{
		ID: h.ID + "/calm/" + h.State.String() + nth(h.Approval.Anew), Org: h.Org, Trace: h.Trace, Thread: h.raising().Thread, Alert: h.alert(),
	}}
}

// alert is the id of what is raised for a hold, whoever raises it. Once it was opened
// again, it is another one.
func (h *Hold) alert() string {
	anew := 0
	if h.Approval != nil {
		anew = h.Approval.Anew
	}
	return alertID(h.Org, h.ID+"/raise"+nth(anew))
}
