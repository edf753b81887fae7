package bot

import (
	"slices"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/rbac"
)

// Who may not break the glass is told of two people, and never of themselves,
// nor of who has approved already.
func TestWhoCanBeCalled(t *testing.T) {
	t.Parallel()
	carolSaidYes := func(h *agent.Hold) {
		h.Approval.Need, h.Approval.Verdicts = 2, []agent.Verdict{{Approve: true, By: carol, At: noon}}
	}
	const erin, b, c = "Erin (person:erin, slack:T1/U-erin; role x)", "Bob (person:bob, slack:T1/U-bob; role x)", "Carol (person:carol, slack:T1/U-carol; role x)"
	for name, test := range map[string]struct {
		who    rbac.Actor
		change func(h *agent.Hold)
		want   string
	}{
		"who asked":             {alice, nil, "Call " + erin + ", " + b + " and 1 more."},
		"an approver":           {bob, nil, "Call " + erin + ", " + c + "."},
		"one approval is there": {bob, carolSaidYes, "Call " + erin + "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCounter(t, test.change)
			got := r.press(test.who, verbGlass, r.value(), "").Private
			if got != "Refused: "+test.who.Name+" may not break. Nobody else is reachable? "+test.want {
				t.Errorf("%q", got)
			}
		})
	}
	r := newCounter(t, nil)
	r.book.who = nil
	if got := r.press(alice, verbGlass, r.value(), "").Private; !strings.HasSuffix(got, "Nobody else can: ask an administrator.") {
		t.Errorf("%q", got)
	}
}

// A modal opens only for who may press at all, and asks for what is needed.
func TestModalsOfAPress(t *testing.T) {
	t.Parallel()
	destroys := func(h *agent.Hold) { h.Request.Action.Effect = rbac.Destroy }
	erin := rbac.Actor{Org: "acme", Platform: "person", ID: "erin", Name: "Erin"}
	for name, test := range map[string]struct {
		who    rbac.Actor
		verb   string
		change func(h *agent.Hold)
		title  string
	}{
		"decline":                {bob, verbDeny, nil, "Why not?"},
		"approve what destroys":  {bob, verbApprove, destroys, "This destroys"},
		"the same, without":      {alice, verbApprove, destroys, ""},
		"break":                  {erin, verbGlass, nil, "Break the glass: why?"},
		"break what destroys":    {erin, verbGlass, destroys, "Break the glass: why?"},
		"break, without":         {bob, verbGlass, nil, ""},
		"break what is over":     {erin, verbGlass, func(h *agent.Hold) { h.State = agent.Void }, ""},
		"approve another thread": {bob, verbApprove, func(h *agent.Hold) { h.Thread.ID = "2"; destroys(h) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, test.change)
			c.book.may["break erin"] = true
			r := c.press(test.who, test.verb, c.value(), "")
			if (test.title == "") != (r.Modal == nil) || r.Modal != nil && r.Modal.Title != test.title {
				t.Errorf("modal %+v, said %q", r.Modal, r.Private)
			}
			if h, err := c.store.Held(t.Context(), "acme", "HOLD"); err != nil || len(h.Approval.Verdicts) != 0 {
				t.Errorf("a press without a word counted: %+v, %v", h.Approval.Verdicts, err)
			}
		})
	}
}

// A decline with its reason, and an approval that is taken back.
func TestWordsOfAPress(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(h *agent.Hold) {
		h.Approval.Verdicts = []agent.Verdict{{ID: "v", Approve: true, By: bob, At: noon}}
	})
	if r := c.press(carol, verbBack, c.value(), ""); r.Private != "Refused: you have no approval to take back." || !slices.Equal(labels(r), []string{"Why?"}) {
		t.Errorf("%q %v", r.Private, labels(r))
	}
	r := c.press(bob, verbBack, c.value(), "")
	if r.Private != "Taken back: your approval counts no more." || r.Card == nil || r.Card.Status != "waiting, 0 of 1 approvals" {
		t.Errorf("%+v", r)
	}
	r = c.press(bob, verbDeny, c.value(), " not on a Friday ")
	if r.Private != "Declined: nothing runs, and Alice is told why." || r.Card == nil || r.Card.Next != "Nothing was run: not on a Friday." || len(r.Card.Buttons) != 0 {
		t.Errorf("%+v", r)
	}
}

// Of what destroys, the name is typed first and the reason after it. What was
// typed wrong comes back to be mended, and nothing has run.
func TestGlassOfWhatDestroys(t *testing.T) {
	t.Parallel()
	erin := rbac.Actor{Org: "acme", Platform: "person", ID: "erin", Name: "Erin"}
	for text, want := range map[string]string{
		"payments are down":          "this destroys: type payments-prod to confirm",
		"payments-prod now!":         "a reason of at least 10 characters",
		"payments-prod":              "a reason of at least 10 characters",
		"web because they are down ": "this destroys: type payments-prod to confirm",
	} {
		c := newCounter(t, func(h *agent.Hold) { h.Request.Action.Effect = rbac.Destroy })
		c.book.may["break erin"] = true
		r := c.press(erin, verbGlass, c.value(), text)
		if r.Modal == nil || !strings.HasPrefix(r.Modal.Body, "Not yet: ") || !strings.Contains(r.Modal.Body, want) || r.Modal.Draft != strings.TrimSpace(text) {
			t.Errorf("%q: %+v", text, r.Modal)
		}
		if h, err := c.store.Held(t.Context(), "acme", "HOLD"); err != nil || len(h.Approval.Verdicts) != 0 {
			t.Errorf("%q counted: %+v, %v", text, h.Approval.Verdicts, err)
		}
		if r := c.press(bob, verbGlass, c.value(), text); r.Modal != nil || r.Note == nil || r.Note.Buttons[0].Value != "break|HOLD" {
			t.Errorf("%q by who may not: %+v", text, r)
		}
	}
}

// Why? asks about the right that the press took.
func TestRightOfAPress(t *testing.T) {
	t.Parallel()
	plain, asked, review := approval(), approval(), approval()
	asked.Question, review.Question = &agent.Question{}, &agent.Question{Review: true}
	for _, c := range []struct {
		h    agent.Hold
		p    agent.Press
		want rbac.Verb
	}{
		{plain, agent.Press{Approve: true}, rbac.Approve},
		{plain, agent.Press{}, rbac.Approve},
		{plain, agent.Press{Glass: true}, rbac.Break},
		{asked, agent.Press{}, rbac.Do},
		{review, agent.Press{}, rbac.Approve},
	} {
		if got := verbOf(c.h, c.p); got != c.want {
			t.Errorf("%+v takes %s, want %s", c.p, got, c.want)
		}
	}
}
