package slack

import (
	"strings"
	"testing"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
	"interlock/bot"
)

// asking posts a card with buttons and gives its place.
func asking(t *testing.T, x *world) bot.Ref {
	t.Helper()
	c := card("Change payments?")
	c.Buttons = []bot.Button{
		{Label: "Approve", Verb: "approve", Value: "hold.7f3a", Style: bot.Primary},
		{Label: "Decline", Verb: "deny", Value: "hold.7f3a", Style: bot.Danger},
		{Label: "Keep it", Verb: "answer", Value: "question-1"},
	}
	ref, err := x.p.Post(t.Context(), org, top(x, t), c)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestAPressIsTakenAndToldToOne(t *testing.T) { both(t, aPress) }

func aPress(t *testing.T, w way) {
	x := open(t, w, fast)
	ref := asking(t, x)
	after := card("Change payments")
	x.in.says(bot.Reply{Private: "Your approval counts: 1 of 2.", Card: &after})
	if o := x.Click(ben, room, ref.MessageID, "Approve"); !o.OK {
		t.Fatal(o.Err)
	}
	x.until(t, func() bool { return len(x.Private(ben)) == 1 })
	c := x.in.pressed()[0]
	if c.Verb != "approve" || c.Value != "hold.7f3a" || c.Thread != ref.Thread || c.Actor.ID != ben || c.Actor.Name != "ben" || c.Org != org {
		t.Errorf("click %+v", c)
	}
	if m := x.Private(ben)[0]; !strings.Contains(m.Text, "1 of 2") || m.Thread != ref.Thread.ID {
		t.Errorf("told %+v", m)
	}
	if len(x.Private(ana)) > 0 {
		t.Error("somebody else was told, too")
	}
	x.until(t, func() bool { m, _ := x.Message(room, ref.MessageID); return m.Text == "Change payments in a line" })
}

// The outbox knows more than a press did: what it drew since is not undone.
func TestAPressDoesNotUndoTheOutbox(t *testing.T) {
	x := open(t, byHTTP, fast)
	ref := asking(t, x)
	began := x.p.now()
	if err := x.p.Edit(t.Context(), org, ref, card("applied")); err != nil {
		t.Fatal(err)
	}
	old := card("waiting")
	x.p.redraw(t.Context(), place{Channel: room, Thread: ref.Thread.ID, Message: ref.MessageID}, &old, began)
	if m, _ := x.Message(room, ref.MessageID); m.Text != "applied in a line" {
		t.Errorf("the card says %q", m.Text)
	}
}

func TestADeclineAsksWhy(t *testing.T) { both(t, aDecline) }

func aDecline(t *testing.T, w way) {
	x := open(t, w, fast)
	ref := asking(t, x)
	x.in.says(bot.Reply{Modal: &bot.Card{Title: "Why not?", Body: "Your reason is shown.", Buttons: []bot.Button{{Label: "Decline", Verb: "deny"}}}})
	if o := x.Click(ben, room, ref.MessageID, "Decline"); !o.OK {
		t.Fatal(o.Err)
	}
	var v slacktest.View
	x.until(t, func() bool { var ok bool; v, ok = x.Modal(ben); return ok })
	x.in.says(bot.Reply{Private: "Declined: nothing runs."})
	if o := x.Submit(ben, v.ID, map[string][]string{modalField: {"not on a Friday"}}); !o.OK {
		t.Fatal(o.Err)
	}
	x.until(t, func() bool { return len(x.Private(ben)) == 1 })
	all := x.in.pressed()
	if c := all[1]; c.Verb != "deny" || c.Value != "hold.7f3a" || c.Reason != "not on a Friday" || c.Thread != ref.Thread || c.ID == all[0].ID {
		t.Errorf("declined %+v", c)
	}
	if _, still := x.Modal(ben); still {
		t.Error("the modal is still there")
	}
}

// What was typed wrong comes back to be mended.
func TestWhatWasTypedWrongComesBack(t *testing.T) { both(t, typedWrong) }

func typedWrong(t *testing.T, w way) {
	x := open(t, w, fast)
	ref := asking(t, x)
	ask := &bot.Card{Title: "This destroys", Body: "Type payments.", Next: "Type payments", Buttons: []bot.Button{{Label: "Approve", Verb: "approve"}}}
	x.in.says(bot.Reply{Modal: ask})
	x.Click(ben, room, ref.MessageID, "Approve")
	var v slacktest.View
	x.until(t, func() bool { var ok bool; v, ok = x.Modal(ben); return ok })
	again := *ask
	again.Body, again.Draft = "Not yet: that is another name. Type payments.", "payment"
	x.in.says(bot.Reply{Modal: &again})
	if o := x.Submit(ben, v.ID, map[string][]string{modalField: {"payment"}}); !o.OK {
		t.Fatal(o.Err)
	}
	v, ok := x.Modal(ben)
	if !ok || !strings.Contains(string(v.Blocks), "Not yet") {
		t.Errorf("the modal is %s", v.Blocks)
	}
	x.in.says(bot.Reply{Private: "Approved."})
	if o := x.Submit(ben, v.ID, map[string][]string{modalField: {"payments"}}); !o.OK {
		t.Fatal(o.Err)
	}
	all := x.in.pressed()
	if len(all) != 3 || all[1].ID == all[2].ID {
		t.Errorf("presses %+v", all)
	}
}

func TestAQuestionIsAnsweredByItsLabel(t *testing.T) { both(t, aQuestion) }

func aQuestion(t *testing.T, w way) {
	x := open(t, w, fast)
	ref := asking(t, x)
	if o := x.Click(ben, room, ref.MessageID, "Keep it"); !o.OK {
		t.Fatal(o.Err)
	}
	x.in.mu.Lock()
	defer x.in.mu.Unlock()
	if a := x.in.answers; len(a) != 1 || a[0].Question != "question-1" || a[0].Text != "Keep it" || a[0].Thread != ref.Thread {
		t.Errorf("answers %+v", a)
	}
}

// Whoever Slack does not vouch for decides nothing, and is told.
func TestAPressThatSlackDoesNotVouchFor(t *testing.T) { both(t, notVouchedFor) }

func notVouchedFor(t *testing.T, w way) {
	x := open(t, w, fast)
	ref := asking(t, x)
	x.Inject(methodUser, slacktest.Fault{Status: 500})
	if o := x.Click(ben, room, ref.MessageID, "Approve"); !o.OK {
		t.Fatal(o.Err)
	}
	x.until(t, func() bool { return len(x.Private(ben)) == 1 })
	if m := x.Private(ben)[0]; !strings.Contains(m.Text, "nothing was decided") || len(x.in.pressed()) > 0 {
		t.Errorf("told %q after %d presses", m.Text, len(x.in.pressed()))
	}
	if o := x.Click(ben, room, ref.MessageID, "Approve"); !o.OK || len(x.in.pressed()) != 1 {
		t.Errorf("pressed again: %s, %d", o.Err, len(x.in.pressed()))
	}
}

func TestAskingAboutAMessage(t *testing.T) { both(t, askingAbout) }

func askingAbout(t *testing.T, w way) {
	x := open(t, w, fast)
	ts := x.Say(room, "", ben, "the firewall of payments looks odd")
	if o := x.MessageShortcut(ana, room, ts, shortcutAsk); !o.OK {
		t.Fatal(o.Err)
	}
	var v slacktest.View
	x.until(t, func() bool { var ok bool; v, ok = x.Modal(ana); return ok })
	if o := x.Submit(ana, v.ID, map[string][]string{modalField: {"is that true?"}}); !o.OK {
		t.Fatal(o.Err)
	}
	all := x.in.jobs()
	if len(all) != 1 || all[0].Text != "is that true?" || all[0].Quote != "the firewall of payments looks odd" || all[0].Thread.ID != ts {
		t.Errorf("asked %+v", all)
	}
}

func TestHomeAndItsButtons(t *testing.T) { both(t, homeAndButtons) }

func homeAndButtons(t *testing.T, w way) {
	x := open(t, w, fast)
	at := agent.Thread{Platform: Name, Channel: room, ID: "1.000200"}
	x.in.home = bot.Home{Cards: []bot.Placed{{Thread: at, Card: bot.Card{
		Title: "Change payments?", Fallback: "x", Buttons: []bot.Button{{Label: "Approve", Verb: "approve", Value: "hold.7f3a"}},
	}}}}
	x.OpenHome(ben)
	var v slacktest.View
	x.until(t, func() bool { var ok bool; v, ok = x.Home(ben); return ok })
	x.in.says(bot.Reply{Private: "Approved: exactly this plan runs now."})
	if o := x.ClickView(ben, v.ID, "Approve"); !o.OK {
		t.Fatal(o.Err)
	}
	x.until(t, func() bool {
		m, ok := x.Modal(ben)
		return ok && strings.Contains(string(m.Blocks), "exactly this plan")
	})
	if c := x.in.pressed()[0]; c.Thread != at || c.Value != "hold.7f3a" || c.Verb != "approve" {
		t.Errorf("click %+v", c)
	}
}

func TestAnAssistantThreadIsOfferedPrompts(t *testing.T) { both(t, offeredPrompts) }

func offeredPrompts(t *testing.T, w way) {
	x := open(t, w, fast)
	channel, ts := x.AssistantThread(ana)
	x.until(t, func() bool { return strings.Contains(string(x.Prompts(channel, ts)), "scan payments") })
}
