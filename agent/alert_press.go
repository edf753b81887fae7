package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"interlock/rbac"
)

// Deed is what a person does to an alert. The zero value does nothing.
type Deed string

// The deeds. Acknowledge stops the chain, Take does so too and names an owner,
// Snooze stops it for SnoozeTime, Resolve ends it.
const (
	Acknowledge Deed = "ack"
	Take        Deed = "take"
	Snooze      Deed = "snooze"
	Resolve     Deed = "resolve"
)

// SnoozeTime is how long an alert is snoozed; that of an approval no longer than its
// card waits.
const SnoozeTime = time.Hour

// mostAttended bounds what is kept of who pressed what; the log has all of it.
const mostAttended = 20

// AlertPress is one press on an alert, as it came in. Room is the one of its rooms
// where it was pressed, Thread the real place.
type AlertPress struct {
	ID, Org, Alert string
	Thread         Thread
	Room           string
	Tier           rbac.Tier
	By             rbac.Actor
	Do             Deed
}

// Attend settles a press behind no running job, as Settle does. It returns the
// alert as it now is and, when the press had no effect, why.
func (c *Control) Attend(ctx context.Context, p AlertPress) (a Alert, refused string, err error) {
	if c.Escalation == nil {
		return Alert{}, NoSuch, nil
	}
	for {
		a, refused, err = c.attend(ctx, p)
		if !errors.Is(err, ErrRaced) {
			return a, refused, err
		}
	}
}

func (c *Control) attend(ctx context.Context, p AlertPress) (Alert, string, error) {
	a, err := c.Escalation.Alerts.Alert(ctx, p.Org, p.Alert)
	if errors.Is(err, ErrNotFound) || err == nil && !slices.Contains(a.Rooms(), p.Room) {
		return Alert{}, NoSuch, nil // whoever was not told learns nothing of it
	}
	if err != nil {
		return a, "", err
	}
	if slices.ContainsFunc(a.Attended, func(d Attended) bool { return d.ID == p.ID }) {
		return a, "", nil // redelivered
	}
	s, err := c.Store.Load(ctx, p.Org, a.Session)
	if err != nil {
		return a, "", err
	}
	who := Press{ID: p.ID, Org: p.Org, Thread: p.Thread, By: p.By, Tier: p.Tier}
	if d := c.may(ctx, who, "ask"); d.Outcome != rbac.Allow {
		_, why, err := c.refuse(ctx, s, Hold{}, who, d)
		return a, why, err
	}
	was := a
	if why := a.attend(p, c.clock()); why != "" {
		return was, why, c.Store.Append(ctx, p.Org, Batch{Events: []Event{c.event(s, who, KindRefused, Payload{Text: why, Alert: &was})}})
	}
	drawn, err := c.draws(ctx, &a)
	if err != nil {
		return a, "", err
	}
	return a, "", c.Store.Append(ctx, p.Org, Batch{Alert: &a, Jobs: append(a.due(), drawn...), Events: []Event{c.event(s, who, KindAlert, Payload{Alert: &a})}})
}

// attend does the deed, or tells why it has no effect: the first word wins.
func (a *Alert) attend(p AlertPress, at time.Time) string {
	own := a.Owner.Subject() == p.By.Subject()
	mine := a.State == Acknowledged && own
	switch {
	case a.State == Resolved || a.State == NoAlert:
		return "it is resolved already"
	case p.Do == Take && mine:
		return "it is yours already"
	case p.Do == Acknowledge && a.State == Acknowledged:
		return fmt.Sprintf("%s has it already; take it over if you want it", a.Owner.Name)
	case p.Do == Snooze && !own && (a.State == Acknowledged || a.State == Snoozed):
		return fmt.Sprintf("%s has it; take it over first if you want to snooze it", a.Owner.Name)
	}
	a.Moved = at
	if a.State == Alerting {
		a.Stopped = at
	}
	switch p.Do {
	case Acknowledge, Take:
		a.State, a.Owner, a.Until = Acknowledged, p.By, time.Time{}
		a.Taken, a.Reminded = at, false
	case Snooze:
		a.State, a.Owner, a.Until = Snoozed, p.By, at.Add(SnoozeTime)
		if !a.Ends.IsZero() && a.Ends.Before(a.Until) {
			a.Until = a.Ends // there is nothing to wake anybody for after that
		}
	case Resolve:
		a.State, a.Ended, a.Until = Resolved, at, time.Time{}
	default:
		return "this button is not known"
	}
	a.Attended = append(a.Attended, Attended{ID: p.ID, Do: p.Do, By: p.By, At: at})
	a.Attended = a.Attended[max(0, len(a.Attended)-mostAttended):]
	return ""
}
