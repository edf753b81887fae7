package notify_test

import (
	"testing"

	"interlock/agent"
	"interlock/rbac"
)

// A room is told what freezes hold its stacks, and what of it waits for their end.
func TestDigestTellsOfFreezes(t *testing.T) {
	t.Parallel()
	prod := rbac.Freeze{ID: "p", Env: "prod", Until: ago(-3), By: "Bob", Reason: "a release"}
	lab, all := prod, prod
	lab.ID, lab.Env, all.ID, all.Env = "l", "lab", "a", agent.AllEnvironments
	over, ended := prod, hold("web", "C1", agent.Approved, 0)
	over.Until = dawn
	ended.Frozen = &over
	held, elsewhere, running := hold("web", "C1", agent.Approved, 0), hold("db", "C2", agent.Approved, 0), hold("web", "C1", agent.Consumed, 0)
	held.Frozen, elsewhere.Frozen, running.Frozen = &prod, &lab, &prod
	glass := held
	glass.Approval = &agent.Approval{Verdicts: []agent.Verdict{{Glass: true}}}
	n := night{holds: []agent.Hold{held, elsewhere, running, ended, glass}, freezes: []rbac.Freeze{over, lab, prod, all}}
	r, err := n.digest().Report(t.Context(), "acme", "slack:C1", ago(24), dawn)
	if err != nil || len(r.Frozen) != 2 || r.Frozen[0] != prod || r.Frozen[1] != all || r.Held != 1 {
		t.Errorf("%d held, frozen %+v, %v", r.Held, r.Frozen, err)
	}
	r, err = n.digest().Report(t.Context(), "acme", "slack:C2", ago(24), dawn)
	if err != nil || len(r.Frozen) != 2 || r.Frozen[0] != lab || r.Held != 1 {
		t.Errorf("elsewhere %d held, frozen %+v, %v", r.Held, r.Frozen, err)
	}
}

// A drift whose fix is on its way says by which card, as long as that waits.
func TestDigestTellsOfFixes(t *testing.T) {
	t.Parallel()
	plan, question := hold("web", "C1", agent.Open, 0), hold("web", "C1", agent.Open, 0)
	plan.Request.Action.Effect = rbac.Propose
	question.Approval, question.Question = nil, &agent.Question{}
	for name, c := range map[string]struct {
		h    agent.Hold
		want string
	}{
		"open": {hold("web", "C9", agent.Open, 0), "7f3a-91c2"}, "approved": {hold("web", "C1", agent.Approved, 0), "7f3a-91c2"},
		"done": {hold("web", "C1", agent.Consumed, 0), ""}, "another stack": {hold("db", "C1", agent.Open, 0), ""}, "no change": {plan, ""}, "a question": {question, ""},
	} {
		n := night{holds: []agent.Hold{c.h}, drifts: []agent.Drift{{Stack: "web", Began: ago(9), Findings: []agent.Finding{{Resource: "r"}}}}}
		r, err := n.digest().Report(t.Context(), "acme", "slack:C1", ago(24), dawn)
		if err != nil || len(r.Drifts) != 1 || r.Drifts[0].Fixing != c.want {
			t.Errorf("%s: %+v, %v", name, r.Drifts, err)
		}
	}
}
