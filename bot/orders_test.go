package bot

import (
	"slices"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/rbac"
)

func TestWhoCan(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	r := c.say(bob, "who can approve 7f3a-91c2")
	if r.Note == nil || !slices.Equal(r.Note.Fields, []Field{
		{"Bob", "person:bob, slack:T1/U-bob; role x"}, {"Carol", "person:carol, slack:T1/U-carol; role x"}, {"Erin", "person:erin, slack:T1/U-erin; role x"},
	}) || r.Note.Body != "3 people." {
		t.Errorf("%+v", r.Note)
	}
	if got := c.book.asked[len(c.book.asked)-1]; got.Actor != alice || got.Action.Stack != "payments-prod" {
		t.Errorf("asked of %+v, and not of the card", got)
	}
	for text, want := range map[string]rbac.Action{"web": {Stack: "web"}, "env/lab": {Environment: "lab"}} {
		c.say(bob, "who can approve "+text)
		got := c.book.asked[len(c.book.asked)-1].Action
		if got.Stack != want.Stack || got.Environment != want.Environment || got.Effect != rbac.Change {
			t.Errorf("%s asks %+v", text, got)
		}
	}
	far := c.hold
	far.Thread.Channel = "elsewhere"
	c.Records = shelf{&desk{}, []agent.Hold{far}}
	c.say(bob, "who can approve 7f3a-91c2")
	if got := c.book.asked[len(c.book.asked)-1]; got.Actor == alice || got.Action.Stack != "7f3a-91c2" {
		t.Errorf("a card of another channel is known here: %+v", got)
	}
	c.book.who = map[rbac.Verb][]rbac.Contact{rbac.Approve: {contact("bob", "Bob")}}
	if r := c.say(bob, "who can approve web"); r.Note.Body != "1 person." {
		t.Errorf("%q", r.Note.Body)
	}
	c.book.who = nil
	if r := c.say(bob, "who can approve web"); !strings.HasSuffix(r.Note.Body, "Administrators: Heidi (person:heidi, slack:T1/U-heidi; role x).") {
		t.Errorf("%q", r.Note.Body)
	}
	if r := c.say(carol, "who can approve web"); !strings.HasPrefix(r.Private, "Refused: Carol may not do") {
		t.Errorf("%+v", r)
	}
	c.Policy = nil
	if r := c.say(bob, "who can approve web"); r.Private != "Policy cannot be asked here." {
		t.Errorf("%q", r.Private)
	}
}

// An order to freeze is refused in words that help, and told to all when it holds.
func TestFreezeOrders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"freeze prod":                                           howToFreeze,
		"freeze prod until soon because x":                      howToFreeze,
		"freeze prod until 2199-01-01 09:00 because":            howToFreeze,
		"freeze prod until 2199-01-01 09:00 because x":          "Not frozen: at most 90 days",
		"freeze prod until 2001-01-01 09:00 because x":          "Nothing changed: its end has passed: name a time to come.",
		"freeze moon until 2h because x":                        "Nothing changed: there is no environment moon; known: lab, prod.",
		"thaw":                                                  "Say: thaw ENVIRONMENT",
		"thaw prod and lab":                                     "Say: thaw ENVIRONMENT",
		"thaw prod because":                                     "Say: thaw ENVIRONMENT",
		"thaw lab":                                              "Nothing changed: lab is not frozen.",
		"freeze lab until tomorrow 09:00 UTC because the audit": "",
	} {
		c := newCounter(t, nil)
		if r := c.say(bob, text); !strings.HasPrefix(r.Private, want) || r.Note != nil || want == "" && r.Private != "" {
			t.Errorf("%q answers %q", text, r.Private)
		}
	}
	c := newCounter(t, nil)
	if r := c.say(carol, "freeze prod until in 2h because x"); r.Private != "Refused: Carol may not do." || !slices.Equal(labels(r), []string{"Why?", labelAccess}) {
		t.Errorf("%+v", r)
	}
	c.say(bob, "freeze PROD until in 2h because the audit")
	h, err := c.store.Held(t.Context(), "acme", "HOLD")
	told := c.store.Waiting()
	if err != nil || len(told) != 1 || told[0].Title != "Frozen" || h.Version != 2 {
		t.Fatalf("told %+v, card %d, %v", told, h.Version, err)
	}
	if r := c.say(bob, "thaw prod because it is over"); r.Private != "" || !strings.Contains(c.store.Waiting()[1].Notice, "Reason: it is over.") {
		t.Errorf("%+v, told %+v", r, c.store.Waiting())
	}
}
