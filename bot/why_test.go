package bot

import (
	"strings"
	"testing"

	"interlock/agent"
	"interlock/rbac"
)

// A card is explained where its stack is spoken of, also when its thread is elsewhere, to
// those who may read the stack. To everybody else it is as if there were none.
func TestWhyWhereTheStackIsSpokenOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	console := agent.Thread{Platform: "console", Channel: "ops", ID: "9"}
	lab := agent.Thread{Platform: "slack", Channel: "C-lab", ID: "1"}
	pay, web := w.hold("pay", "payments-prod", console), w.hold("web", "web", console)
	for _, c := range []struct {
		who  rbac.Actor
		at   agent.Thread
		h    agent.Hold
		want bool
	}{
		{w.person("vic"), ops, pay, true},
		{w.person("vic"), lab, pay, false}, // it is not spoken of there
		{w.person("alice"), lab, web, true},
		{w.person("vic"), lab, web, false}, // he may not read it
		{w.stranger, ops, pay, false},
	} {
		code := c.h.Approval.PlanCode()
		w.Records = shelf{holds: []agent.Hold{c.h}}
		asked := w.order(c.who, c.at, "why "+code)
		pressed, err := w.Click(t.Context(), Click{ID: "c", Org: "acme", Thread: c.at, Actor: c.who, Verb: verbWhyCard, Value: c.h.ID + "." + code})
		if err != nil {
			t.Fatal(err)
		}
		for how, r := range map[string]Reply{"asked": asked, "pressed": pressed} {
			told := r.Note != nil && strings.HasPrefix(r.Note.Title, "Why ")
			if told != c.want || !told && !strings.HasPrefix(r.Private, "There is no card") && !strings.HasPrefix(r.Private, "Refused") {
				t.Errorf("%s by %s in %s about %s: %+v", how, c.who.ID, c.at.Room(), c.h.ID, r)
			}
		}
	}
}
