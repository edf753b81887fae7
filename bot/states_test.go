package bot

import (
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

var (
	carol  = rbac.Actor{Org: "acme", Platform: "person", ID: "carol", Name: "Carol"}
	freeze = rbac.Freeze{ID: "F", Env: "prod", Until: noon.Add(6 * time.Hour), At: noon, By: "Carol", Reason: "the audit"}
)

// waiting is a card that needs two, one of them from the database group.
func waiting() agent.Hold {
	h := approval()
	dba := rbac.Need{Count: 1, From: []string{"group:dba"}}
	h.Approval.Need, h.Approval.Needs, h.Approval.Missing = 2, []rbac.Need{{Count: 2}, dba}, []rbac.Need{{Count: 2}, dba}
	return h
}

// The states of a card that an on-call person may meet, each as it is shown.
func TestCardsOfWaiting(t *testing.T) {
	t.Parallel()
	yes := func(h *agent.Hold, who rbac.Actor, missing []rbac.Need) {
		if err := h.Settle(agent.Verdict{Approve: true, By: who, At: noon.Add(time.Minute)}, missing); err != nil {
			t.Fatal(err)
		}
	}
	for name, make := range map[string]func(h *agent.Hold){
		"approval-missing": func(h *agent.Hold) { yes(h, bob, []rbac.Need{{Count: 1, From: []string{"group:dba"}}}) },
		"approval-called": func(h *agent.Hold) {
			h.Approval.Called = []agent.Called{{Names: []string{"Bob"}, At: noon}, {Names: []string{"Carol", "Dana"}, At: noon.Add(15 * time.Minute)}}
			h.Approval.NextUp, h.Approval.NextAt = []string{"Erin"}, noon.Add(30*time.Minute)
		},
		"approval-urgent":   func(h *agent.Hold) { h.Approval.Urgent = true },
		"approval-tomorrow": func(h *agent.Hold) { h.Expires = noon.Add(20 * time.Hour) },
		"approval-frozen":   func(h *agent.Hold) { h.Frozen = &freeze },
		"approved-frozen": func(h *agent.Hold) {
			yes(h, bob, []rbac.Need{{Count: 1}})
			yes(h, carol, nil)
			h.Frozen = &freeze
		},
		"approval-glass": func(h *agent.Hold) { h.Approval.Glass = true },
		"approval-broken": func(h *agent.Hold) {
			if err := h.Settle(agent.Verdict{Glass: true, By: carol, At: noon, Reason: "payments are down"}, h.Approval.Missing); err != nil {
				t.Fatal(err)
			}
		},
		"approved-frozen-short": func(h *agent.Hold) {
			yes(h, bob, []rbac.Need{{Count: 1}})
			yes(h, carol, nil)
			short := freeze
			short.Env, short.Until = agent.AllEnvironments, noon.Add(30*time.Minute)
			h.Frozen = &short
		},
		"approval-broken-frozen": func(h *agent.Hold) {
			h.Frozen = &freeze
			if err := h.Settle(agent.Verdict{Glass: true, By: carol, At: noon, Reason: "payments are down"}, h.Approval.Missing); err != nil {
				t.Fatal(err)
			}
		},
		"approval-back": func(h *agent.Hold) {
			yes(h, bob, h.Approval.Missing)
			if err := h.Settle(agent.Verdict{Back: true, By: bob, At: noon.Add(2 * time.Minute)}, h.Approval.Missing); err != nil {
				t.Fatal(err)
			}
		},
		"approval-expired": func(h *agent.Hold) { h.State, h.Why = agent.Expired, "nobody decided in time" },
		"approval-read": func(h *agent.Hold) {
			h.Request.Label = rbac.Label{Origins: []string{"main.tf", "words of Vic"}}
		},
	} {
		h := waiting()
		make(&h)
		golden(t, name, holdCard(h, nil))
	}
}

// Each notice stands out by what it tells: an end is nothing that waits.
func TestNoticesStandOut(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]Tone{
		"Glass broken": Bad, "Frozen": Waiting, "Still waiting": Waiting, "Access asked for": Waiting, "Thawed": Neutral, "Accounts linked": Neutral,
	} {
		c, _, show := render(agent.Event{Kind: agent.KindNotice, Payload: agent.Payload{Title: title, Text: "so it is"}})
		if !show || c.Tone != want || c.Fallback != title+": so it is" {
			t.Errorf("%s: %+v", title, c)
		}
	}
}

// What is over says so on a lock screen, with the reason, and promises no time.
func TestFallbackOfWhatIsOver(t *testing.T) {
	t.Parallel()
	for state, want := range map[agent.State]string{agent.Void: "Void (the code moved): ", agent.Expired: "Expired (the code moved): ", agent.Denied: "Declined (the code moved): "} {
		h := waiting()
		h.State, h.Why = state, "the code moved"
		c := holdCard(h, nil)
		if !strings.HasPrefix(c.Fallback, want) || strings.Contains(c.Fallback, "open until") {
			t.Errorf("%s: %q", state, c.Fallback)
		}
		for _, f := range c.Fields {
			if f.Name == "Open until" || strings.Contains(f.Value, "can approve") {
				t.Errorf("%s: still %s: %s", state, f.Name, f.Value)
			}
		}
	}
}

// What is over keeps one button, and only what can be asked again.
func TestOneButtonIsLeft(t *testing.T) {
	t.Parallel()
	for state, want := range map[agent.State]int{agent.Void: 1, agent.Expired: 1, agent.Denied: 0, agent.Consumed: 0} {
		h := waiting()
		h.State = state
		all := holdCard(h, nil).Buttons
		if len(all) != want || want == 1 && all[0].Verb != verbAgain {
			t.Errorf("%s: %v", state, all)
		}
	}
}

// What is asked for in a modal.
func TestModals(t *testing.T) {
	t.Parallel()
	gone := waiting()
	gone.Request.Action.Effect = rbac.Destroy
	gone.Approval.Bound.Plan.Update, gone.Approval.Bound.Plan.Delete = 0, 1
	golden(t, "modal-decline", *whyNot("HOLD.7f3a-91c2"))
	golden(t, "modal-destroy", *confirmCard(gone, "HOLD.7f3a-91c2"))
	golden(t, "modal-glass", *glassCard(waiting(), "HOLD.7f3a-91c2"))
	golden(t, "modal-glass-destroy", *glassCard(gone, "HOLD.7f3a-91c2"))
}

// What one person alone is told of a refusal, and behind its button.
func TestRefusals(t *testing.T) {
	t.Parallel()
	m := matter{verb: "do", act: rbac.Action{Tool: "tofu_apply", Effect: rbac.Change, Stack: "payments-prod", Environment: "prod"}}
	vic := rbac.Actor{Org: "acme", Platform: "person", ID: "vic", Name: "Vic"}
	x := rbac.Explanation{
		Decision: rbac.Decision{Reasons: []string{"Vic may not change: roles are viewer"}},
		Because:  []string{"Vic is person:vic: role viewer.", "No rule lets Vic change on stack/payments-prod."},
		Needed:   []string{"the role operator"}, Ask: []rbac.Contact{{ID: "heidi", Name: "Heidi", Chat: []rbac.Actor{{Platform: "slack", Tenant: "T1", ID: "U1"}}, Why: "role admin"}},
	}
	golden(t, "why-denied", *explanationCard(vic, rbac.Do, rbac.Request{Action: m.act}, x))
	x.Decision = rbac.Decision{Outcome: rbac.Ask, Needs: []rbac.Need{{Count: 2}, {Count: 1, From: []string{"group:dba"}}}}
	golden(t, "why-asked", *explanationCard(alice, rbac.Do, rbac.Request{Action: m.act}, x))
	x.Decision = rbac.Decision{Outcome: rbac.Allow}
	golden(t, "why-allowed", *explanationCard(bob, rbac.Approve, rbac.Request{Action: m.act}, x))
}

// A button that carries a matter gives the same matter back.
func TestMatterReturns(t *testing.T) {
	t.Parallel()
	for _, m := range []matter{
		{verb: "approve", hold: "HOLD"},
		{verb: "do", act: rbac.Action{Tool: "ask", Effect: rbac.Read}},
		{verb: "do", act: rbac.Action{Tool: "freeze", Effect: rbac.Read, Environment: "prod"}},
		{verb: "do", act: rbac.Action{Tool: "tofu_apply", Effect: rbac.Destroy, Stack: "web", Environment: "prod"}},
	} {
		if got := parseMatter(m.value()); got.value() != m.value() {
			t.Errorf("%q returns as %q", m.value(), got.value())
		}
	}
}

// Whatever a button says, it names an action that policy judges, and no more.
func FuzzMatter(f *testing.F) {
	for _, s := range []string{"", "approve|HOLD", "do||ask|read||", "do||tofu_apply|destroy|web|prod", "|||||||", "do||x|unknown|a|b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := parseMatter(s)
		if again := parseMatter(m.value()); again.value() != m.value() {
			t.Errorf("%q: %q is not %q", s, again.value(), m.value())
		}
		if e := m.act.Effect; e < rbac.Unknown || e > rbac.Destroy {
			t.Errorf("%q: effect %d", s, e)
		}
	})
}
