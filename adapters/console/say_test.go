package console

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/bot"
)

func thread(id string) agent.Thread { return agent.Thread{Platform: Name, Channel: "infra", ID: id} }

// started is a room with one thread, t1, that alice began.
func started(t *testing.T, change func(o *Options)) *room {
	t.Helper()
	r := newRoom(t, change)
	m := bot.Message{ID: "t1", Org: "acme", Thread: thread("t1"), Author: actor("alice", "Alice"), Text: "check payments-prod", At: testTime()}
	if _, err := r.messages.Say(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *room) posts(t *testing.T, c bot.Card) bot.Ref {
	t.Helper()
	ref, err := r.Post(t.Context(), "acme", thread("t1"), c)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestSayStartsThread(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	b := r.browser(t)
	f := b.form(b.page("/c/infra"), "/c/infra/say", "Start thread")
	f.Set("text", "@interlock: is payments-prod as the code says?")
	w := b.post("/c/infra/say", f)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if again := b.post("/c/infra/say", f); again.Header().Get("Location") != w.Header().Get("Location") {
		t.Errorf("sent twice: %s", again.Header().Get("Location"))
	}
	m := r.in.mentions[0]
	if m.ID != r.in.mentions[1].ID || r.messages.count() != 2 { // it is said, and listed
		t.Errorf("sent twice is not one: %v, %d messages", r.in.mentions, r.messages.count())
	}
	wantMention := bot.Mention{ID: m.ID, Org: "acme", Thread: thread(m.ID), Actor: actor("alice", "Alice"), Text: "is payments-prod as the code says?"}
	if !reflect.DeepEqual(m, wantMention) {
		t.Errorf("got %+v, want %+v", m, wantMention)
	}
	want(t, b.page(strings.TrimSuffix(w.Header().Get("Location"), "#latest")), "is payments-prod as the code says?", "Alice")
	want(t, b.page("/c/infra"), "is payments-prod as the code says?", "no replies")
}

func TestSayInThread(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	b := r.browser(t)
	f := b.form(b.page("/c/infra/t/t1"), "/c/infra/t/t1/say", "Send")
	first := f.Get("id")
	f.Set("text", "and staging?")
	code, got := b.fetch("/c/infra/t/t1/say", f)
	if code != http.StatusOK || got["id"] == "" || got["id"] == first {
		t.Fatalf("%d %v", code, got)
	}
	f.Set("id", got["id"])
	f.Set("text", "stop")
	b.fetch("/c/infra/t/t1/say", f)
	if n := len(r.in.mentions); n != 2 || r.in.mentions[0].ID == r.in.mentions[1].ID || r.in.mentions[1].Thread != thread("t1") {
		t.Errorf("%+v", r.in.mentions)
	}
}

func TestSayPrompt(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	b := r.browser(t)
	f := b.form(b.page("/c/payments"), "/c/payments/say", "scan payments-prod")
	f.Set("text", "")
	f.Set("prompt", "scan payments-prod")
	b.post("/c/payments/say", f)
	if len(r.in.mentions) != 1 || r.in.mentions[0].Text != "scan payments-prod" || r.in.mentions[0].Thread.Channel != "payments" {
		t.Errorf("%+v", r.in.mentions)
	}
}

func TestSayRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		change func(f url.Values)
		status int
		shows  string
	}{
		"empty":           {"/c/infra/t/t1/say", func(f url.Values) { f.Set("text", " \n ") }, http.StatusUnprocessableEntity, "nothing to send"},
		"only the bot":    {"/c/infra/t/t1/say", func(f url.Values) { f.Set("text", "@Interlock ") }, http.StatusUnprocessableEntity, "nothing to send"},
		"too long":        {"/c/infra/t/t1/say", func(f url.Values) { f.Set("text", strings.Repeat("x", 4001)) }, http.StatusUnprocessableEntity, "longer than 4000"},
		"body too long":   {"/c/infra/t/t1/say", func(f url.Values) { f.Set("text", strings.Repeat("x", longestBody)) }, http.StatusRequestEntityTooLarge, "too long"},
		"id of another":   {"/c/infra/t/t1/say", func(f url.Values) { f.Set("id", "mine."+strings.Repeat("A", 43)) }, http.StatusForbidden, "not made for you"},
		"no id":           {"/c/infra/t/t1/say", func(f url.Values) { f.Del("id") }, http.StatusForbidden, "not made for you"},
		"unknown thread":  {"/c/infra/t/none/say", func(url.Values) {}, http.StatusNotFound, "no such page"},
		"unknown channel": {"/c/none/say", func(url.Values) {}, http.StatusNotFound, "no such page"},
		"control":         {"/c/infra/t/t1/say", func(url.Values) {}, http.StatusSeeOther, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, nil)
			b := r.browser(t)
			f := b.form(b.page("/c/infra/t/t1"), "/c/infra/t/t1/say", "Send")
			f.Set("text", "what I wrote")
			c.change(f)
			w := b.post(c.path, f)
			if w.Code != c.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			want(t, w.Body.String(), c.shows)
			if n := r.in.count(); (n > 0) != (c.status == http.StatusSeeOther) {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// What was written is not lost when the bot did not get it, and the same form
// again is the same mention.
func TestSayKeepsText(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.in.err = errFake
	b := r.browser(t)
	f := b.form(b.page("/c/infra/t/t1"), "/c/infra/t/t1/say", "Send")
	f.Set("text", "what I wrote")
	w := b.post("/c/infra/t/t1/say", f)
	if w.Code != http.StatusServiceUnavailable {
		t.Fatal(w.Code)
	}
	want(t, w.Body.String(), ">what I wrote</textarea>", "did not get your message")
	if again := b.form(w.Body.String(), "/c/infra/t/t1/say", "Send"); again.Get("id") != f.Get("id") {
		t.Error("the form has another id")
	}
	code, got := b.fetch("/c/infra/t/t1/say", f)
	if code != http.StatusServiceUnavailable || got["id"] != f.Get("id") {
		t.Errorf("%d %v", code, got)
	}
	if r.in.mentions[0].ID != r.in.mentions[1].ID {
		t.Error("two mentions")
	}
}

func TestClick(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	b := r.browser(t)
	b.act("bob")
	f := b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<")
	if w := b.post("/click", f); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/c/infra/t/t1#latest" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	c := r.in.clicks[0]
	if c.Actor.ID != "bob" || c.Verb != "approve" || c.Value != "h1.7f3a-91c2" || c.Thread != thread("t1") || c.Org != "acme" || c.ID == "" {
		t.Errorf("%+v", c)
	}
	b.post("/click", f)
	if r.in.clicks[1].ID != c.ID {
		t.Error("the same form twice is two clicks")
	}
	other := b.form(b.page("/c/infra/t/t1"), "/click", ">Decline<")
	b.post("/click", other)
	if r.in.clicks[2].ID == c.ID {
		t.Error("another button has the same id")
	}
}

// Only a button that was shown to this person in this thread can be pressed.
func TestClickForged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(f url.Values)
		status int
	}{
		"control":         {func(url.Values) {}, http.StatusSeeOther},
		"other verb":      {func(f url.Values) { f.Set("verb", "apply") }, http.StatusForbidden},
		"other value":     {func(f url.Values) { f.Set("value", "h2.0000-0000") }, http.StatusForbidden},
		"other thread":    {func(f url.Values) { f.Set("thread", "t2") }, http.StatusForbidden},
		"other channel":   {func(f url.Values) { f.Set("channel", "payments") }, http.StatusForbidden},
		"unknown channel": {func(f url.Values) { f.Set("channel", "none") }, http.StatusNotFound},
		"own id":          {func(f url.Values) { f.Set("id", "x") }, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, nil)
			r.posts(t, approvalCard())
			b := r.browser(t)
			f := b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<")
			c.change(f)
			if w := b.post("/click", f); w.Code != c.status || (len(r.in.clicks) > 0) != (c.status == http.StatusSeeOther) {
				t.Errorf("%d, %d clicks", w.Code, len(r.in.clicks))
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, questionCard())
	b := r.browser(t)
	f := b.form(b.page("/c/infra/t/t1"), "/answer", ">not applied<")
	b.post("/answer", f)
	if len(r.in.answers) != 1 || r.in.answers[0].Question != "q1" || r.in.answers[0].Text != "not applied" {
		t.Fatalf("%+v", r.in.answers)
	}
	f.Set("text", "something else")
	if w := b.post("/answer", f); w.Code != http.StatusForbidden {
		t.Errorf("forged: %d", w.Code)
	}
}

func TestPrivateReply(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	r.in.rep = bot.Reply{Private: "Refused: not your own.", Note: &bot.Card{Title: "Who may", Body: "Bob"}}
	b, other := r.browser(t), r.browser(t)
	other.page("/c/infra/t/t1")
	f := b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<")
	b.post("/click", f)
	wantNot(t, other.page("/c/infra/t/t1"), "Refused: not your own.")
	wantNot(t, b.page("/c/infra"), "Refused: not your own.")
	want(t, b.page("/c/infra/t/t1"), "Refused: not your own.", "Who may", "Only you can see this")

	card := approvalCard()
	card.Status, card.Buttons = "approved, starting", nil
	r.in.rep.Card = &card
	code, got := b.fetch("/click", f)
	if code != http.StatusOK {
		t.Fatal(code)
	}
	want(t, got["notice"], "Refused: not your own.", "Who may")
	want(t, got["card"], "approved, starting")
	wantNot(t, got["card"], "<button")
}

func TestModal(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	r.in.rep = bot.Reply{Modal: &bot.Card{
		Title: "Why not?", Body: "Your reason is shown.", Fields: []bot.Field{{Name: "Plan code", Value: "7f3a-91c2"}},
		Buttons: []bot.Button{{Label: "Decline", Verb: "deny", Value: "h1.7f3a-91c2", Style: bot.Danger}},
	}}
	b := r.browser(t)
	f := b.form(b.page("/c/infra/t/t1"), "/click", ">Decline<")
	_, got := b.fetch("/click", f)
	want(t, got["modal"], "Why not?", "Your reason is shown.", "7f3a-91c2", `name="reason"`, `<label for="reason">Your reason</label>`)
	w := b.post("/click", f)
	if w.Code != http.StatusOK {
		t.Fatal(w.Code)
	}
	m := b.form(w.Body.String(), "/click", "Decline")
	if m.Get("id") == f.Get("id") || m.Get("verb") != "deny" || m.Get("value") != "h1.7f3a-91c2" {
		t.Fatalf("%v", m)
	}
	m.Set("reason", "the window is closed")
	r.in.rep = bot.Reply{Private: "Declined."}
	b.post("/click", m)
	if c := r.in.clicks[len(r.in.clicks)-1]; c.Reason != "the window is closed" || c.Verb != "deny" || c.ID == r.in.clicks[0].ID {
		t.Errorf("%+v", c)
	}
	want(t, b.page("/c/infra/t/t1"), "Declined.")
}

// What is to be typed may be something else than a reason.
func TestModalSaysWhatToType(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	r.in.rep = bot.Reply{Modal: &bot.Card{Title: "This destroys", Next: "Type <web>"}}
	b := r.browser(t)
	_, got := b.fetch("/click", b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<"))
	want(t, got["modal"], `<label for="reason">Type &lt;web&gt;</label>`)
	wantNot(t, got["modal"], "Your reason")
}

func TestClickFails(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	r.in.err = errFake
	b := r.browser(t)
	f := b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<")
	code, got := b.fetch("/click", f)
	if code != http.StatusServiceUnavailable || got["id"] != "" {
		t.Errorf("%d %v", code, got)
	}
	want(t, got["notice"], "could not take this")
	wantNot(t, got["notice"], errFake.Error())
	b.post("/click", f)
	want(t, b.page("/c/infra/t/t1"), "could not take this")
}
