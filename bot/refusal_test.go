package bot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// A refusal says why, and offers access only where an administrator could give it.
func TestRefusalOffersWhatHelps(t *testing.T) {
	t.Parallel()
	vic := rbac.Actor{Org: "acme", Platform: "person", ID: "vic", Name: "Vic"}
	for name, test := range map[string]struct {
		before func(c *counter)
		who    rbac.Actor
		want   string
		labels []string
	}{
		"no right":             {nil, vic, "Refused: Vic may not approve.", []string{"Why?", labelAccess}},
		"nobody could give it": {func(c *counter) { c.book.needed = nil }, vic, "Refused: Vic may not approve.", []string{"Why?"}},
		"only late":            {func(c *counter) { c.Control.Clock = func() time.Time { return time.Now().Add(2 * time.Hour) } }, bob, "expired", []string{"Why?"}},
		"nobody explains":      {func(c *counter) { c.Policy = nil }, vic, "Refused: Vic may not approve.", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, nil)
			if test.before != nil {
				test.before(c)
			}
			r := c.press(test.who, verbApprove, c.value(), "")
			if !strings.Contains(r.Private, test.want) || !slices.Equal(labels(r), test.labels) {
				t.Errorf("%q with %v", r.Private, labels(r))
			}
			if r.Note != nil && r.Note.Fallback != r.Private {
				t.Errorf("a screen reader hears %q", r.Note.Fallback)
			}
			if name == "no right" {
				golden(t, "refusal", *r.Note)
			}
		})
	}
}

// Why? and Request access of another thread's card answer like one that does not exist.
func TestButtonsOfARefusal(t *testing.T) {
	t.Parallel()
	vic := rbac.Actor{Org: "acme", Platform: "person", ID: "vic", Name: "Vic"}
	c := newCounter(t, nil)
	if r := c.press(vic, verbWhy, "approve|HOLD", ""); r.Note == nil || r.Note.Title != "Why: Vic, approve, payments-prod (prod)" || r.Note.Status != "denied" {
		t.Errorf("%+v", r.Note)
	}
	for _, verb := range []string{verbWhy, verbAccess} {
		for what, click := range map[string]Click{
			"no card":        {Org: "acme", Thread: here, Value: "approve|NONE"},
			"another thread": {Org: "acme", Thread: agent.Thread{Platform: "console", Channel: "ops", ID: "2"}, Value: "approve|HOLD"},
			"another Org":    {Org: "umbrella", Thread: here, Value: "approve|HOLD"},
		} {
			click.ID, click.Actor, click.Verb = "x", vic, verb
			if r, err := c.Click(t.Context(), click); err != nil || r.Private != "Refused: there is no such card." || r.Note != nil {
				t.Errorf("%s of %s: %+v, %v", verb, what, r, err)
			}
		}
	}
	if got := c.store.Waiting(); len(got) != 0 {
		t.Errorf("asked for access: %+v", got)
	}
}

// Access is asked for once a person, matter and day; it grants nothing.
func TestRequestAccess(t *testing.T) {
	t.Parallel()
	vic := rbac.Actor{Org: "acme", Platform: "person", ID: "vic", Name: "Vic"}
	c := newCounter(t, nil)
	for range 2 {
		if r := c.press(vic, verbAccess, "approve|HOLD", ""); r.Private != "Asked in this thread: Heidi (person:heidi, slack:T1/U-heidi; role x)." {
			t.Errorf("%q", r.Private)
		}
	}
	jobs := c.store.Waiting()
	if len(jobs) != 1 || jobs[0].Title != "Access asked for" || len(jobs[0].Calls) != 0 || jobs[0].Hold != "" {
		t.Fatalf("%+v", jobs)
	}
	want := "Vic wants to approve tofu_apply on payments-prod (prod). Refused: Vic may not approve.\nHeidi can grant it, in the configuration:\nthe role approver"
	if jobs[0].Notice != want {
		t.Errorf("%q", jobs[0].Notice)
	}
	for want, change := range map[string]func(b *book){
		"Nothing is missing: policy would not deny this now.":      func(b *book) { b.may["approve vic"] = true },
		"No administrator can grant this: Vic may not approve.":    func(b *book) { b.needed = nil },
		"There is no administrator to ask. Whoever runs Interlock": func(b *book) { b.admins = nil },
	} {
		c := newCounter(t, nil)
		change(c.book)
		if r := c.press(vic, verbAccess, "approve|HOLD", ""); !strings.HasPrefix(r.Private, want) || len(c.store.Waiting()) != 0 {
			t.Errorf("%q, %d jobs", r.Private, len(c.store.Waiting()))
		}
	}
}

// Administrators are told where they are reached, too: they do not read every thread.
func TestAccessReachesAdministrators(t *testing.T) {
	t.Parallel()
	vic := rbac.Actor{Org: "acme", Platform: "person", ID: "vic", Name: "Vic"}
	c := newCounter(t, nil)
	c.Control.Escalation = &agent.Escalation{
		Admins: func(context.Context, string) []string { return []string{here.Room(), "slack:@U-heidi"} },
		Title:  func(room string) string { return "the room " + room },
	}
	r := c.press(vic, verbAccess, matter{verb: "do", act: rbac.Action{Tool: "freeze", Effect: rbac.Read, Environment: "prod"}}.value(), "")
	if !strings.HasPrefix(r.Private, "Asked in this thread, and of the administrators directly: Heidi") {
		t.Errorf("%q", r.Private)
	}
	jobs := c.store.Waiting()
	if len(jobs) != 2 {
		t.Fatalf("%+v", jobs)
	}
	told := notices(jobs)
	slices.Sort(told)
	const wants = "Access asked for: Vic wants to freeze prod. Refused: Vic may not do.\nHeidi can grant it, in the configuration:\nthe role approver"
	if !strings.HasSuffix(told[0], wants) || !strings.HasPrefix(told[1], "slack:@U-heidi ~access/") || !strings.HasSuffix(told[1], wants+"\nAsked in the room "+here.Room()+".") {
		t.Errorf("%q", told)
	}
}

// What somebody wants is said as they would say it.
func TestWish(t *testing.T) {
	t.Parallel()
	stack := rbac.Action{Tool: "tofu_plan", Stack: "web", Environment: "lab", Effect: rbac.Read}
	with := func(a rbac.Action, e rbac.Effect) rbac.Action { a.Effect = e; return a }
	for want, c := range map[string]struct {
		verb rbac.Verb
		act  rbac.Action
	}{
		"approve tofu_plan on web (lab)":             {rbac.Approve, stack},
		"break the glass for tofu_plan on web (lab)": {rbac.Break, stack},
		"read about web (lab) (tofu_plan)":           {rbac.Do, stack},
		"propose changes of web (lab) (tofu_plan)":   {rbac.Do, with(stack, rbac.Propose)},
		"execute code for web (lab) (tofu_plan)":     {rbac.Do, with(stack, rbac.Execute)},
		"destroy web (lab) (tofu_plan)":              {rbac.Do, with(stack, rbac.Destroy)},
		"freeze every environment":                   {rbac.Do, rbac.Action{Tool: "freeze", Effect: rbac.Read}},
		"thaw lab":                                   {rbac.Do, rbac.Action{Tool: "thaw", Effect: rbac.Read, Environment: "lab"}},
		"stop what runs here":                        {rbac.Do, rbac.Action{Tool: "stop", Effect: rbac.Read}},
		"ask the bot here":                           {rbac.Do, rbac.Action{Tool: "ask", Effect: rbac.Read}},
	} {
		if got := wish(c.verb, rbac.Request{Action: c.act}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
