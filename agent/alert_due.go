package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// alert does what is due for an alert. A job that comes too early, twice, or after
// somebody took it does nothing; whoever loses a race looks again.
func (u *run) alert(ctx context.Context) error {
	if u.Escalation == nil {
		return nil
	}
	for {
		a, err := u.Escalation.Alerts.Alert(ctx, u.s.Org, u.job.Alert)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil {
			err = u.look(ctx, &a)
		}
		if !errors.Is(err, ErrRaced) {
			return err
		}
	}
}

func (u *run) look(ctx context.Context, a *Alert) error {
	h, over, err := u.settled(ctx, a.Hold)
	_, next := a.Next()
	if err != nil || a.State == Resolved && (!over || a.Why != "") {
		return err // one that a person ended while its approval waited says once that this is over
	}
	a.Moved = u.clock()
	switch now := a.Moved; {
	case over:
		a.end(h.needless(), now)
		return u.record(ctx, a, nil)
	case u.job.Lost != "":
		return u.lose(ctx, a)
	case !next.IsZero() && !now.Before(next):
		return u.record(ctx, a, u.climb(ctx, a))
	case a.State == Snoozed && !now.Before(a.Until):
		return u.record(ctx, a, append(a.wake(now), u.climb(ctx, a)...))
	case a.State == Acknowledged && !a.Reminded && !now.Before(a.Taken.Add(remindAfter)):
		a.Reminded = true
		return u.record(ctx, a, []Job{a.tellOwner(fmt.Sprintf("remind/%d", a.Version), "Not resolved yet", fmt.Sprintf("%s: you took it %s ago. Resolve it when it is over.", a.Title, Lasted(remindAfter)))})
	}
	return nil
}

// needless says why nobody has to be called to a hold any more.
func (h *Hold) needless() string {
	if h.Question != nil {
		return "the question was answered, or its time is over"
	}
	return "the approval was decided, or its time is over"
}

// end resolves an alert without anybody's press.
func (a *Alert) end(why string, at time.Time) {
	a.State, a.Why, a.Ended = Resolved, why, cmp.Or(a.Ended, at)
}

// wake sets a snoozed alert going: what is left of the delay counts from now on.
// Who snoozed it is told.
func (a *Alert) wake(at time.Time) []Job {
	follows := "the chain goes on"
	if a.Step >= len(a.Rungs) {
		follows = "nobody else is called"
	}
	told := a.tellOwner(fmt.Sprintf("woken/%d", a.Version), "Snooze is over", fmt.Sprintf("%s: it is open again, and %s. Press a button on its card.", a.Title, follows))
	a.State, a.Since = Alerting, a.Since.Add(at.Sub(a.Stopped))
	a.Stopped, a.Until, a.Reminded = time.Time{}, time.Time{}, false
	return []Job{told}
}

// tellOwner tells the one who pressed last, where they pressed as whom.
func (a *Alert) tellOwner(what, title, text string) Job {
	by := a.Owner.Spoke()
	return a.notice(by.Platform+":@"+by.ID, what, title, text)
}

// lose notes that a room or a service that was told was not reached after all. When
// nobody of the newest rung is left, the next one is told at once.
func (u *run) lose(ctx context.Context, a *Alert) error {
	found, left := false, false
	for i := range a.Told {
		t := &a.Told[i]
		if t.has(u.job.Lost) {
			found, t.Rooms = true, slices.DeleteFunc(t.Rooms, func(r string) bool { return r == u.job.Lost })
			if len(t.Rooms) == 0 {
				t.Why = u.job.Text
			}
		}
		left = left || t.Rung == a.Step-1 && t.Reached()
	}
	if !found {
		return nil // another job noted it
	}
	jobs := u.tellAdmins(ctx, u.job.ID, a, unreached(a, u.job.Lost, u.job.Text))
	switch _, at := a.Next(); {
	case left:
	case !at.IsZero():
		a.Since = a.Since.Add(-max(0, at.Sub(a.Moved))) // what follows comes earlier by as much
		jobs = append(jobs, u.climb(ctx, a)...)
	default:
		u.atLast(ctx, a)
	}
	return u.record(ctx, a, jobs)
}

func (t Telling) has(place string) bool {
	return t.Reached() && (slices.Contains(t.Rooms, place) || t.To == place && strings.HasPrefix(place, toService))
}

// Lost is the job that notes that a room or a service was not reached: a row of the
// outbox that was given up, or a notice that no service took. Mark names that row or
// notice, because a chain may tell the same place again.
func (a *Alert) Lost(place, why, mark string) Job {
	if why == "" {
		why = "it was refused"
	}
	return Job{ID: a.ID + "/lost/" + place + "/" + mark, Org: a.Org, Trace: a.Trace, Thread: AlertThread(a.Key), Alert: a.ID, Lost: place, Text: why}
}
