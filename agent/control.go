package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"interlock/rbac"
)

// Control settles what people say to a hold. No running job is before it: it
// reads the row, judges, and writes the row, the event and the job that follows
// in one transaction. Runner judges by the same code when the call begins.
type Control struct {
	Store Store
	Gate  Gate
	Tools Toolset
	Keys  map[string][]byte // by Org
	Live  *Live             // the calls that run in this process; nil when there are none
	Clock func() time.Time  // nil is the machine's

	Escalation *Escalation // nil raises no alerts

	Glass        func(ctx context.Context, r rbac.Request) bool       // whether anybody may break it; nil is nobody
	Freezes      Freezes                                              // nil can freeze nothing
	Environments func(org string) []string                            // that can be frozen; nil is none
	Rooms        func(org string, a rbac.Action) []Thread             // that hear of an emergency or a freeze; nil is none
	Ladder       func(ctx context.Context, r rbac.Request) [][]string // names to call for an approval, one rung after the other
}

// Press is one click, answer or stop, as it came in.
type Press struct {
	ID, Org string
	Thread  Thread
	By      rbac.Actor
	Tier    rbac.Tier // of the channel
	Hold    string
	Code    string // the plan code that the card showed
	Approve bool
	Back    bool   // take the own approval back
	Glass   bool   // break the glass; Text says why
	Typed   string // what the person typed to confirm, as Hold.Confirm asks
	Text    string // a reason, or the answer to a question
}

// NoSuch is all that a wrong id learns, also one that exists in another Org.
const NoSuch = "there is no such card"

// Settle returns the hold as it now is and, when the press had no effect, why.
// Whoever loses a race is judged again on what the winner wrote.
func (c *Control) Settle(ctx context.Context, p Press) (h Hold, refused string, err error) {
	for {
		h, refused, err = c.settle(ctx, p)
		if !errors.Is(err, ErrRaced) {
			return h, refused, err
		}
	}
}

func (c *Control) settle(ctx context.Context, p Press) (Hold, string, error) {
	h, err := c.Store.Held(ctx, p.Org, p.Hold)
	if errors.Is(err, ErrNotFound) {
		return Hold{}, NoSuch, nil
	}
	if err != nil {
		return h, "", err
	}
	s, err := c.Store.Load(ctx, p.Org, h.Session)
	if err != nil {
		return h, "", err
	}
	if s.Thread != p.Thread {
		return Hold{}, NoSuch, nil
	}
	if h.Question != nil {
		return c.answer(ctx, s, h, p)
	}
	return c.verdict(ctx, s, h, p)
}

func (c *Control) verdict(ctx context.Context, s *Session, h Hold, p Press) (Hold, string, error) {
	for _, v := range h.Approval.Verdicts {
		if v.ID == p.ID {
			return h, "", nil // redelivered: its job was written with it
		}
	}
	if p.Code != h.Approval.PlanCode() {
		return c.refuse(ctx, s, h, p, because("this card is about another call"))
	}
	d := c.right(ctx, h, p)
	switch {
	case d.Outcome != rbac.Allow:
		return c.refuse(ctx, s, h, p, d)
	case !h.Pending():
		return c.refuse(ctx, s, h, p, because("too late: the card is "+h.State.String()))
	}
	if p.Approve || p.Glass {
		switch why, err := c.unready(ctx, s, &h, p); {
		case err != nil:
			return h, "", err
		case why != "" && h.State == Void:
			return h, why, c.write(ctx, s, h, p, KindClosed, why)
		case why != "":
			return c.refuse(ctx, s, h, p, because(why))
		}
	}
	v, was := c.word(p, d.Policy), h.State
	if err := h.Settle(v, c.Gate.Missing(ctx, h.Request, h.Approval.with(v))); err != nil {
		return c.refuse(ctx, s, h, p, because(err.Error()))
	}
	var again []Job
	if was == Approved && h.State == Open {
		again = h.anew(c.clock())
	}
	return h, "", c.write(ctx, s, h, p, KindVerdict, p.Text, again...)
}

// right judges whether this person may press this button. An approval can be
// taken back by whoever gave it, whatever became of their rights.
func (c *Control) right(ctx context.Context, h Hold, p Press) rbac.Decision {
	switch {
	case p.Glass:
		return c.Gate.May(ctx, p.By, rbac.Break, h.Request)
	case p.Back:
		return rbac.Decision{Outcome: rbac.Allow}
	}
	return c.Gate.May(ctx, p.By, rbac.Approve, h.Request)
}

// unready tells why a call may not be let run by this press, if so. When what
// stands under the card has moved, the hold becomes void.
func (c *Control) unready(ctx context.Context, s *Session, h *Hold, p Press) (string, error) {
	if why := h.Unconfirmed(p); why != "" {
		return why, nil
	}
	d, why, err := c.broken(ctx, s, *h)
	if err != nil {
		return "", err
	}
	if h.Frozen = d.Frozen; why != "" && h.State == Open && c.clock().Before(h.Expires) {
		h.State, h.Why = Void, why
	}
	return why, nil
}

// Unconfirmed tells what must still be typed before this press can let the call
// run, if anything.
func (h *Hold) Unconfirmed(p Press) string {
	want := h.Confirm()
	switch {
	case !p.Approve && !p.Glass:
		return ""
	case want != "" && !strings.EqualFold(strings.TrimSpace(p.Typed), want):
		return "this destroys: type " + want + " to confirm"
	case p.Glass && utf8.RuneCountInString(strings.TrimSpace(p.Text)) < shortestReason:
		return fmt.Sprintf("breaking the glass needs a reason of at least %d characters", shortestReason)
	}
	return ""
}

// shortestReason is what breaking the glass needs, in characters: a word is no reason.
const shortestReason = 10

// word is a press as a person's word. Until there is a second factor, that
// it was them rests on the chat.
func (c *Control) word(p Press, policy string) Verdict {
	return Verdict{
		ID: p.ID, Approve: p.Approve, Back: p.Back, Glass: p.Glass, Reason: p.Text,
		By: p.By, At: c.clock(), Policy: policy, Proof: "chat",
	}
}

func (c *Control) answer(ctx context.Context, s *Session, h Hold, p Press) (Hold, string, error) {
	d := c.may(ctx, p, "answer")
	if h.Question.Review {
		d = c.Gate.May(ctx, p.By, rbac.Approve, h.Request)
		if all := h.Request.Authors; len(all) > 0 && all[len(all)-1].Subject() == p.By.Subject() { // review puts them last
			d.Reasons = []string{"whoever broke the glass may not review it"}
		}
	}
	if d.Outcome != rbac.Allow {
		return c.refuse(ctx, s, h, p, d)
	}
	if err := h.Take(p.Text, p.By, c.clock()); err != nil {
		return c.refuse(ctx, s, h, p, because(err.Error()))
	}
	return h, "", c.write(ctx, s, h, p, KindAnswered, p.Text)
}

// Stop records the order and tells the call that runs in this process; the job
// closes what is left when no run is there to do so. An order that is
// redelivered adds nothing. Whoever asked for what is open here may stop it too.
func (c *Control) Stop(ctx context.Context, p Press) (refused string, err error) {
	s, err := c.Store.Open(ctx, p.Org, p.Thread)
	if err != nil {
		return "", err
	}
	if ev := s.wrote(p.ID); ev != nil { // redelivered
		if ev.Kind == KindRefused {
			return ev.Payload.Text, nil
		}
		return "", nil
	}
	if d := c.may(ctx, p, "stop"); d.Outcome != rbac.Allow && !s.askedBy(p.By) {
		act := rbac.Action{Tool: "stop", Effect: rbac.Read} // by it this is told to the one alone
		ev := c.event(s, p, KindRefused, Payload{Text: d.Why(), Why: &d, Act: &act})
		return d.Why(), c.Store.Append(ctx, p.Org, Batch{Events: []Event{ev}})
	}
	if s.idle() {
		return "nothing is running here", nil
	}
	ev := c.event(s, p, KindStop, Payload{Text: p.Text})
	err = c.Store.Append(ctx, p.Org, Batch{
		Events: []Event{ev},
		Jobs:   []Job{{ID: p.ID, Org: p.Org, Trace: p.ID, Thread: p.Thread, Actor: p.By, Stop: true}},
	})
	if err == nil {
		c.Live.stop(s.Org, s.ID)
	}
	return "", err
}

// may asks for the right to speak here; speaking itself changes nothing.
func (c *Control) may(ctx context.Context, p Press, what string) rbac.Decision {
	return c.Gate.Decide(ctx, rbac.Request{
		Org: p.Org, Actor: p.By, Channel: p.Thread.Room(), Tier: p.Tier,
		Action: rbac.Action{Tool: what, Effect: rbac.Read}, Label: rbac.Clean(),
	})
}

func because(why string) rbac.Decision { return rbac.Decision{Reasons: []string{why}} }

// refuse is an event, not an error: the log keeps who tried what.
func (c *Control) refuse(ctx context.Context, s *Session, h Hold, p Press, d rbac.Decision) (Hold, string, error) {
	pl := Payload{Text: d.Why(), Why: &d}
	if h.ID != "" {
		pl.Hold = &h
	}
	return h, d.Why(), c.Store.Append(ctx, p.Org, Batch{Events: []Event{c.event(s, p, KindRefused, pl)}})
}

func (c *Control) write(ctx context.Context, s *Session, h Hold, p Press, k Kind, text string, more ...Job) error {
	b := Batch{Jobs: more, Hold: &h, Events: []Event{c.event(s, p, k, Payload{Text: text, Hold: &h})}}
	if h.State != Open {
		b.Jobs = append(b.Jobs, Job{ID: p.ID, Org: p.Org, Trace: h.Trace, Thread: s.Thread, Profile: h.Request.Profile, Hold: h.ID})
	}
	b.Jobs = append(b.Jobs, h.calm()...)
	if p.Glass && k == KindVerdict {
		b.Jobs = append(b.Jobs, c.alarm(h, p)...)
	}
	return c.Store.Append(ctx, p.Org, b)
}

// event carries the session's label: the person's words were said after all of it.
func (c *Control) event(s *Session, p Press, k Kind, pl Payload) Event {
	trace, turn := p.ID, ""
	if pl.Hold != nil {
		trace, turn, pl.Call = pl.Hold.Trace, pl.Hold.Turn, &pl.Hold.Call
	}
	return Event{
		Schema: Schema, ID: rand.Text(), Org: s.Org, Session: s.ID, Turn: turn, Run: p.ID, Trace: trace,
		Causes: []string{p.ID}, At: c.clock(), Actor: p.By, Label: s.Label(), Kind: k, Payload: pl,
	}
}
