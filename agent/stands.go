package agent

import (
	"context"

	"interlock/rbac"
)

// broken tells why a hold may not go on, if so. It is asked at the click and
// again when the call begins: between the two anything may have moved.
func (c *Control) broken(ctx context.Context, s *Session, h Hold) (string, error) {
	switch d := c.Gate.Decide(ctx, h.Request); {
	case s.stopping() != nil:
		return "the run was stopped", nil
	case !now().Before(h.Expires):
		return "the approval expired", nil
	case d.Outcome == rbac.Deny:
		return "policy no longer allows it: " + d.Why(), nil
	case d.Approvals > h.Approval.Need:
		return "policy now asks for more approvals", nil
	}
	return c.moved(ctx, h)
}

// quorum counts only approvers who still have the right.
func (c *Control) quorum(ctx context.Context, h Hold) bool {
	n := 0
	for _, v := range h.Approval.Verdicts {
		if v.Approve && c.Gate.MayApprove(ctx, v.By, h.Request).Outcome == rbac.Allow {
			n++
		}
	}
	return n > 0 && n >= h.Approval.Need
}

// stands is the whole judgement at execution.
func (c *Control) stands(ctx context.Context, s *Session, h Hold) (broken string, err error) {
	if !c.quorum(ctx, h) {
		return "an approver no longer has the right", nil
	}
	return c.broken(ctx, s, h)
}
