package bot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

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
		"freeze prod":                                  howToFreeze,
		"freeze prod until soon because x":             howToFreeze,
		"freeze prod until 2199-01-01 09:00 because":   howToFreeze,
		"freeze prod until 2199-01-01 09:00 because x": "Not frozen: at most 90 days",
		"freeze prod until 2001-01-01 09:00 because x": "Nothing changed: its end has passed: name a time to come.",
		"freeze moon until 2h because x":               "Nothing changed: there is no environment moon; known: lab, prod.",
		"thaw":                                         "Say: thaw ENVIRONMENT",
		"thaw prod and lab":                            "Say: thaw ENVIRONMENT",
		"thaw prod because":                            "Say: thaw ENVIRONMENT",
		"thaw moon":                                    "Nothing changed: there is no environment moon; known: lab, prod.",
		"why":                                          "Say: why PLAN-CODE.",
		"thaw lab":                                     "Nothing changed: lab is not frozen.",
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
	if r := c.say(carol, "thaw moon"); r.Private != "Nothing changed: there is no environment moon; known: lab, prod." || r.Note != nil {
		t.Errorf("%+v", r)
	}
	c.say(bob, "freeze PROD until in 2h because of the audit")
	h, err := c.store.Held(t.Context(), "acme", "HOLD")
	told := c.store.Waiting()
	if err != nil || len(told) != 1 || told[0].Title != "Frozen" || !strings.Contains(told[0].Notice, ": because of the audit.") || h.Version != 2 {
		t.Fatalf("told %+v, card %d, %v", told, h.Version, err)
	}
	if r := c.say(bob, "thaw prod because it is over"); r.Private != "" || !strings.Contains(c.store.Waiting()[1].Notice, "Reason: it is over.") {
		t.Errorf("%+v, told %+v", r, c.store.Waiting())
	}
}

// One more freeze of the same environment is taken, and who orders it hears of the first.
func TestFrozenAlready(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.Freezes = c.store
	if r := c.say(bob, "freeze lab until in 3h because the lab moves"); r.Private != "" {
		t.Errorf("%q", r.Private)
	}
	if r := c.say(bob, "freeze prod until in 2h because of lunch"); r.Private != "" {
		t.Errorf("%q", r.Private)
	}
	r := c.say(bob, "freeze prod until in 1h because the audit")
	if got := Moments(r.Private, nil); !strings.HasPrefix(got, "It was frozen already: prod until ") || !strings.HasSuffix(got, " by Bob: because of lunch. Both hold: changes wait for the later end.") || strings.Contains(got, "the lab moves") {
		t.Errorf("%q", got)
	}
	c.say(bob, "thaw prod")
	told := c.store.Waiting()
	if got := told[len(told)-1].Notice; got != "Bob thawed prod, which was frozen by Bob: because of lunch; and by Bob: the audit. Approved calls go on now." {
		t.Errorf("%q", got)
	}
}

// An order to stop says what it does here, and a refused one is told to the one alone.
func TestStopSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.hold("h1", "payments-prod", ops)
	ask := agent.Event{Schema: agent.Schema, ID: "e", Org: "acme", Session: h.Session, Turn: "t", Actor: h.Request.Actor, At: time.Now(), Kind: agent.KindAsk, Payload: agent.Payload{Text: "x", Ask: &agent.Ask{}}}
	step := agent.Event{Schema: agent.Schema, ID: "f", Org: "acme", Session: h.Session, Turn: "t", At: time.Now(), Kind: agent.KindStep, Payload: agent.Payload{Step: &agent.Step{Calls: []agent.ToolCall{h.Call}}}}
	if err := w.store.Append(t.Context(), "acme", agent.Batch{Events: []agent.Event{ask, step}}); err != nil {
		t.Fatal(err)
	}
	if r := w.order(w.person("vic"), ops, "stop"); !strings.HasPrefix(r.Private, "Not stopped: Vic may not stop") {
		t.Errorf("%+v", r)
	}
	s, err := w.store.Load(t.Context(), "acme", h.Session)
	if err != nil {
		t.Fatal(err)
	}
	if last := s.Events[len(s.Events)-1]; last.Kind != agent.KindRefused || Shown(last) {
		t.Errorf("on record %s, shown %v", last.Kind, Shown(last))
	}
	if r := w.order(w.person("alice"), ops, "stop"); r.Private != "Stopped: the card is closed." {
		t.Errorf("%q", r.Private)
	}
	w.hold("h2", "payments-prod", ops)
	w.hold("h3", "payments-prod", agent.Thread{Platform: "slack", Channel: "C-ops", ID: "other"})
	if got := w.stopping(t.Context(), Command{Org: "acme", Thread: ops}); got != "Stopped: the cards are closed." {
		t.Errorf("%q", got)
	}
	const gently = "Stopping: a running change gets one interrupt and time to save its state."
	w.down = errors.New("the disk is full") // which holds up no stop
	if got := w.stopping(t.Context(), Command{Org: "acme", Thread: ops}); got != gently {
		t.Errorf("%q", got)
	}
	w.down, w.running = nil, []agent.Job{{Thread: ops}}
	if got := w.stopping(t.Context(), Command{Org: "acme", Thread: ops}); got != gently {
		t.Errorf("%q", got)
	}
}

// A scan of nothing that is known costs no run: it is answered with what there is.
func TestScanOfNoStack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lab := agent.Thread{Platform: "slack", Channel: "C-lab", ID: "1"}
	for _, c := range []struct {
		who  rbac.Actor
		at   agent.Thread
		text string
		want string // empty is a job
	}{
		{w.person("alice"), ops, "scan", "Say: scan STACK. Stacks of this channel: payments-prod."},
		{w.person("alice"), ops, "plan", "Say: plan STACK. Stacks of this channel: payments-prod."},
		{w.person("alice"), ops, "scan nosuch", "There is no stack nosuch. Stacks of this channel: payments-prod."},
		{w.person("alice"), lab, "plan nosuch", "There is no stack nosuch. Stacks of this channel: web."},
		{w.person("vic"), lab, "scan nosuch", "There is no stack nosuch. You can read about none in this channel."},
		{w.stranger, ops, "scan", "Say: scan STACK. You can read about none in this channel."},
		{w.stranger, ops, "scan nosuch", ""},
		{w.person("alice"), ops, "scan web", ""}, // the run says where it is spoken of
		{w.person("alice"), ops, "scan payments-prod", ""},
	} {
		before := len(w.store.Waiting())
		if r := w.order(c.who, c.at, c.text); r.Private != c.want || (len(w.store.Waiting()) == before+1) != (c.want == "") {
			t.Errorf("%s of %s: %+v", c.text, c.who.Name, r)
		}
	}
}
