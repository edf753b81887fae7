package slack

import (
	"errors"
	"testing"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
	"interlock/bot"
)

// A person is written to in the direct conversation, which the Ref names, so that the
// card can be redrawn and a press on it is known; what may have been posted is found.
func TestAPersonIsWrittenTo(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := agent.Thread{Platform: Name, Channel: "@" + ana, ID: "~copy/1"}
	ref, err := x.p.Post(t.Context(), org, at, card("wake up"))
	if err != nil || ref.Thread != (agent.Thread{Platform: Name, Channel: x.Direct(ana), ID: ref.MessageID}) {
		t.Fatalf("%+v, %v", ref, err)
	}
	if err := x.p.Edit(t.Context(), org, ref, card("taken")); err != nil {
		t.Error(err)
	}
	if all := x.Messages(x.Direct(ana)); len(all) != 1 || all[0].Text != "taken in a line" {
		t.Errorf("%+v", all)
	}
	x.Inject(methodPost, slacktest.Fault{Status: 500, AfterAccepting: true})
	if _, err := x.p.Post(t.Context(), org, at, card("once")); err == nil {
		t.Fatal("the fault was not felt")
	}
	if ref, ok, err := x.p.Find(t.Context(), org, at, "row-once"); err != nil || !ok || ref.Thread.Channel != x.Direct(ana) {
		t.Errorf("%+v %v %v", ref, ok, err)
	}
}

// Whoever left, or never was there, is not tried again.
func TestAPersonWhoLeft(t *testing.T) {
	x := open(t, byHTTP, fast)
	x.AddUser(slacktest.User{ID: "U404", Deleted: true})
	for _, who := range []string{"U404", "U405"} {
		_, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: "@" + who, ID: "~copy/1"}, card("wake up"))
		var pe *bot.PostError
		if !errors.As(err, &pe) || !pe.Refused || !pe.Permanent {
			t.Errorf("%s: %+v", who, err)
		}
	}
}

// An installation from before the permission was asked for writes to people, too.
func TestAPersonIsWrittenToWithoutOpening(t *testing.T) {
	x := open(t, byHTTP, fast)
	x.Inject(methodOpen, slacktest.Fault{Error: "missing_scope"})
	ref, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: "@" + ana, ID: "~copy/1"}, card("wake up"))
	if err != nil || ref.Thread.Channel != x.Direct(ana) {
		t.Errorf("%+v, %v", ref, err)
	}
}
