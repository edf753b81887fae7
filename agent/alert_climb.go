package agent

import (
	"context"
	"fmt"
	"strings"
)

// climb tells the next rung if it is due. When nobody of it can be reached, the one
// after it is told at once. The jobs tell administrators of who was not reached.
func (u *run) climb(ctx context.Context, a *Alert) (jobs []Job) {
	if to, at := a.Next(); to == nil || a.Moved.Before(at) {
		return nil
	}
	defer u.atLast(ctx, a)
	for reached := false; !reached && a.Step < len(a.Rungs); a.Step++ {
		for _, to := range a.Rungs[a.Step].To {
			t := u.dial(ctx, a, to)
			a.Told = append(a.Told, t)
			if reached = reached || t.Reached(); !t.Reached() {
				jobs = append(jobs, u.tellAdmins(ctx, a.ID+"/"+to, a, unreached(a, to, t.Why))...)
			}
		}
	}
	return jobs
}

// atAdmins is the address of the last resort.
const atAdmins = "admins"

// atLast shows an alert to the administrators when its chain is at its end and nobody
// of it was reached.
func (u *run) atLast(ctx context.Context, a *Alert) {
	if a.Step < len(a.Rungs) || a.Heard() || u.Escalation.Admins == nil {
		return
	}
	if rooms := u.Escalation.Admins(ctx, a.Org); len(rooms) > 0 {
		a.Told = append(a.Told, Telling{Rung: len(a.Rungs), To: atAdmins, Rooms: rooms, At: a.Moved})
	}
}

// dial finds where an address leads now. A service is told by the event itself.
func (u *run) dial(ctx context.Context, a *Alert, to string) Telling {
	t := Telling{Rung: a.Step, To: to, At: a.Moved}
	if strings.HasPrefix(to, toService) {
		return t
	}
	r := u.Escalation.Reach(ctx, a.Org, to)
	t.Rooms, t.Who, t.As, t.Why = r.Rooms, r.Who, r.As, r.Why
	if len(t.Rooms) == 0 && t.Why == "" {
		t.Why = "it leads nowhere"
	}
	return t
}

// notice tells a room something about the alert, in a thread of its own.
func (a *Alert) notice(room, what, title, text string) Job {
	platform, channel, _ := strings.Cut(room, ":")
	return Job{
		ID: a.ID + "/" + what + "/" + room, Org: a.Org, Trace: a.Trace, Title: title, Notice: text,
		Thread: Thread{Platform: platform, Channel: channel, ID: "~alert/" + a.ID},
	}
}

func unreached(a *Alert, to, why string) string {
	return fmt.Sprintf("%s was not reached (%s), so the next step of chain %s follows. Mend the chain, the rota or the channel.", to, why, a.Chain)
}

// tellAdmins are notices to the administrators about an alert, each of one matter once.
func (u *run) tellAdmins(ctx context.Context, matter string, a *Alert, text string) (jobs []Job) {
	if u.Escalation.Admins == nil {
		return nil
	}
	for _, room := range u.Escalation.Admins(ctx, u.s.Org) {
		platform, channel, _ := strings.Cut(room, ":")
		jobs = append(jobs, Job{
			ID: matter + "/admins/" + room, Org: u.s.Org, Trace: u.job.Trace, Title: "Not reached", Notice: a.titled(room) + ": " + text,
			Thread: Thread{Platform: platform, Channel: channel, ID: "~admins/" + matter},
		})
	}
	return jobs
}
