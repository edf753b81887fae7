package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"interlock/rbac"
)

// ring notes who is called first to a new card, who is next, and when.
func (u *run) ring(ctx context.Context, h *Hold) {
	h.Approval.Glass = u.Glass != nil && u.Glass(ctx, h.Request)
	if u.chained(h) {
		return
	}
	rungs := u.ladder(ctx, *h)
	if len(rungs) == 0 {
		return
	}
	h.Approval.Called = []Called{{Names: rungs[0], At: h.Opened}}
	u.next(h, rungs, h.Opened)
}

// ladder is whom to call, one rung after the other.
func (u *run) ladder(ctx context.Context, h Hold) [][]string {
	if u.Ladder != nil {
		return u.Ladder(ctx, h.Request)
	}
	if len(h.Approval.Whom) == 0 {
		return nil
	}
	return [][]string{h.Approval.Whom}
}

// next says who follows, unless nobody does or the card is over before.
func (u *run) next(h *Hold, rungs [][]string, from time.Time) {
	a, p := h.Approval, u.Patience(h.Org)
	a.NextUp, a.NextAt = nil, time.Time{}
	if n := len(a.Called); n < len(rungs) && p.Next > 0 {
		if at := p.after(from, p.Next, a.Urgent); at.Before(h.Expires) {
			a.NextUp, a.NextAt = rungs[n], at
		}
	}
}

// due are the jobs that look at a hold when its time is up, and when the next
// people are to be called.
func (h *Hold) due() []Job {
	jobs := []Job{h.wake(h.ID+"/due", h.Expires)}
	a := h.Approval
	switch {
	case a == nil || len(a.NextUp) == 0:
	case a.Chain != "":
		jobs = append(jobs, h.raising())
	default:
		jobs = append(jobs, h.wake(fmt.Sprintf("%s/call/%d%s", h.ID, len(a.Called), nth(a.Anew)), a.NextAt))
	}
	return jobs
}

// anew has people called to a card that is open again, because an approval was taken
// back after they would have been called.
func (h *Hold) anew(at time.Time) []Job {
	a := h.Approval
	if len(a.NextUp) == 0 || at.Before(a.NextAt) {
		return nil // nobody follows, or the job that calls them is still to come
	}
	a.NextAt = at
	return h.due()[1:]
}

// nth tells the jobs of a card apart that are made for it anew.
func nth(anew int) string {
	if anew == 0 {
		return ""
	}
	return fmt.Sprintf("/%d", anew)
}

// callNext calls the next people to a card that nobody has decided. It does
// nothing when it was woken too early.
func (u *run) callNext(ctx context.Context, h Hold) error {
	a := h.Approval
	if a == nil || len(a.NextUp) == 0 || a.Chain != "" || u.clock().Before(a.NextAt) {
		return nil
	}
	names := a.NextUp
	a.Called = append(a.Called, Called{Names: names, At: u.clock()})
	u.next(&h, u.ladder(ctx, h), u.clock())
	told := Job{
		ID: fmt.Sprintf("%s/called/%d", h.ID, len(a.Called)), Org: h.Org, Trace: h.Trace, Thread: h.Thread, Title: "Still waiting",
		Notice: fmt.Sprintf("%s: plan code %s still waits for approval, until %s. You are called now.",
			strings.Join(names, ", "), a.PlanCode(), h.Expires.Format("2 January 15:04 MST")),
	}
	return u.commit(ctx, Batch{Hold: &h, Jobs: append(h.due()[1:], told)}, u.event(KindCalled, Payload{Call: &h.Call, Hold: &h}))
}

// overdue ends a review that nobody answered; an answered one needs nothing more.
func (u *run) overdue(ctx context.Context, h Hold) error {
	if h.State != Open || u.clock().Before(h.Expires) {
		return nil
	}
	return u.end(ctx, h, Expired, h.Question.Otherwise)
}

// How many cards one person may have open from the last minutes: whoever is
// asked too often approves without looking (reviewers of such prompts accept 93%).
const (
	mostCards  = 5
	cardWindow = 10 * time.Minute
)

// flooded tells why no further card is opened for the one who asks, if so.
func (u *run) flooded(ctx context.Context) (string, error) {
	if u.Freezes == nil {
		return "", nil
	}
	all, err := u.Freezes.Undecided(ctx, u.s.Org)
	if err != nil {
		return "", fmt.Errorf("list cards: %w", err)
	}
	n := 0
	for _, h := range all {
		if h.Approval != nil && h.State == Open && h.Request.Actor.Subject() == u.actor.Subject() && u.clock().Sub(h.Opened) < cardWindow {
			n++
		}
	}
	if n < mostCards {
		return "", nil
	}
	return fmt.Sprintf("not run: %d cards that %s asked for in the last 10 minutes wait for people; let those be decided first", n, line(u.actor.Name)), nil
}

// urgent tells whether the person said so, in the first word.
func (s *Session) urgent(turn string) bool {
	ask := s.Asked(turn)
	if ask == nil {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimSpace(ask.Payload.Text), " ")
	return strings.EqualFold(strings.TrimRight(first, ":!,."), "urgent")
}

// expiry is how long a card waits by policy and by the organisation's own rule.
func (p Patience) expiry(d rbac.Decision) time.Duration {
	if d.Expiry > 0 && d.Expiry < p.Expiry {
		return d.Expiry
	}
	return p.Expiry
}
