package agent

import (
	"testing"
	"time"

	"interlock/rbac"
)

// An approval that is taken back opens the card again, but not when the glass is
// broken: that never rested on approvals. A decline stops it either way.
func TestTakenBackUnderBrokenGlass(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	bob, erin := rbac.Actor{Org: "o", Platform: "person", ID: "bob"}, rbac.Actor{Org: "o", Platform: "person", ID: "erin"}
	missing := []rbac.Need{{Count: 1}}
	for name, test := range map[string]struct {
		second, third Verdict
		want          State
	}{
		"taken back":                {Verdict{}, Verdict{By: bob, Back: true}, Open},
		"taken back, glass broken":  {Verdict{By: erin, Glass: true}, Verdict{By: bob, Back: true}, Approved},
		"declined, glass broken":    {Verdict{By: erin, Glass: true}, Verdict{By: bob}, Denied},
		"approved after the breach": {Verdict{By: erin, Glass: true}, Verdict{By: rbac.Actor{Org: "o", ID: "dan"}, Approve: true}, Approved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := Hold{State: Open, Expires: at.Add(time.Hour), Approval: &Approval{Need: 2}}
			for _, v := range []Verdict{{By: bob, Approve: true}, test.second, test.third} {
				if v.By.ID == "" {
					continue
				}
				v.At = at
				if err := h.Settle(v, missing); err != nil && (!v.Approve || h.State != Approved) {
					t.Fatal(err)
				}
			}
			if h.State != test.want {
				t.Errorf("the card is %s, want %s", h.State, test.want)
			}
		})
	}
}
