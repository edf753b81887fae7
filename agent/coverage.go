package agent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"interlock/rbac"
)

// Proof is what an audit needs beside the log. Policy gives the policy of a
// version, or ErrNotFound; Artifact the bytes that were bound, or ErrNotFound
// when they have expired by rule.
type Proof struct {
	Key      []byte // the Org's, that signs approvals
	Policy   func(ctx context.Context, version string) (rbac.Source, error)
	Artifact func(ctx context.Context, id string) ([]byte, error)
}

// Covered is one live change and what proves it. Without Wrong it had a valid
// approval by people with the right at that time, over exactly those bytes; or the
// glass was broken for it, which is no violation, and is said.
type Covered struct {
	Session, Hold, Call, Tool string
	At                        time.Time
	Glass, Reviewed           bool
	Wrong, Notes              []string
}

// Coverage judges every live change of a session, from its log alone.
func Coverage(ctx context.Context, s *Session, p Proof) (all []Covered, err error) {
	for i := range s.Events {
		ev := &s.Events[i]
		if ev.Kind != KindStarted || ev.Payload.Call == nil || !live(ev) {
			continue
		}
		c := covering{s: s, p: p, ev: ev, h: ev.Payload.Hold}
		c.Covered = Covered{Session: s.ID, Call: ev.Payload.Call.ID, Tool: ev.Payload.Call.Tool, At: ev.At}
		if err := c.judge(ctx); err != nil {
			return nil, err
		}
		all = append(all, c.Covered)
	}
	return all, nil
}

// live tells whether an event starts something that changes live things.
func live(ev *Event) bool {
	if h := ev.Payload.Hold; h != nil {
		return h.Request.Action.Effect >= rbac.Change
	}
	return ev.Payload.Act != nil && ev.Payload.Act.Effect >= rbac.Change
}

// covering is one change on its way through the audit.
type covering struct {
	Covered
	s  *Session
	p  Proof
	ev *Event
	h  *Hold
	r  rbac.Request // as the card was opened for
}

func (c *covering) wrong(format string, args ...any) {
	c.Wrong = append(c.Wrong, fmt.Sprintf(format, args...))
}

func (c *covering) judge(ctx context.Context) error {
	if c.h == nil || c.h.Approval == nil {
		c.wrong("it started without an approval")
		return nil
	}
	c.Hold, c.r = c.h.ID, c.h.Request
	c.once()
	c.bound()
	if err := c.bytes(ctx); err != nil {
		return err
	}
	said := c.verdicts()
	c.people(said)
	return c.rights(ctx, said)
}

// once checks that nothing started twice.
func (c *covering) once() {
	for i := range c.s.Events {
		ev := &c.s.Events[i]
		if ev.Kind != KindStarted || ev.Seq == c.ev.Seq || ev.Payload.Call == nil {
			continue
		}
		if h := ev.Payload.Hold; ev.Payload.Call.ID == c.Call || h != nil && h.ID == c.Hold {
			c.wrong("it started twice: events %d and %d", min(ev.Seq, c.ev.Seq), max(ev.Seq, c.ev.Seq))
		}
	}
}

// bound checks that what started is what the card was about.
func (c *covering) bound() {
	card := c.card()
	switch {
	case card == nil:
		c.wrong("there is no card %s before it", c.Hold)
		return
	case card.Approval.Digest != c.h.Approval.Digest || card.Call.ID != c.Call || string(card.Call.Args) != string(c.ev.Payload.Call.Args):
		c.wrong("it is not the call that the card showed")
	case !hmac.Equal([]byte(digest(c.p.Key, *card, card.Approval.Bound)), []byte(card.Approval.Digest)):
		c.wrong("the digest of the card does not hold")
	case !c.ev.At.Before(card.Expires):
		c.wrong("it started after the card had expired, at %s", card.Expires.Format(time.RFC3339))
	}
	c.r = card.Request
}

// card is the hold as it was opened.
func (c *covering) card() *Hold {
	for i := range c.s.Events {
		if ev := &c.s.Events[i]; ev.Kind == KindApproval && ev.Seq < c.ev.Seq && ev.Payload.Hold != nil && ev.Payload.Hold.ID == c.Hold {
			return ev.Payload.Hold
		}
	}
	return nil
}

// bytes checks what was stored, as long as it is kept.
func (c *covering) bytes(ctx context.Context) error {
	id := c.h.Approval.Bound.Artifact
	if id == "" || c.p.Artifact == nil {
		return nil
	}
	body, err := c.p.Artifact(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		c.Notes = append(c.Notes, "the stored plan has expired by rule; its hash is on the card")
		return nil
	case err != nil:
		return fmt.Errorf("read artifact: %w", err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != id {
		c.wrong("the stored plan is not the one that was approved")
	}
	return nil
}

// verdicts are what people said to the card before it started, from the events
// in which they said it.
func (c *covering) verdicts() (said []Verdict) {
	for i := range c.s.Events {
		ev := &c.s.Events[i]
		h := ev.Payload.Hold
		if ev.Kind != KindVerdict || ev.Seq > c.ev.Seq || h == nil || h.ID != c.Hold || h.Approval == nil || len(h.Approval.Verdicts) == 0 {
			continue
		}
		v := h.Last()
		switch {
		case v.By.Subject() != ev.Actor.Subject():
			c.wrong("event %d: a verdict in somebody else's name", ev.Seq)
		case !v.At.Before(h.Expires):
			c.wrong("event %d: a verdict after the card had expired", ev.Seq)
		case !v.Approve && !v.Back && !v.Glass:
			c.wrong("event %d: it was declined before it started", ev.Seq)
		}
		said = append(said, v)
	}
	same := func(a, b Verdict) bool {
		return a.ID == b.ID && a.Approve == b.Approve && a.Glass == b.Glass && a.Back == b.Back
	}
	if !slices.EqualFunc(said, c.h.Approval.Verdicts, same) {
		c.wrong("the verdicts on the card are not those on record")
	}
	return said
}

// people checks that nobody approved their own.
func (c *covering) people(said []Verdict) {
	involved := append(c.s.Authors(c.ev.Turn), c.r.Actor)
	for _, who := range (&Approval{Verdicts: said}).Standing() {
		if slices.ContainsFunc(involved, func(a rbac.Actor) bool { return a.Subject() == who.Subject() }) {
			c.wrong("%s approved what they asked for, or led to", who.Name)
		}
	}
}

// rights asks the policies of then: of each verdict, and of the start.
func (c *covering) rights(ctx context.Context, said []Verdict) error {
	a := Approval{Verdicts: said}
	standing, glass := a.Standing(), a.Broken()
	for _, v := range said {
		verb := rbac.Approve
		switch {
		case v.Glass:
			verb = rbac.Break
		case !v.Approve:
			continue
		}
		gate, err := c.gate(ctx, v.Policy)
		if err != nil || gate == nil {
			return err
		}
		r := c.r
		r.At = v.At
		if d := gate.May(ctx, v.By, verb, r); d.Outcome != rbac.Allow {
			c.wrong("%s had no right to %s it then: %s", v.By.Name, verb, d.Why())
		}
	}
	version := ""
	if c.ev.Payload.Why != nil {
		version = c.ev.Payload.Why.Policy
	}
	gate, err := c.gate(ctx, version)
	if err != nil || gate == nil {
		return err
	}
	r := c.r
	r.At = c.ev.At
	if glass != nil {
		c.Glass, c.Reviewed = true, c.reviewed()
		if utf8.RuneCountInString(glass.Reason) < shortestReason {
			c.wrong("the glass was broken without a reason")
		}
		if d := gate.May(ctx, glass.By, rbac.Break, r); d.Outcome != rbac.Allow {
			c.wrong("%s had no right to break the glass when it started: %s", glass.By.Name, d.Why())
		}
		return nil
	}
	if missing := gate.Missing(ctx, r, standing); len(missing) > 0 || len(standing) == 0 || len(standing) < c.h.Approval.Need {
		c.wrong("the quorum was not met when it started: %d of %d approvals, still needed: %v", len(standing), c.h.Approval.Need, missing)
	}
	return nil
}

// gate is the judge of a version; a version that is not on record proves nothing.
func (c *covering) gate(ctx context.Context, version string) (*rbac.Enforcer, error) {
	src, err := c.p.Policy(ctx, version)
	switch {
	case errors.Is(err, ErrNotFound):
		c.wrong("policy version %q is not on record", version)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return &rbac.Enforcer{Source: src}, nil
}

// reviewed tells whether somebody answered the review that a broken glass opens.
func (c *covering) reviewed() bool {
	return slices.ContainsFunc(c.s.Events, func(ev Event) bool {
		h := ev.Payload.Hold
		return ev.Kind == KindAnswered && h != nil && h.Question != nil && h.Question.Review && h.Turn == c.h.Turn
	})
}
