package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"interlock/rbac"
)

// holdApproval writes the row, its card's event and its time-out as one. What
// an approval would stand on may be gone already: then the call fails.
func (u *run) holdApproval(ctx context.Context, c ToolCall, r rbac.Request, d rbac.Decision) (*ToolResult, error) {
	if why, err := u.flooded(ctx); err != nil || why != "" {
		return u.failed(ctx, c, why, err)
	}
	p, urgent := u.Patience(u.s.Org), d.Urgent || u.s.urgent(u.turn)
	h := u.hold(c, r, 0)
	h.Expires, h.Frozen = p.after(h.Opened, p.expiry(d), urgent), d.Frozen
	h.Approval = &Approval{
		Need: max(1, d.Approvals), Needs: d.Needs, Missing: d.Needs, Whom: d.Whom, Was: u.was(ctx), Policy: d.Policy, Urgent: urgent,
	}
	u.ring(ctx, &h)
	switch err := u.seal(ctx, &h); {
	case errors.Is(err, ErrNotFound):
		return u.fail(ctx, c, "not run: what it stands on is gone; plan again")
	case err != nil:
		return nil, fmt.Errorf("seal %s: %w", c.Tool, err)
	}
	h.Approval.Bound.Plan = cleaner(u.Redact).plan(h.Approval.Bound.Plan) // what is shown; what is bound are its bytes
	if why := h.hidden(); why != "" {
		return u.fail(ctx, c, why)
	}
	return nil, u.wait(ctx, h, KindApproval)
}

// failed fails a call, unless it was an error that kept it from being judged.
func (u *run) failed(ctx context.Context, c ToolCall, why string, err error) (*ToolResult, error) {
	if err != nil {
		return nil, err
	}
	return u.fail(ctx, c, why)
}

// was is the plan of the card that this turn asks anew.
func (u *run) was(ctx context.Context) *Plan {
	ask := u.s.Asked(u.turn)
	if ask == nil || ask.Payload.Ask.Again == "" {
		return nil
	}
	old, err := u.Store.Held(ctx, u.s.Org, ask.Payload.Ask.Again)
	if err != nil || old.Approval == nil {
		return nil
	}
	return old.Approval.Bound.Plan
}

func (u *run) holdQuestion(ctx context.Context, c ToolCall, q Question) error {
	h := u.hold(c, u.request(rbac.Action{Tool: c.Tool, Effect: rbac.Read}), q.Wait)
	h.Question = &q
	return u.wait(ctx, h, KindQuestion)
}

func (u *run) hold(c ToolCall, r rbac.Request, wait time.Duration) Hold {
	return Hold{
		ID: rand.Text(), Org: u.s.Org, Session: u.s.ID, Turn: u.turn, Trace: u.job.Trace, Thread: u.s.Thread,
		Call: c, Request: r, State: Open, Opened: u.clock(), Expires: u.clock().Add(wait),
	}
}

func (u *run) wait(ctx context.Context, h Hold, k Kind) error {
	return u.commit(ctx, Batch{Hold: &h, Jobs: h.due()}, u.event(k, Payload{Call: &h.Call, Hold: &h}))
}

// resume carries on from a hold that people settled or let pass.
func (u *run) resume(ctx context.Context) (bool, error) {
	h, err := u.Store.Held(ctx, u.job.Org, u.job.Hold)
	if err != nil {
		return false, fmt.Errorf("hold %s: %w", u.job.Hold, err)
	}
	u.actor, u.tier, u.turn = h.Request.Actor, h.Request.Tier, h.Turn
	if h.Question != nil && h.Question.Review {
		return false, u.overdue(ctx, h)
	}
	if !u.carries(h) {
		return false, nil
	}
	res, err := u.outcome(ctx, h)
	if errors.Is(err, ErrRaced) {
		return u.resume(ctx) // somebody spoke meanwhile: judge anew
	}
	return err == nil && res != nil, err
}

// carries tells whether it is this job that carries on the call of a hold: no other one
// did, and the call waits on no newer card.
func (u *run) carries(h Hold) bool {
	if ev := u.s.lastOf(h.Call.ID, KindResult); ev != nil && ev.Run != u.job.ID {
		return false
	}
	ev := u.s.lastOf(h.Call.ID, KindApproval, KindQuestion)
	return ev != nil && ev.Payload.Hold.ID == h.ID
}

// outcome turns the hold's state into the call's result.
func (u *run) outcome(ctx context.Context, h Hold) (*ToolResult, error) {
	t, known := u.Tools.Tool(h.Call.Tool)
	if h.Approval != nil && !known {
		return u.fail(ctx, h.Call, "this tool is no longer there; if the call had begun, look before you ask again")
	}
	switch h.State {
	case Open:
		if u.clock().Before(h.Expires) {
			return nil, u.callNext(ctx, h)
		}
		return u.expire(ctx, h)
	case Approved:
		return u.approved(ctx, t, h)
	case Consumed:
		_, why, err := u.stands(ctx, u.s, h)
		if err != nil {
			return nil, err
		}
		return u.lost(ctx, t, h.Call, why == "")
	case Answered:
		q := h.Question
		return u.note(ctx, h.Call, ToolResult{
			Text:  q.By.Name + " answered: " + q.Answer,
			Label: rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal},
		})
	case Denied:
		v := h.Last()
		return u.fail(ctx, h.Call, "declined by "+v.By.Name+": "+v.Reason)
	}
	return u.fail(ctx, h.Call, "not run: the card is "+h.State.String()+": "+h.Why)
}

func (u *run) expire(ctx context.Context, h Hold) (*ToolResult, error) {
	why := "nobody decided in time"
	if h.Question != nil {
		why = "nobody answered in time: " + h.Question.Otherwise
	}
	if err := u.end(ctx, h, Expired, why); err != nil {
		return nil, err
	}
	return u.fail(ctx, h.Call, why)
}

// approved consumes the approval and records the start as one write: it is
// used once, and a deny that came first makes this write fail.
func (u *run) approved(ctx context.Context, t Tool, h Hold) (*ToolResult, error) {
	d, why, err := u.stands(ctx, u.s, h)
	if err != nil {
		return nil, err
	}
	if why != "" {
		if err := u.end(ctx, h, Void, why); err != nil {
			return nil, err
		}
		return u.fail(ctx, h.Call, "not run: "+why)
	}
	if d.Frozen != nil && h.Approval.Broken() == nil {
		return nil, u.thawing(ctx, h, d.Frozen)
	}
	h.State, h.Frozen = Consumed, nil
	if err := u.commit(ctx, Batch{Hold: &h}, u.event(KindStarted, Payload{Call: &h.Call, Act: &h.Request.Action, Hold: &h, Why: &d})); err != nil {
		return nil, err
	}
	return u.invoke(ctx, t, h.Call)
}

// end closes a hold as it was read: if somebody spoke meanwhile, this fails.
func (u *run) end(ctx context.Context, h Hold, to State, why string) error {
	h.State, h.Why = to, why
	return u.commit(ctx, Batch{Hold: &h, Jobs: h.calm()}, u.event(KindClosed, Payload{Call: &h.Call, Hold: &h, Text: why}))
}
