package agent

import (
	"context"

	"interlock/rbac"
)

// broken tells why a hold may not go on, if so, and how policy decides now. It
// is asked at the click and again when the call begins: between the two anything
// may have moved.
func (c *Control) broken(ctx context.Context, s *Session, h Hold) (d rbac.Decision, why string, err error) {
	d = c.Gate.Decide(ctx, h.Request)
	switch {
	case s.stopping() != nil:
		return d, "the run was stopped", nil
	case !c.clock().Before(h.Expires):
		return d, "the approval expired", nil
	case d.Outcome == rbac.Deny:
		return d, "policy no longer allows it: " + d.Why(), nil
	}
	why, err = c.moved(ctx, h)
	return d, why, err
}

// quorum counts only approvers who still have the right, against what policy
// asks for now and what the card asked for.
func (c *Control) quorum(ctx context.Context, h Hold) bool {
	n := h.Approvals()
	return n > 0 && n >= h.Approval.Need && len(c.Gate.Missing(ctx, h.Request, h.Approval.Standing())) == 0
}

// stands is the whole judgement at execution. A broken glass stands for the
// approvals that are missing, as long as the one who broke it has the right.
func (c *Control) stands(ctx context.Context, s *Session, h Hold) (d rbac.Decision, broken string, err error) {
	switch v := h.Approval.Broken(); {
	case v != nil && c.Gate.May(ctx, v.By, rbac.Break, h.Request).Outcome != rbac.Allow:
		return d, "who broke the glass no longer has the right", nil
	case v == nil && !c.quorum(ctx, h):
		return d, "an approver no longer has the right, or policy now asks for more", nil
	}
	return c.broken(ctx, s, h)
}
