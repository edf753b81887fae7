package slack

import (
	"slices"
	"strings"
	"testing"

	"interlock/adapters/slack/slacktest"
	"interlock/bot"
)

// fast has Slack's waits pass sixty times as quickly.
var fast = slacktest.Options{Scale: 60, Patience: patienceOfTests, Unlimited: true}

func TestAMentionIsOneJob(t *testing.T) { both(t, aMentionIsOneJob) }

func aMentionIsOneJob(t *testing.T, w way) {
	x := open(t, w, fast)
	me := x.Options().BotUser
	ts := x.Say(room, "", ana, "<@"+me+"> please look at <#C0OPS|ops> &amp; tell <@"+ben+">")
	x.until(t, func() bool { return len(x.in.jobs()) == 1 && settled(x) })
	m := x.in.jobs()[0]
	if m.Thread.ID != ts || m.Thread.Channel != room || m.Org != org || m.Actor.ID != ana || m.Actor.Tenant != x.Options().Team {
		t.Errorf("mention %+v", m)
	}
	if m.Text != "please look at #ops & tell @"+ben && m.Text != "please look at #ops & tell @ben" {
		t.Errorf("text %q", m.Text)
	}
	x.in.mu.Lock()
	defer x.in.mu.Unlock()
	if n := len(x.in.mentions); n != 1 { // Slack tells of it twice: a Command would run twice
		t.Errorf("the bot was told %d times of one mention", n)
	}
}

// settled tells whether all that Slack delivered was acknowledged.
func settled(x *world) bool {
	return !slices.ContainsFunc(x.Deliveries(), func(d slacktest.Delivery) bool { return !d.Acked })
}

func TestWhatIsNotForTheBotStartsNothing(t *testing.T) { both(t, notForTheBot) }

func notForTheBot(t *testing.T, w way) {
	x := open(t, w, fast)
	ts := x.Say(room, "", ana, "good morning")
	x.Say(room, ts, ben, "good morning, too")
	x.Edit(room, ts, "good morning <@"+x.Options().BotUser+">")
	x.Delete(room, ts)
	x.Join(room, "U0NEW")
	x.Say(room, "", x.Options().BotUser, "I am the bot")
	x.Emit(map[string]any{"type": "message", "subtype": "bot_message", "bot_id": "B0OTHER", "channel": room, "text": "<@" + x.Options().BotUser + "> scan", "ts": "1.2"})
	x.Emit(map[string]any{"type": "message", "bot_id": "B0OTHER", "user": "U0OTHER", "channel": room, "text": "<@" + x.Options().BotUser + "> scan", "ts": "1.3"})
	x.Emit(map[string]any{"type": "never_heard_of", "user": map[string]any{"id": "U1"}})
	x.until(t, func() bool { return len(x.Deliveries()) >= 8 && settled(x) })
	if got := x.in.jobs(); len(got) > 0 {
		t.Errorf("jobs %+v", got)
	}
}

func TestAThreadIsFollowedForWhoAsked(t *testing.T) { both(t, aThreadIsFollowed) }

func aThreadIsFollowed(t *testing.T, w way) {
	x := open(t, w, fast)
	ts := x.Say(room, "", ana, "<@"+x.Options().BotUser+"> plan payments")
	x.until(t, func() bool { return len(x.in.jobs()) == 1 })
	x.in.mu.Lock()
	x.in.asked[ts+"/"+ana] = true
	x.in.mu.Unlock()
	x.Say(room, ts, ana, "and orders")
	x.Say(room, ts, ben, "I would wait")
	x.until(t, func() bool { return len(x.in.jobs()) == 2 && settled(x) })
	if m := x.in.jobs()[1]; m.Text != "and orders" || m.Thread.ID != ts {
		t.Errorf("followed %+v", m)
	}
}

func TestADirectMessageNeedsNoMention(t *testing.T) { both(t, aDirectMessage) }

func aDirectMessage(t *testing.T, w way) {
	x := open(t, w, fast)
	d := x.Direct(ana)
	ts := x.Say(d, "", ana, "status")
	x.until(t, func() bool { return len(x.in.jobs()) == 1 && settled(x) })
	if m := x.in.jobs()[0]; m.Text != "status" || m.Thread.Channel != d || m.Thread.ID != ts {
		t.Errorf("mention %+v", m)
	}
}

func TestASlashCommandAnswersAtOnce(t *testing.T) { both(t, aSlashCommand) }

func aSlashCommand(t *testing.T, w way) {
	x := open(t, w, fast)
	x.in.says(bot.Reply{Note: &bot.Card{Title: "Status", Body: "all is quiet", Fallback: "Status: all is quiet"}})
	o := x.Slash(ana, room, "/interlock", "status")
	if !o.OK || !strings.Contains(string(o.Answer), "all is quiet") || !strings.Contains(string(o.Answer), "ephemeral") {
		t.Errorf("answer %s %s", o.Answer, o.Err)
	}
	x.in.says(bot.Reply{})
	if o = x.Slash(ana, room, "/interlock", ""); !o.OK {
		t.Error(o.Err)
	}
	all := x.in.jobs()
	if len(all) != 2 || all[0].Text != "status" || all[1].Text != "help" || !strings.HasPrefix(all[0].Thread.ID, "~slash/") {
		t.Errorf("commands %+v", all)
	}
}

func TestFilesComeAlong(t *testing.T) { both(t, filesComeAlong) }

func filesComeAlong(t *testing.T, w way) {
	x := open(t, w, fast)
	x.Say(room, "", ana, "<@"+x.Options().BotUser+"> what is this?",
		slacktest.File{Name: "main.tf", Mimetype: "text/plain", Content: []byte("resource {}")},
		slacktest.File{Name: "big.bin", Mimetype: "application/octet-stream", Content: make([]byte, 1<<17)})
	x.until(t, func() bool { return len(x.in.jobs()) == 1 })
	f := x.in.jobs()[0].Files
	if len(f) != 2 || f[0].Name != "main.tf" || f[1].Why == "" {
		t.Fatalf("files %+v", f)
	}
	b, err := x.p.Fetch(t.Context(), f[0])
	if err != nil || string(b) != "resource {}" {
		t.Errorf("fetched %q, %v", b, err)
	}
	f[0].From = "https://files.example.com/x"
	if _, err := x.p.Fetch(t.Context(), f[0]); err == nil {
		t.Error("the token went to another server")
	}
}

// What the store cannot take is not acknowledged, and comes again.
func TestWhatWasNotTakenComesAgain(t *testing.T) { both(t, notTaken) }

func notTaken(t *testing.T, w way) {
	o := fast
	o.Patience, o.Scale = 0, 60
	x := open(t, w, o)
	x.in.mu.Lock()
	x.in.err = errStale
	x.in.mu.Unlock()
	x.Say(room, "", ana, "<@"+x.Options().BotUser+"> hello")
	x.until(t, func() bool {
		return slices.ContainsFunc(x.Deliveries(), func(d slacktest.Delivery) bool { return len(d.Attempts) > 1 })
	})
	x.in.mu.Lock()
	x.in.err = nil
	x.in.mu.Unlock()
	x.until(t, func() bool { return len(x.in.jobs()) == 1 })
}
