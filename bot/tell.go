package bot

import (
	"context"
	"errors"
	"fmt"

	"interlock/agent"
	"interlock/rbac"
)

// mostTold is how many lines of a plan one person is shown at their wish.
const mostTold = 200

// tell answers who wants to know more of a card before they decide. It is told
// to them alone, and only of a card of this very thread that people still can
// change, to somebody who may read about its stack here: anybody else learns no
// more than that.
func (in *Inbox) tell(ctx context.Context, c Click, hold, code string) (Reply, error) {
	h, err := in.Control.Store.Held(ctx, c.Org, hold)
	switch {
	case err != nil && !errors.Is(err, agent.ErrNotFound):
		return Reply{}, fmt.Errorf("read card: %w", err)
	case err != nil || h.Thread != c.Thread || h.Approval == nil || code != h.Approval.PlanCode():
		return said("Refused: " + agent.NoSuch + "."), nil
	}
	if d := in.reads(ctx, in.who(ctx, c.Actor), h.Request, c.room()); d.Outcome != rbac.Allow {
		act := h.Request.Action
		act.Effect = rbac.Read
		return in.refusal(ctx, c, d.Why(), matter{verb: string(rbac.Do), act: act}), nil
	}
	switch {
	case !h.Pending():
		return said("Too late: the card is " + h.State.String() + ". Say why " + h.Approval.PlanCode() + " to see how it ended."), nil
	case c.Verb == verbWho:
		return in.whoMay(ctx, h), nil
	case h.Approval.Bound.Plan == nil:
		return said("This call has no plan: " + wouldDo(h) + "."), nil
	}
	return Reply{Note: wholePlan(h)}, nil
}

// wholePlan is the plan that the card is bound to, with more lines than the card
// has. What the plan marks sensitive is not in it.
func wholePlan(h agent.Hold) *Card {
	p, code := h.Approval.Bound.Plan, h.Approval.PlanCode()
	c := &Card{
		Title: "Plan of " + orSession(h.Request.Action.Stack), Status: "plan code " + code, Lines: planLines(p.Resources, mostTold),
		Fields: []Field{{"Where", where(h.Request.Action)}, {"Would do", p.Counts()}, {"Plan code", code}},
		Next:   "An approval runs exactly this. If code, state or plan move, the card is void.",
	}
	if p.Commit != "" {
		c.Fields = append(c.Fields, Field{"Code", short(p.Commit)})
	}
	c.Fallback = fmt.Sprintf("%s, plan code %s: %s", c.Title, code, p.Counts())
	return c
}

// whoMay names who may approve a card, who was called, and who is called next.
func (in *Inbox) whoMay(ctx context.Context, h agent.Hold) Reply {
	if in.Policy == nil {
		return said("Policy cannot be asked here.")
	}
	c := in.whoCard(ctx, h.Org, "Who may approve "+h.Approval.PlanCode(), in.Policy.Who(ctx, rbac.Approve, h.Request))
	c.Fields = append(c.Fields, Field{"Approvals", fmt.Sprintf("%d of %d%s", h.Approvals(), h.Approval.Need, needs(h))})
	if h.State == agent.Open {
		c.Fields = append(c.Fields, calledFields(h)...)
	}
	return Reply{Note: c}
}
