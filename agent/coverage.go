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

	"interlock/rbac"
)

// Proof is what an audit needs beside the log. Policy gives the policy of a
// version, or ErrNotFound; InForce tells whether it was in force at a moment, and
// nil believes what the log says of that; Artifact gives the bytes that were
// bound, or ErrNotFound when they have expired by rule.
type Proof struct {
	Key      []byte // the Org's, that signs approvals
	Policy   func(ctx context.Context, version string) (rbac.Source, error)
	InForce  func(ctx context.Context, version string, at time.Time) (bool, error)
	Artifact func(ctx context.Context, id string) ([]byte, error)
}

// Covered is one live change and what proves it. Without Wrong it had a valid
// approval by people with the right at that time, over exactly those bytes; or the
// glass was broken for it, which is no violation, and is said. Erased is a session
// whose words are gone: nothing can be proven of it any more, either way.
type Covered struct {
	Session, Hold, Call, Tool string
	At                        time.Time
	Glass, Reviewed, Erased   bool
	Wrong, Notes              []string // each one line
}

// Coverage judges every live change of a session, from its log alone.
func Coverage(ctx context.Context, s *Session, p Proof) (all []Covered, err error) {
	for i := range s.Events {
		ev := &s.Events[i]
		switch {
		case ev.gone():
			return []Covered{{Session: s.ID, At: ev.At, Erased: true, Notes: []string{"its words were erased: of what ran here nothing can be proven"}}}, nil
		case ev.Kind == KindStarted && ev.live():
			c := covering{s: s, p: p, ev: ev, Covered: covered(s, ev)}
			if err := c.judge(ctx); err != nil {
				return nil, err
			}
			all = append(all, c.Covered)
		case ev.Kind == KindResult && ev.unbegun(s):
			c := covered(s, ev)
			c.Wrong = []string{"its result says " + ev.Payload.Result.Applied + ", and no start is on record"}
			all = append(all, c)
		}
	}
	return all, nil
}

func covered(s *Session, ev *Event) Covered {
	return Covered{Session: s.ID, Call: ev.Payload.Call.ID, Tool: ev.Payload.Call.Tool, At: ev.At}
}

// gone tells whether the words of a start were erased.
func (ev *Event) gone() bool {
	return ev.Kind == KindStarted && (ev.Payload.Call == nil || ev.Payload.Call.ID == "")
}

// live tells whether an event starts something that changes live things: by what
// the card said, or by what the call said of itself.
func (ev *Event) live() bool {
	h, act := ev.Payload.Hold, ev.Payload.Act
	return h != nil && h.Request.Action.Effect >= rbac.Change || act != nil && act.Effect >= rbac.Change
}

// Begins is the stack of which an event starts a live change; empty is none.
func (ev *Event) Begins() string {
	switch p := ev.Payload; {
	case ev.Kind != KindStarted || !ev.live():
		return ""
	case p.Hold != nil:
		return p.Hold.Request.Action.Stack
	default:
		return p.Act.Stack
	}
}

// unbegun tells whether a result changed something, and nothing says that it began.
func (ev *Event) unbegun(s *Session) bool {
	res, call := ev.Payload.Result, ev.Payload.Call
	return res != nil && call != nil && res.Applied != "" && res.Applied != "not applied" && s.lastOf(call.ID, KindStarted) == nil
}

// covering is one change on its way through the audit.
type covering struct {
	Covered
	s    *Session
	p    Proof
	ev   *Event
	card *Event       // that opened its hold
	r    rbac.Request // as the card was opened for, with the authors that the log knows
}

func (c *covering) wrong(format string, args ...any) {
	c.Wrong = append(c.Wrong, line(fmt.Sprintf(format, args...)))
}

func (c *covering) noted(format string, args ...any) {
	c.Notes = append(c.Notes, line(fmt.Sprintf(format, args...)))
}

func (c *covering) judge(ctx context.Context) error {
	h := c.ev.Payload.Hold
	if h == nil || h.Approval == nil {
		c.wrong("it started without an approval")
		return nil
	}
	c.Hold = h.ID
	c.once()
	if c.card = c.opened(); c.card == nil {
		c.wrong("there is no card %s before it", c.Hold)
		return nil
	}
	c.r = c.card.Payload.Hold.Request
	c.r.Authors = c.authors()
	c.bound()
	if err := c.bytes(ctx); err != nil {
		return err
	}
	said := c.verdicts()
	if err := c.rights(ctx, said); err != nil {
		return err
	}
	return c.start(ctx, &Approval{Verdicts: said})
}

// opened is the event that opened the card.
func (c *covering) opened() *Event {
	for i := range c.s.Events {
		if ev := &c.s.Events[i]; ev.Kind == KindApproval && ev.Seq < c.ev.Seq && c.mine(ev) && ev.Payload.Hold.Approval != nil {
			return ev
		}
	}
	return nil
}

// mine tells whether an event is about the hold of this change.
func (c *covering) mine(ev *Event) bool {
	return ev.Payload.Hold != nil && ev.Payload.Hold.ID == c.Hold
}

// authors are those whose asks and answers led to the card: what people say
// afterwards led to nothing.
func (c *covering) authors() []rbac.Actor {
	before := Session{Events: slices.DeleteFunc(slices.Clone(c.s.Events), func(ev Event) bool { return ev.Seq >= c.card.Seq })}
	return append(before.Authors(c.card.Turn), c.r.Authors...)
}

// once checks that nothing started twice.
func (c *covering) once() {
	for i := range c.s.Events {
		ev := &c.s.Events[i]
		if ev.Kind != KindStarted || ev.Seq == c.ev.Seq || ev.Payload.Call == nil {
			continue
		}
		if ev.Payload.Call.ID == c.Call || c.mine(ev) {
			c.wrong("it started twice: events %d and %d", min(ev.Seq, c.ev.Seq), max(ev.Seq, c.ev.Seq))
		}
	}
}

// bound checks that what started is what the card was about, and as whom.
func (c *covering) bound() {
	card, now, call := c.card.Payload.Hold, c.ev.Payload.Hold, c.ev.Payload.Call
	if !hmac.Equal([]byte(digest(c.p.Key, *card, card.Approval.Bound)), []byte(card.Approval.Digest)) {
		c.wrong("the digest of the card does not hold")
	}
	if card.Approval.Digest != now.Approval.Digest || card.Call.ID != call.ID || card.Call.Tool != call.Tool || string(card.Call.Args) != string(call.Args) {
		c.wrong("it is not the call that the card showed")
	}
	if c.ev.Actor.Subject() != card.Request.Actor.Subject() {
		c.wrong("it ran as %s, and %s had asked for it", c.ev.Actor.Name, card.Request.Actor.Name)
	}
	if !c.ev.At.Before(card.Expires) {
		c.wrong("it started after the card had expired, at %s", card.Expires.UTC().Format(time.RFC3339))
	}
	for i := range c.s.Events {
		if ev := &c.s.Events[i]; ev.Kind == KindClosed && ev.Seq < c.ev.Seq && c.mine(ev) {
			c.wrong("event %d: the card was %s before it started", ev.Seq, ev.Payload.Hold.State)
		}
	}
}

// bytes checks what was stored, as long as it is kept.
func (c *covering) bytes(ctx context.Context) error {
	id := c.card.Payload.Hold.Approval.Bound.Artifact
	if id == "" || c.p.Artifact == nil {
		return nil
	}
	body, err := c.p.Artifact(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		c.noted("the stored plan has expired by rule; its hash is on the card")
		return nil
	case err != nil:
		return fmt.Errorf("read artifact: %w", err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != id {
		c.wrong("the stored plan is not the one that was approved")
	}
	return nil
}
