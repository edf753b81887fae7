package agent

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"interlock/rbac"
)

// now is the moment as every store keeps it: UTC, whole microseconds.
func now() time.Time { return moment(time.Now()) }

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// clock is what this process takes for now.
func (c *Control) clock() time.Time {
	if c.Clock == nil {
		return now()
	}
	return moment(c.Clock())
}

func (u *run) request(a rbac.Action) rbac.Request {
	return rbac.Request{
		Org: u.s.Org, Actor: u.actor, Profile: u.profile.Name, Channel: u.s.Thread.Room(), Tier: u.tier,
		Action: a, Label: u.s.Label(), Authors: u.s.Authors(u.turn),
	}
}

// event fills the envelope. What we write ourselves carries the label of all
// that was read before, so that a model cannot launder a text by repeating it.
func (u *run) event(k Kind, p Payload) Event {
	l := u.s.Label()
	if k == KindAsk {
		l = l.Join(rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal}).Join(p.Ask.label())
	}
	if p.Result != nil {
		l = l.Join(p.Result.Label)
	}
	if n := u.job.News; n != nil && p.Drift != nil {
		l = l.Join(n.Label)
	}
	if k == KindStarted {
		p.Host = u.Host
	}
	causes := []string{u.job.ID}
	if p.Call != nil {
		causes = append(causes, p.Call.ID)
	}
	if n := len(u.s.Events); n > 0 {
		causes = append(causes, u.s.Events[n-1].ID)
	}
	return Event{
		Schema: Schema, ID: rand.Text(), Org: u.s.Org, Session: u.s.ID, Turn: u.turn, Run: u.job.ID, Trace: u.job.Trace,
		Causes: causes, At: u.clock(), Actor: u.actor, Label: l, Kind: k, Payload: p,
	}
}

func (u *run) emit(ctx context.Context, k Kind, p Payload) error {
	return u.commit(ctx, Batch{}, u.event(k, p))
}

// commit records first; the outbox rows that show it are part of the same write.
func (u *run) commit(ctx context.Context, b Batch, evs ...Event) error {
	evs = u.redrawn(evs)
	b.Events = evs
	b.Fence = u.fence()
	if err := u.Store.Append(ctx, u.s.Org, b); err != nil {
		return fmt.Errorf("record %s: %w", evs[0].Kind, err)
	}
	if evs[0].Seq == u.s.Seq()+1 { // nobody spoke meanwhile
		u.s.Events = append(u.s.Events, evs...)
		return nil
	}
	return u.refresh(ctx)
}

// refresh reads what was written meanwhile: people speak while a run goes on.
func (u *run) refresh(ctx context.Context) error {
	evs, err := u.Store.Tail(ctx, u.s.Org, u.s.ID, u.s.Seq())
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	u.s.Events = append(u.s.Events, evs...)
	return nil
}
