package teams

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// approval is a card like one of package bot.
func approval() bot.Card {
	const v = "hold1.code1"
	return bot.Card{
		Title: "Approve a change", Status: "waiting, 0 of 1 approvals", Tone: bot.Waiting, Fallback: "Approve a change", Marker: "ev1",
		Fields: []bot.Field{{Name: "Stack", Value: "payments-prod"}},
		Buttons: []bot.Button{
			{Label: "Approve", Verb: "approve", Value: v, Style: bot.Primary},
			{Label: "Decline", Verb: "deny", Value: v, Style: bot.Danger, Opens: true},
			{Label: "Show plan", Verb: "plan", Value: v, Opens: true},
		},
		Deciders: []rbac.Actor{{Org: org, Platform: Name, ID: ben}, {Org: org, Platform: "slack", ID: "U1"}},
	}
}

// carded is a thread with the card in it.
func (w *world) carded(t *testing.T, c bot.Card) (agent.Thread, bot.Ref) {
	t.Helper()
	th := w.thread(t)
	r, err := w.p.Post(t.Context(), org, th, c)
	if err != nil {
		t.Fatal(err)
	}
	return th, r
}

// shows has the bot answer each press by its verb.
func (in *inbox) shows(by map[string]bot.Reply) *byVerb { return &byVerb{in, by} }

type byVerb struct {
	*inbox
	by map[string]bot.Reply
}

func (b *byVerb) Click(ctx context.Context, c bot.Click) (bot.Reply, error) {
	b.says(b.by[c.Verb])
	return b.inbox.Click(ctx, c)
}

func TestOnlyDecidersSeeTheirButtons(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.Say(x.room, ben, "hello") // who never spoke has no id to ask a view for
	x.until(t, x.settled)
	own, none := approval(), approval()
	none.Buttons = none.Buttons[2:]
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"view": {Card: &own}})
	_, r := x.carded(t, approval())
	if v := x.View(ana, r.MessageID); v.Own || !slices.Equal(v.Buttons, []string{"Decide", "Show plan"}) {
		t.Errorf("ana sees %+v", v.Buttons)
	}
	if v := x.View(ben, r.MessageID); !v.Own || !slices.Equal(v.Buttons, []string{"Approve", "Decline", "Show plan"}) {
		t.Errorf("ben sees %+v, %s", v.Buttons, v.Error)
	}
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"view": {Card: &none, Private: "Refused: you asked for it."}})
	x.Click(ana, r.MessageID, "Decide", nil)
	if v := x.View(ana, r.MessageID); !v.Own || !slices.Equal(v.Buttons, []string{"Show plan"}) || !strings.Contains(cardText(v.Cards[0]), "you asked for it") {
		t.Errorf("ana sees %+v", v)
	}
}

func TestAPressIsTakenOnce(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	own, done := approval(), approval()
	done.Status, done.Buttons = "approved", nil
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"view": {Card: &own}, "approve": {Card: &done, Private: "Approved."}})
	th, r := x.carded(t, approval())
	x.Click(ben, r.MessageID, "Decide", nil)
	out := x.Click(ben, r.MessageID, "Approve", nil)
	if !out.OK() {
		t.Fatalf("%+v", out)
	}
	x.Repeat(out.Delivery) // under another id
	x.Redeliver(out.Delivery)
	x.until(t, x.settled)
	var got []bot.Click
	for _, c := range x.in.pressed() {
		if c.Verb == "approve" {
			got = append(got, c)
		}
	}
	if len(got) != 1 || got[0].Actor.ID != ben || got[0].Actor.Tenant != x.Options().TenantID || got[0].Thread != th || got[0].Value != "hold1.code1" {
		t.Errorf("pressed %+v", got)
	}
	if v := x.View(ben, r.MessageID); !v.Own || len(v.Buttons) > 0 || !strings.Contains(cardText(v.Cards[0]), "Approved") {
		t.Errorf("ben sees %+v", v)
	}
}

// A press that comes again counts once, even after another one; the button of a card
// that has moved on is another button, and whoever waits means it anew.
func TestAPressThatComesAgain(t *testing.T) {
	t.Parallel()
	var s presses
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	yes, back := press{Verb: "approve", Value: "h", Nonce: "n"}, press{Verb: "back", Value: "h", Nonce: "m"}
	one, same := s.id("ben", yes, now), s.id("ben", yes, now)
	other := s.id("carol", yes, now)
	s.id("ben", back, now)
	if late := s.id("ben", yes, now.Add(again/2)); one != same || one != late || other == one {
		t.Errorf("%q %q %q %q", one, same, late, other)
	}
	yes.Nonce = "of the next state"
	if next := s.id("ben", yes, now); next == one {
		t.Error("a press in another state of the card is the same one")
	}
	if late := s.id("carol", yes, now.Add(2*again)); late == other {
		t.Error("a press of the next hour is the same one")
	}
}

func TestADialogAsksWhatMustBeTyped(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	own := approval()
	why := &bot.Card{Title: "Why not?", Body: "It is told to the one who asked.", Fallback: "Why not?", Buttons: []bot.Button{{Label: "Decline", Verb: "deny", Value: "hold1.code1", Style: bot.Danger}}}
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"view": {Card: &own}, "deny": {Modal: why}})
	_, r := x.carded(t, approval())
	x.Click(ben, r.MessageID, "Decide", nil)
	if out := x.Click(ben, r.MessageID, "Decline", nil); !out.OK() {
		t.Fatalf("%+v", out)
	}
	d, ok := x.Dialog(ben)
	if !ok || d.Title != "Why not?" {
		t.Fatalf("dialog %+v", d)
	}
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"deny": {Private: "Declined: nothing runs."}})
	out := x.Submit(ben, "", teamstest.Inputs{typedField: "  not tonight "})
	if !out.OK() || !strings.Contains(out.Notice, "Declined") {
		t.Errorf("%+v", out)
	}
	last := x.in.pressed()[len(x.in.pressed())-1]
	if last.Verb != "deny" || last.Reason != "not tonight" || last.Actor.ID != ben {
		t.Errorf("%+v", last)
	}
}

func TestWhatIsThereToReadOpens(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"plan": {Note: &bot.Card{Title: "Plan of payments-prod", Body: "1 to change", Fallback: "Plan"}}})
	_, r := x.carded(t, approval())
	x.Click(ana, r.MessageID, "Show plan", nil)
	if d, ok := x.Dialog(ana); !ok || !strings.Contains(cardText(d.Card), "1 to change") {
		t.Errorf("dialog %+v", d)
	}
}

// A guest, somebody whom no roster has, and somebody whom Teams does not vouch for
// just now: the first two are told to the inbox as such, the last one decides nothing.
func TestWhoPressesIsVouchedFor(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	guest := x.AddUser(teamstest.User{Name: "Guest", Guest: true}).ObjectID
	x.AddMember(x.team, guest)
	own := approval()
	x.p.opt.Inbox = x.in.shows(map[string]bot.Reply{"view": {Card: &own}, "approve": {Private: "taken"}})
	_, r := x.carded(t, approval())
	x.Click(guest, r.MessageID, "Decide", nil)
	if c := x.in.pressed(); len(c) != 1 || c[0].Actor.Outsider != "a guest" {
		t.Errorf("pressed %+v", c)
	}
	x.Inject("member", teamstest.Fault{Status: http.StatusServiceUnavailable, Times: -1})
	out := x.Click(ben, r.MessageID, "Decide", nil)
	if c := x.in.pressed(); len(c) != 1 || !strings.Contains(out.Notice, "nothing was decided") {
		t.Errorf("pressed %+v, told %q", c, out.Notice)
	}
	x.Forgive()
}

// What a client says of where a card belongs counts only with our seal on it.
func TestACardOfAPersonCannotBeMoved(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	who := rbac.Actor{Org: org, Platform: Name, Tenant: x.Options().TenantID, ID: ben}
	there := agent.Thread{Platform: Name, Channel: "19:secret@thread.tacv2", ID: "1"}
	a := activity{}
	a.Conversation.ID, a.Conversation.ConversationType = "a:1", inPersonal
	at := x.p.seal(org, who, there)
	if got := x.p.where(org, a, who, press{At: at}); got != there {
		t.Errorf("its own: %v", got)
	}
	moved := at
	moved.Thread = "2"
	other := who
	other.ID = ana
	for name, got := range map[string]agent.Thread{
		"moved": x.p.where(org, a, who, press{At: moved}), "another's": x.p.where(org, a, other, press{At: at}),
		"unsealed":      x.p.where(org, a, who, press{At: spot{Conversation: there.Channel, Thread: "1"}}),
		"another Org's": x.p.where("rival", a, who, press{At: at}),
	} {
		if got.Channel != "a:1" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAMessageActionAsks(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	id := x.Say(x.room, ben, "the firewall is open")
	x.MessageAction(ana, id, commandAsk)
	if d, ok := x.Dialog(ana); !ok || !strings.Contains(cardText(d.Card), "firewall is open") {
		t.Fatalf("dialog %+v", d)
	}
	out := x.Submit(ana, "", teamstest.Inputs{typedField: "is it?"})
	if m := x.in.jobs(); !out.OK() || len(m) != 1 || m[0].Text != "is it?" || !strings.Contains(m[0].Quote, "firewall is open") || m[0].Thread.ID != id || m[0].Actor.ID != ana {
		t.Errorf("%+v, %+v", out, m)
	}
}

func TestHomeAndHello(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	chat := x.AddUser(teamstest.User{ObjectID: "c0000000-0000-0000-0000-0000000000cc", Name: "Cyn"}).ObjectID
	x.Install(x.Chat(chat), chat)
	x.until(t, func() bool { return len(x.Messages(x.Chat(chat))) == 1 && x.settled() })
	if said := reads(x.Messages(x.Chat(chat))[0]); !strings.Contains(said, "Interlock is here") {
		t.Errorf("said %q", said)
	}
	c := approval()
	there := agent.Thread{Platform: Name, Channel: x.room, ID: "7"}
	x.in.home = bot.Home{Cards: []bot.Placed{{Thread: there, Card: c}}}
	id := x.Personal(chat, "Home")
	x.until(t, func() bool { return len(x.Messages(x.Chat(chat))) == 3 })
	home := x.Messages(x.Chat(chat))[2]
	if len(x.in.jobs()) > 0 || id == "" {
		t.Errorf("jobs %+v", x.in.jobs())
	}
	if out := x.Click(chat, home.ID, "Approve", nil); !out.OK() {
		t.Errorf("%+v", out)
	}
	if got := x.in.pressed(); len(got) != 1 || got[0].Thread != there {
		t.Errorf("pressed %+v", got)
	}
}

func TestAFailedTransactionIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.in.mu.Lock()
	x.in.err = errors.New("the disk is full")
	x.in.mu.Unlock()
	id := x.Say(x.room, ana, "<at>"+x.Options().BotName+"</at> scan")
	x.until(t, func() bool {
		d := x.Deliveries()
		return len(d) > 0 && len(d[len(d)-1].Attempts) > 0
	})
	x.in.mu.Lock()
	x.in.err = nil
	x.in.mu.Unlock()
	x.until(t, func() bool { return len(x.in.jobs()) == 1 })
	if x.in.jobs()[0].Thread.ID != id {
		t.Errorf("%+v", x.in.jobs())
	}
}
