package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"interlock/rbac"
)

// verdicts are what people said to the card before it started, from the events
// in which they said it.
func (c *covering) verdicts() (said []Verdict) {
	card := c.card.Payload.Hold
	for i := range c.s.Events {
		ev := &c.s.Events[i]
		h := ev.Payload.Hold
		if ev.Kind != KindVerdict || ev.Seq > c.ev.Seq || !c.mine(ev) || h.Approval == nil || len(h.Approval.Verdicts) == 0 {
			continue
		}
		v := h.Last()
		switch {
		case v.By.Subject() != ev.Actor.Subject():
			c.wrong("event %d: a verdict in somebody else's name", ev.Seq)
		case h.Approval.Digest != card.Approval.Digest:
			c.wrong("event %d: a verdict on something else than the card showed", ev.Seq)
		case !v.At.Before(card.Expires):
			c.wrong("event %d: a verdict after the card had expired", ev.Seq)
		case !v.Approve && !v.Back && !v.Glass:
			c.wrong("event %d: it was declined before it started", ev.Seq)
		}
		said = append(said, v)
	}
	same := func(a, b Verdict) bool {
		return a.ID == b.ID && a.Approve == b.Approve && a.Glass == b.Glass && a.Back == b.Back
	}
	if !slices.EqualFunc(said, c.ev.Payload.Hold.Approval.Verdicts, same) {
		c.wrong("the verdicts on the card are not those on record")
	}
	return said
}

// rights asks the policy of each verdict whether who gave it might.
func (c *covering) rights(ctx context.Context, said []Verdict) error {
	for _, v := range said {
		verb := rbac.Approve
		switch {
		case v.Glass:
			verb = rbac.Break
		case !v.Approve:
			continue
		case c.own(v.By):
			c.wrong("%s approved what they asked for, or led to", v.By.Name)
			continue
		}
		gate, r, err := c.gate(ctx, v.Policy, v.At)
		if err != nil {
			return err
		}
		if gate == nil {
			continue
		}
		if d := gate.May(ctx, v.By, verb, r); d.Outcome != rbac.Allow {
			c.wrong("%s had no right to %s it then: %s", v.By.Name, verb, d.Why())
		}
	}
	return nil
}

// own tells whether somebody asked for it, or is an author.
func (c *covering) own(who rbac.Actor) bool {
	return slices.ContainsFunc(append(c.r.Authors, c.r.Actor), func(a rbac.Actor) bool { return a.Subject() == who.Subject() })
}

// start decides anew, by the policy of then, whether it might begin.
func (c *covering) start(ctx context.Context, a *Approval) error {
	version := ""
	if why := c.ev.Payload.Why; why != nil {
		version = why.Policy
	}
	glass := a.Broken()
	if glass != nil {
		c.broken(*glass)
	}
	gate, r, err := c.gate(ctx, version, c.ev.At)
	if err != nil || gate == nil {
		return err
	}
	d, standing, need := gate.Decide(ctx, r), a.Standing(), c.card.Payload.Hold.Approval.Need
	switch {
	case d.Outcome == rbac.Deny:
		c.wrong("policy denied it when it started: %s", d.Why())
	case glass != nil:
		if d := gate.May(ctx, glass.By, rbac.Break, r); d.Outcome != rbac.Allow {
			c.wrong("%s had no right to break the glass when it started: %s", glass.By.Name, d.Why())
		}
	case d.Frozen != nil:
		c.wrong("it started in a freeze of %s, which lasted until %s", frozenName(d.Frozen.Env), d.Frozen.Until.UTC().Format(time.RFC3339))
	}
	if glass != nil || d.Outcome == rbac.Deny {
		return nil
	}
	if missing := gate.Missing(ctx, r, standing); len(missing) > 0 || len(standing) == 0 || len(standing) < need {
		c.wrong("the quorum was not met when it started: %d of %d approvals, still needed: %v", len(standing), need, missing)
	}
	return nil
}

// gate is the judge of a version, and the request as of then. A version that is
// not on record, or was not in force then, proves nothing.
func (c *covering) gate(ctx context.Context, version string, at time.Time) (*rbac.Enforcer, rbac.Request, error) {
	r := c.r
	r.At = at
	src, err := c.p.Policy(ctx, version)
	switch {
	case errors.Is(err, ErrNotFound):
		c.wrong("policy version %q is not on record", version)
		return nil, r, nil
	case err != nil:
		return nil, r, fmt.Errorf("read policy: %w", err)
	}
	if c.p.InForce != nil {
		was, err := c.p.InForce(ctx, version, at)
		if err != nil {
			return nil, r, fmt.Errorf("read policy: %w", err)
		}
		if !was {
			c.wrong("policy version %.12s was not in force at %s", version, at.UTC().Format(time.RFC3339))
		}
	}
	return &rbac.Enforcer{Source: src}, r, nil
}

// broken checks what a broken glass needs: a reason, and a review when it has
// ended. As long as the review is open, that is only said.
func (c *covering) broken(glass Verdict) {
	c.Glass = true
	if utf8.RuneCountInString(glass.Reason) < shortestReason {
		c.wrong("the glass was broken without a reason")
	}
	c.noted("%s broke the glass: %s", glass.By.Name, glass.Reason)
	q := c.review()
	switch {
	case q == nil && c.s.lastOf(c.Call, KindResult) != nil:
		c.wrong("the glass was broken for it, and no review was opened")
		return
	case q == nil:
		c.noted("it has not ended, so there is no review yet")
		return
	}
	for i := range c.s.Events {
		ev := &c.s.Events[i]
		if ev.Payload.Hold == nil || ev.Payload.Hold.ID != q.ID {
			continue
		}
		switch {
		case ev.Kind == KindClosed:
			c.wrong("the glass was broken for it, and nobody reviewed that in time")
			return
		case ev.Kind == KindAnswered && (c.own(ev.Actor) || ev.Actor.Subject() == glass.By.Subject()):
			c.wrong("%s reviewed what they asked for, or broke the glass for", ev.Actor.Name)
			return
		case ev.Kind == KindAnswered:
			c.Reviewed = true
			c.noted("reviewed by %s: %s", ev.Actor.Name, ev.Payload.Hold.Question.Answer)
			return
		}
	}
	c.noted("nobody has reviewed that yet")
}

// review is the one that was opened of this very hold.
func (c *covering) review() *Hold {
	for i := range c.s.Events {
		ev := &c.s.Events[i]
		h := ev.Payload.Hold
		if ev.Kind != KindQuestion || ev.Seq < c.ev.Seq || h == nil || h.Question == nil || !h.Question.Review {
			continue
		}
		var of struct{ Hold string }
		if json.Unmarshal(h.Call.Args, &of) == nil && of.Hold == c.Hold {
			return h
		}
	}
	return nil
}
