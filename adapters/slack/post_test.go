package slack

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

func card(title string) bot.Card {
	return bot.Card{Title: title, Fallback: title + " in a line", Marker: "row-" + title}
}

func top(x *world, t *testing.T) agent.Thread {
	t.Helper()
	return agent.Thread{Platform: Name, Channel: room, ID: x.Say(room, "", ana, "hello")}
}

func TestACardIsPostedAndRedrawn(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	ref, err := x.p.Post(t.Context(), org, at, card("one"))
	if err != nil || ref.Thread != at {
		t.Fatal(ref, err)
	}
	if err := x.p.Edit(t.Context(), org, ref, card("two")); err != nil {
		t.Fatal(err)
	}
	all := x.Thread(room, at.ID)
	if len(all) != 2 || all[1].Text != "two in a line" || len(all[1].Versions) != 2 {
		t.Errorf("thread %+v", all)
	}
	begun, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: room, ID: "~scan/payments"}, card("drift"))
	if err != nil || begun.Thread.ID != begun.MessageID || strings.HasPrefix(begun.Thread.ID, "~") {
		t.Errorf("a new thread: %+v %v", begun, err)
	}
}

// What may have been posted is looked up by its marker, and never sent twice.
func TestWhatMayHaveBeenPostedIsFound(t *testing.T) {
	for name, begins := range map[string]bool{"in a thread": false, "beginning one": true} {
		t.Run(name, func(t *testing.T) {
			x := open(t, byHTTP, fast)
			at := top(x, t)
			if begins {
				at.ID = "~scan/payments"
			}
			x.Inject(methodPost, slacktest.Fault{Status: 500, AfterAccepting: true})
			_, err := x.p.Post(t.Context(), org, at, card("once"))
			var pe *bot.PostError
			if !errors.As(err, &pe) || pe.Refused || pe.Permanent {
				t.Fatalf("an ambiguous failure is told as %+v", err)
			}
			ref, ok, err := x.p.Find(t.Context(), org, at, "row-once")
			if err != nil || !ok || ref.MessageID == "" {
				t.Errorf("found %+v %v %v", ref, ok, err)
			}
			if m, ok := x.Message(room, ref.MessageID); !ok || m.Text != "once in a line" {
				t.Errorf("found %+v", m)
			}
			if _, ok, err := x.p.Find(t.Context(), org, at, "row-never"); ok || err != nil {
				t.Errorf("found what was never posted: %v %v", ok, err)
			}
		})
	}
}

func TestWhatSlackSaysOfAPost(t *testing.T) {
	for name, c := range map[string]struct {
		fault              slacktest.Fault
		refused, permanent bool
		after              time.Duration
		says               string
	}{
		"429":         {slacktest.Fault{Status: 429, RetryAfter: 7 * time.Second}, true, false, 7 * time.Second, ""},
		"archived":    {slacktest.Fault{Error: "is_archived"}, true, true, 0, "the channel was archived"},
		"not in":      {slacktest.Fault{Error: "not_in_channel"}, true, true, 0, "the bot is not in the channel"},
		"revoked":     {slacktest.Fault{Error: "token_revoked"}, true, false, time.Minute, ""},
		"internal":    {slacktest.Fault{Error: "internal_error"}, false, false, 0, ""},
		"503":         {slacktest.Fault{Status: 503}, false, false, 0, ""},
		"never heard": {slacktest.Fault{Error: "some_new_error"}, true, false, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, byHTTP, fast)
			at := top(x, t)
			x.Inject(methodPost, c.fault)
			_, err := x.p.Post(t.Context(), org, at, card("x"))
			var pe *bot.PostError
			if !errors.As(err, &pe) || pe.Refused != c.refused || pe.Permanent != c.permanent || pe.After != c.after || pe.Says != c.says {
				t.Errorf("told as %+v", pe)
			}
		})
	}
}

// Slack is asked for no more than it takes, whatever waits.
func TestOneMessageASecondAndChannel(t *testing.T) {
	x := open(t, byHTTP, slacktest.Options{})
	at := top(x, t)
	began, sent, held := time.Now(), 0, 0
	for i := range 3 {
		_, err := x.p.Post(t.Context(), org, at, card(string(rune('a'+i))))
		var pe *bot.PostError
		switch {
		case err == nil:
			sent++
		case errors.As(err, &pe) && pe.Refused && pe.After > 0:
			held++
		default:
			t.Fatal(err)
		}
	}
	if took := time.Since(began); sent+held != 3 || took < time.Duration(sent-1)*time.Second {
		t.Errorf("%d sent and %d held in %v", sent, held, took)
	}
}

func TestProgressIsOneMessageThatGoes(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { return len(x.Thread(room, at.ID)) == 2 })
	for range 50 {
		x.p.Show(org, at, "planning payments <!channel>")
	}
	x.until(t, func() bool { m := x.Thread(room, at.ID); return len(m) == 2 && strings.Contains(m[1].Text, "planning") })
	if m := x.Thread(room, at.ID)[1]; strings.Contains(m.Text+string(m.Blocks), "<!channel>") {
		t.Errorf("progress calls everybody: %s", m.Text)
	}
	if _, err := x.p.Post(t.Context(), org, at, card("answer")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool {
		m := x.Thread(room, at.ID)
		return len(m) == 2 && m[1].Text == "answer in a line"
	})
	if n := len(x.Calls(methodUpdate)); n > 3 {
		t.Errorf("%d edits for two lines", n)
	}
}

// The progress of a process that died is taken over by the one that goes on.
func TestProgressThatWasLeftBehind(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { return len(x.Thread(room, at.ID)) == 2 })
	in := &inbox{}
	next := &world{x.Server, platform(t, x.Server, byHTTP, in), in}
	next.p.progress.born = time.Now().Add(time.Hour)
	if _, err := next.p.identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	next.p.Show(org, at, "going on")
	for at, s := range next.p.progress.changed() {
		if err := next.p.progress.draw(t.Context(), at, s); err != nil {
			t.Fatal(err)
		}
	}
	if m := x.Thread(room, at.ID); len(m) != 2 || !strings.Contains(m[1].Text, "going on") {
		t.Errorf("thread %+v", m)
	}
}

func TestWhoIsNoFullMember(t *testing.T) {
	x := open(t, byHTTP, fast)
	for id, u := range map[string]slacktest.User{
		"a guest": {ID: "U1", Restricted: true}, "of another workspace": {ID: "U2", Stranger: true, Team: "T9"},
		"switched off": {ID: "U3", Deleted: true}, "a bot": {ID: "U4", Bot: true}, "": {ID: ana, Name: "ana", RealName: "Ana"},
	} {
		x.AddUser(u)
		who, err := x.p.Vet(t.Context(), rbac.Actor{Org: org, Platform: Name, Tenant: x.Options().Team, ID: u.ID})
		if err != nil || who.Outsider != id {
			t.Errorf("%s is %q, %v", u.ID, who.Outsider, err)
		}
	}
	if who, err := x.p.Vet(t.Context(), rbac.Actor{ID: "U0NOBODY"}); err != nil || who.Outsider == "" {
		t.Errorf("nobody is %+v, %v", who, err)
	}
	before := len(x.Calls(methodUser))
	if _, err := x.p.Vet(t.Context(), rbac.Actor{ID: ana}); err != nil || len(x.Calls(methodUser)) != before {
		t.Errorf("asked again at once, %v", err)
	}
	x.Inject(methodUser, slacktest.Fault{Status: 500, Times: -1})
	x.p.people.Now = func() time.Time { return time.Now().Add(bot.Fresh) }
	if _, err := x.p.vouch(t.Context(), rbac.Actor{ID: ana}); err == nil {
		t.Error("what Slack said long ago still counts for who decides, though it does not answer")
	}
	if who, err := x.p.Vet(t.Context(), rbac.Actor{ID: ana}); err != nil || who.Outsider != "" {
		t.Errorf("a request that is underway fails because Slack is away: %+v %v", who, err)
	}
	x.p.people.Now = func() time.Time { return time.Now().Add(bot.Stale + time.Minute) }
	if _, err := x.p.Vet(t.Context(), rbac.Actor{ID: ana}); err == nil {
		t.Error("what Slack said hours ago still counts")
	}
}

// verbs are the buttons of a message, as people read them.
func labels(m slacktest.Message) (all []string) {
	for _, b := range m.Buttons() {
		all = append(all, b.Text)
	}
	return all
}

func TestClosedCardsHaveNoButtons(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	c := card("change")
	c.Buttons = []bot.Button{{Label: "Approve", Verb: "approve", Value: "h.1"}, {Label: "Decline", Verb: "deny", Value: "h.1"}}
	ref, err := x.p.Post(t.Context(), org, at, c)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := x.Message(room, ref.MessageID); !slices.Equal(labels(m), []string{"Approve", "Decline"}) {
		t.Errorf("buttons %v", labels(m))
	}
	c.Buttons = nil
	if err := x.p.Edit(t.Context(), org, ref, c); err != nil {
		t.Fatal(err)
	}
	if m, _ := x.Message(room, ref.MessageID); len(labels(m)) > 0 {
		t.Errorf("buttons %v", labels(m))
	}
}

// A line of progress whose post Slack took, though its answer got lost, goes too.
func TestProgressThatNobodyKnowsOf(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	x.Inject(methodPost, slacktest.Fault{Status: 500, AfterAccepting: true})
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { return len(x.Thread(room, at.ID)) == 2 })
	if _, err := x.p.Post(t.Context(), org, at, card("answer")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool {
		m := x.Thread(room, at.ID)
		return len(m) == 2 && m[1].Text == "answer in a line"
	})
}

// In the direct conversation Slack has a line of its own for what the bot does.
func TestProgressInADirectConversation(t *testing.T) {
	x := open(t, byHTTP, fast)
	channel, ts := x.AssistantThread(ana)
	at := agent.Thread{Platform: Name, Channel: channel, ID: ts}
	x.p.Show(org, at, "planning payments")
	x.until(t, func() bool { return strings.Contains(x.Status(channel, ts), "planning payments") })
	if n := len(x.Calls(methodPost)); n > 0 {
		t.Errorf("%d messages beside the status", n)
	}
	x.Inject("assistant.threads.setStatus", slacktest.Fault{Error: "missing_scope", Times: -1})
	x.p.Show(org, at, "applying payments")
	x.until(t, func() bool {
		m := x.Thread(channel, ts)
		return len(m) > 0 && strings.Contains(m[len(m)-1].Text, "applying")
	})
}
