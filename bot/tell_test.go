package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// called is a card with a ladder: Bob was called, and Carol is next.
func called(h *agent.Hold) {
	h.Opened, h.Expires = time.Now(), time.Now().Add(time.Hour)
	h.Approval.Called = []agent.Called{{Names: []string{"Bob"}, At: h.Opened}}
	h.Approval.NextUp, h.Approval.NextAt = []string{"Carol"}, h.Opened.Add(15*time.Minute)
}

// The whole plan is told to one person alone, by the right to read about its
// stack in the room of the thread.
func TestShowPlan(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	r := c.press(bob, verbPlan, c.value(), "")
	if r.Note == nil || r.Card != nil || r.Modal != nil || r.Private != "" {
		t.Fatalf("%+v", r)
	}
	golden(t, "plan-told", *r.Note)
	got := c.book.asked[len(c.book.asked)-1]
	want := rbac.Action{Tool: "tofu_apply", Effect: rbac.Read, Stack: "payments-prod", Environment: "prod"}
	if got.Actor != bob || got.Channel != here.Room() || got.Action.Tool != want.Tool || got.Action.Effect != want.Effect || got.Action.Stack != want.Stack || got.Action.Environment != want.Environment {
		t.Errorf("asked policy %+v", got)
	}
}

// Of a large plan what destroys comes first, and what does not fit is counted.
func TestShowPlanOfMany(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(h *agent.Hold) {
		p := plan()
		p.Resources, p.Create, p.Delete = nil, 250, 1
		for i := range 250 {
			p.Resources = append(p.Resources, agent.PlanResource{Address: fmt.Sprint("box.n", i), Action: []string{"create", "moved"}[i%2]})
		}
		p.Resources = append(p.Resources, agent.PlanResource{Address: "box.gone", Action: "delete"})
		h.Approval.Bound.Plan = p
	})
	for verb, most := range map[string]int{"card": 25, "told": 200} {
		lines := holdCard(c.hold, nil).Lines
		if verb == "told" {
			lines = c.press(bob, verbPlan, c.value(), "").Note.Lines
		}
		if len(lines) != most+1 || lines[0].Resource != "box.gone" || lines[most].Action != fmt.Sprintf("and %d more lines", 251-most) {
			t.Errorf("%s: %d lines, %v ... %v", verb, len(lines), lines[0], lines[len(lines)-1])
		}
	}
}

// Who may approve is the answer of the command, with who was called and is next.
func TestWhoMayApprove(t *testing.T) {
	t.Parallel()
	c := newCounter(t, called)
	r := c.press(bob, verbWho, c.value(), "")
	if r.Note == nil || r.Card != nil || r.Note.Title != "Who may approve 7f3a-91c2" || r.Note.Body != "3 people." {
		t.Fatalf("%+v", r.Note)
	}
	said := c.say(bob, "who can approve 7f3a-91c2").Note
	unmarked(t, "who may approve", *r.Note)
	if n := len(said.Fields); !slices.Equal(r.Note.Fields[:n], said.Fields) {
		t.Errorf("%v, and the command says %v", r.Note.Fields, said.Fields)
	}
	for i, want := range []string{"Approvals: 0 of 1", "Called: Bob at ", "Called next: Carol at "} {
		f := r.Note.Fields[len(said.Fields)+i]
		if got := f.Name + ": " + f.Value; !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	c.Policy = nil
	if r := c.press(bob, verbWho, c.value(), ""); r.Private != "Policy cannot be asked here." || r.Note != nil {
		t.Errorf("%+v", r)
	}
}

// What another thread, another card or a wrong code learns is nothing.
func TestTellsNoOtherThread(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(h *agent.Hold)
		value  string
	}{
		"another thread":  {func(h *agent.Hold) { h.Thread.ID = "2" }, ""},
		"another channel": {func(h *agent.Hold) { h.Thread.Channel = "far" }, ""},
		"another code":    {nil, "HOLD.0000-0000"},
		"no code":         {nil, "HOLD"},
		"no card":         {nil, "OTHER.7f3a-91c2"},
		"a question":      {func(h *agent.Hold) { h.Approval, h.Question = nil, &agent.Question{Text: "?"} }, "HOLD."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, test.change)
			for _, verb := range []string{verbPlan, verbWho} {
				value := test.value
				if value == "" {
					value = c.value()
				}
				if r := c.press(bob, verb, value, ""); r.Private != "Refused: there is no such card." || r.Note != nil || r.Card != nil {
					t.Errorf("%s: %+v", verb, r)
				}
			}
		})
	}
}

// Whoever may not read about the stack here gets one line, and no detail in it.
func TestTellsNobodyWhoMayNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	far := w.hold("FAR", "web", agent.Thread{Platform: "console", Channel: "ops", ID: "2"}) // not a room of that stack
	own := w.hold("OWN", "payments-prod", here)
	for name, test := range map[string]struct {
		who  rbac.Actor
		h    agent.Hold
		want string
	}{
		"an outsider":  {w.outsider, own, "Refused: Gus is a guest here, and may do nothing."},
		"a stranger":   {w.stranger, own, "Refused: you are not known here"},
		"switched off": {w.person("olga"), own, "Refused: "},
		"a room that the stack is not spoken of in": {w.person("bob"), far, "Refused: web is spoken of in"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{verbPlan, verbWho} {
				r := w.click(test.who, test.h.Thread, verb, test.h)
				if !strings.HasPrefix(r.Private, test.want) || r.Card != nil || r.Note != nil && (len(r.Note.Lines)+len(r.Note.Fields) > 0 || r.Note.Title != "") {
					t.Errorf("%s: %+v", verb, r)
				}
				if m := parseMatter(r.Note.Buttons[0].Value); m.verb != "do" || m.act.Stack != test.h.Request.Action.Stack || m.act.Effect != rbac.Read {
					t.Errorf("%s: why is asked of %+v", verb, m)
				}
				for _, detail := range []string{"firewall", "10.0.0.0", "to change", "1a2b3c4d"} {
					if strings.Contains(r.Private, detail) {
						t.Errorf("%s: %q tells %s", verb, r.Private, detail)
					}
				}
			}
		})
	}
	for _, verb := range []string{verbPlan, verbWho} { // the same card, for who may
		for _, who := range []string{"alice", "bob", "vic"} {
			if r := w.click(w.person(who), here, verb, own); r.Note == nil || r.Private != "" {
				t.Errorf("%s of %s: %+v", verb, who, r)
			}
		}
	}
}

// What is over, and what has no plan, says so.
func TestTellsNoPlan(t *testing.T) {
	t.Parallel()
	over := newCounter(t, func(h *agent.Hold) { h.State = agent.Void })
	for _, verb := range []string{verbPlan, verbWho} {
		if r := over.press(bob, verb, over.value(), ""); !strings.HasPrefix(r.Private, "Too late: the card is void. Say why 7f3a-91c2 ") || r.Note != nil {
			t.Errorf("%+v", r)
		}
	}
	none := newCounter(t, func(h *agent.Hold) { h.Approval.Bound.Plan, h.Approval.Bound.Summary = nil, "push to main" })
	if r := none.press(bob, verbPlan, none.value(), ""); r.Private != "This call has no plan: push to main." || r.Note != nil {
		t.Errorf("%+v", r)
	}
	for _, b := range holdCard(none.hold, nil).Buttons {
		if b.Verb == verbPlan {
			t.Error("a card without a plan offers to show it")
		}
	}
}

// Both buttons are on the open card alone.
func TestTellButtons(t *testing.T) {
	t.Parallel()
	for state := agent.Nothing; state <= agent.Consumed; state++ {
		h := approval()
		h.State = state
		var verbs []string
		for _, b := range holdCard(h, nil).Buttons {
			verbs = append(verbs, b.Verb)
		}
		open := slices.Equal(verbs, []string{verbApprove, verbDeny, verbPlan, verbWho})
		if open != (state == agent.Open) || !open && (slices.Contains(verbs, verbPlan) || slices.Contains(verbs, verbWho)) {
			t.Errorf("%s: %v", state, verbs)
		}
	}
}
