package teams

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

func card(text string) bot.Card {
	return bot.Card{Title: text, Body: "body", Fallback: text, Marker: "marker of " + text}
}

func TestPostEditAndBegin(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th, r := x.carded(t, card("one"))
	if r.Thread != th {
		t.Errorf("posted in %v", r.Thread)
	}
	if err := x.p.Edit(t.Context(), org, r, card("two")); err != nil {
		t.Fatal(err)
	}
	if m, ok := x.Message(r.MessageID); !ok || m.Root != th.ID || m.Edits != 1 || !strings.Contains(reads(m), "two") {
		t.Errorf("%+v", m)
	}
	begun, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: x.room, ID: "~scan/1"}, card("three"))
	if err != nil || begun.Thread.ID != begun.MessageID || strings.HasPrefix(begun.Thread.ID, "~") {
		t.Fatalf("%+v, %v", begun, err)
	}
	if m, _ := x.Message(begun.MessageID); m.Root != begun.MessageID || m.Conversation != x.room {
		t.Errorf("%+v", m)
	}
	if _, err := x.p.Post(t.Context(), org, begun.Thread, card("four")); err != nil {
		t.Error(err)
	}
}

// A channel in which nobody has spoken is reached as its tenant is.
func TestAQuietChannelIsReached(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	quiet := x.AddChannel(teamstest.Channel{Team: x.team, Name: "quiet"})
	there := agent.Thread{Platform: Name, Channel: quiet, ID: "~digest/1"}
	_, err := x.p.Post(t.Context(), org, there, card("early"))
	if pe := posted(err); err == nil || !pe.Refused || pe.Permanent || pe.After == 0 {
		t.Errorf("before anybody was heard of: %+v", pe)
	}
	x.thread(t)
	if _, err := x.p.Post(t.Context(), org, there, card("digest")); err != nil || len(x.Messages(quiet)) != 1 {
		t.Errorf("%v, %d messages", err, len(x.Messages(quiet)))
	}
}

// A person is written to by the id that Entra has for them, though they never spoke.
func TestAPersonIsWrittenTo(t *testing.T) {
	t.Parallel()
	o := fast
	o.CatalogID, o.Installable = "cccccccc-2222-3333-4444-555555555555", true
	x := open(t, o)
	x.thread(t)
	lone := x.AddUser(teamstest.User{ObjectID: "d0000000-0000-0000-0000-0000000000dd", Name: "Lone"}).ObjectID // in no team
	for _, who := range []string{ben, lone, lone} {
		r, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: who, ID: "~page/1"}, card("wake up"))
		if err != nil {
			t.Errorf("%s: %v", who, err)
			continue
		}
		if r.Thread != (agent.Thread{Platform: Name, Channel: x.Chat(who), ID: chatThread}) {
			t.Errorf("%v", r.Thread)
		}
	}
	if n := len(x.Messages(x.Chat(lone))); n != 3 && n != 2 { // a greeting may come between
		t.Errorf("%d messages", n)
	}
	if n := len(x.Calls("install")); n != 1 {
		t.Errorf("installed %d times", n)
	}
}

// What was accepted though the answer was lost is found, by Graph, before it is sent
// again; in a thread, and where it would have begun one.
func TestAnUncertainMessageIsLookedUp(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusPreconditionFailed, http.StatusBadGateway, http.StatusGatewayTimeout} {
		x := open(t, fast)
		th := x.thread(t)
		begun := agent.Thread{Platform: Name, Channel: x.room, ID: "~scan/1"}
		for method, at := range map[string]agent.Thread{"send": th, "create": begun} {
			c := card(method)
			if _, found, err := x.p.Find(t.Context(), org, at, c.Marker); found || err != nil {
				t.Errorf("%s: found before it was sent, %v", method, err)
			}
			x.Inject(method, teamstest.Fault{Status: status, AfterAccepting: true})
			_, err := x.p.Post(t.Context(), org, at, c)
			if pe := posted(err); err == nil || pe.Refused || pe.Permanent {
				t.Errorf("%s %d: %+v", method, status, pe)
			}
			r, found, err := x.p.Find(t.Context(), org, at, c.Marker)
			if err != nil || !found {
				t.Fatalf("%s %d: not found, %v", method, status, err)
			}
			if m, ok := x.Message(r.MessageID); !ok || !strings.Contains(reads(m), method) || method == "send" && r.Thread != th || method == "create" && r.Thread.ID != r.MessageID {
				t.Errorf("%s: %+v, %+v", method, r, m)
			}
			if err := x.p.Edit(t.Context(), org, r, card("after")); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestWhatIsKnownOfAFailedPost(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	for name, c := range map[string]struct {
		fault              teamstest.Fault
		refused, permanent bool
		after              time.Duration
	}{
		"too many":       {teamstest.Fault{Status: 429, RetryAfter: 2 * time.Second}, true, false, 2 * time.Second},
		"not allowed":    {teamstest.Fault{Status: 403, Code: "BotNotInConversationRoster"}, true, true, 0},
		"no such":        {teamstest.Fault{Status: 404, Code: "ConversationNotFound"}, true, true, 0},
		"too large":      {teamstest.Fault{Status: 413, Code: "MessageSizeTooBig"}, true, true, 0},
		"our token":      {teamstest.Fault{Status: 401}, true, false, time.Second},
		"unwell":         {teamstest.Fault{Status: 500}, false, false, 0},
		"away":           {teamstest.Fault{Status: 503}, false, false, 0},
		"lost":           {teamstest.Fault{Status: 502, AfterAccepting: true}, false, false, 0},
		"a precondition": {teamstest.Fault{Status: 412}, false, false, 0},
	} {
		x.Inject("send", c.fault)
		_, err := x.p.Post(t.Context(), org, th, card(name))
		var pe *bot.PostError
		if !errors.As(err, &pe) || pe.Refused != c.refused || pe.Permanent != c.permanent || pe.After < c.after {
			t.Errorf("%s: %+v", name, pe)
		}
		x.Heal()
		x.p.pace = newPace()
	}
	x.Forgive()
}

// A token that ended early is replaced, and what was to be said is said.
func TestATokenIsReplaced(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	if _, err := x.p.Post(t.Context(), org, th, card("one")); err != nil {
		t.Fatal(err)
	}
	x.Expire()
	_, first := x.p.Post(t.Context(), org, th, card("two"))
	_, second := x.p.Post(t.Context(), org, th, card("two"))
	if first == nil || second != nil || len(x.Calls("login")) != 2 {
		t.Errorf("%v, %v, %d logins", first, second, len(x.Calls("login")))
	}
	x.Forgive()
}

// While Teams takes nothing, nothing is sent; afterwards everything is.
func TestQuietIsKept(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	x.Inject("send", teamstest.Fault{Status: 429, RetryAfter: time.Second})
	_, err := x.p.Post(t.Context(), org, th, card("one"))
	sent := len(x.Calls("send"))
	_, again := x.p.Post(t.Context(), org, th, card("one"))
	if err == nil || again == nil || len(x.Calls("send")) != sent {
		t.Errorf("%v, %v: it was asked again", err, again)
	}
	time.Sleep(posted(again).After + 10*time.Millisecond)
	if _, err := x.p.Post(t.Context(), org, th, card("one")); err != nil {
		t.Error(err)
	}
	x.Forgive()
}

// No more than Teams takes of one thread is sent to it, in any of its windows.
func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	p := newPace()
	p.now = func() time.Time { return now }
	var sent []time.Time
	for range 3 * 3600 * 10 {
		if _, mine := p.reserve("a thread", 0); mine {
			sent = append(sent, now)
		}
		now = now.Add(100 * time.Millisecond)
	}
	for window, most := range map[time.Duration]int{time.Second: 7, 2 * time.Second: 8, 30 * time.Second: 60, time.Hour: 1800} {
		from, worst := 0, 0
		for i, at := range sent {
			for at.Sub(sent[from]) >= window {
				from++
			}
			worst = max(worst, i-from+1)
		}
		if worst > most || worst == 0 {
			t.Errorf("%d in %s, %d are allowed", worst, window, most)
		}
	}
}

func TestProgressIsOneMessageAndGoes(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	before := len(x.Messages(conversation(th)))
	x.p.Show(org, th, "planning payments-prod")
	x.until(t, func() bool { return len(x.Messages(conversation(th))) == before+1 })
	m := x.Messages(conversation(th))[before]
	x.p.Show(org, th, "applying")
	x.until(t, func() bool { now, _ := x.Message(m.ID); return now.Edits == 1 })
	if _, err := x.p.Post(t.Context(), org, th, card("done")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool { now, _ := x.Message(m.ID); return now.Deleted })
}

func TestAWhisperIsForOnePerson(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	who := rbac.Actor{Org: org, Platform: Name, Tenant: x.Options().TenantID, ID: ana}
	if err := x.p.Whisper(t.Context(), org, th, who, card("only you")); err != nil {
		t.Fatal(err)
	}
	if n := len(x.Messages(conversation(th))); n != 1 || len(x.Messages(x.Chat(ana))) != 1 {
		t.Errorf("%d in the thread, %d alone", n, len(x.Messages(x.Chat(ana))))
	}
}
