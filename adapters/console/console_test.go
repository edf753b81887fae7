package console

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/bot"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "no channel") || !strings.Contains(err.Error(), "32 bytes") {
		t.Errorf("the zero options: %v", err)
	}
	good := newRoom(t, nil).opt
	if _, err := New(good); err != nil {
		t.Errorf("control: %v", err)
	}
	for name, change := range map[string]func(o *Options){
		"short key":       func(o *Options) { o.Key = o.Key[:31] },
		"demo for others": func(o *Options) { o.Remote = true },
		"channel twice":   func(o *Options) { o.Channels = append(o.Channels, o.Channels[0]) },
		"no people":       func(o *Options) { o.People = nil },
		"no organisation": func(o *Options) { o.Org = "" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.Show("acme", thread("t1"), "working")
	ref := r.posts(t, approvalCard())
	if ref != (bot.Ref{Thread: thread("t1"), MessageID: "row-approval"}) {
		t.Errorf("%+v", ref)
	}
	if again := r.posts(t, approvalCard()); again != ref || r.messages.count() != 2 {
		t.Errorf("the same marker twice: %+v, %d messages", again, r.messages.count())
	}
	if line := r.hub.line(thread("t1"), testTime()); line != "" {
		t.Errorf("progress after the bot's message: %q", line)
	}
	found, ok, err := r.Find(t.Context(), "acme", thread("t1"), "row-approval")
	if err != nil || !ok || found != ref {
		t.Errorf("find: %+v %v %v", found, ok, err)
	}
	if _, ok, err = r.Find(t.Context(), "acme", thread("t1"), "none"); ok || err != nil {
		t.Errorf("find nothing: %v %v", ok, err)
	}
	done := approvalCard()
	done.Status, done.Buttons = "applied", nil
	if err := r.Edit(t.Context(), "acme", ref, done); err != nil {
		t.Error(err)
	}
	page := r.browser(t).page("/c/infra/t/t1")
	want(t, page, "applied", "updated")
	wantNot(t, page, ">Approve<")
}

func TestPostOpensThread(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	for range 2 {
		ref, err := r.Post(t.Context(), "acme", thread("~scan/payments-prod"), driftCard())
		if err != nil || ref.Thread != thread("row-drift") || ref.MessageID != "row-drift" {
			t.Errorf("%+v %v", ref, err)
		}
	}
	b := r.browser(t)
	want(t, b.page("/c/infra"), "payments-prod drifted: 1 resource", "/c/infra/t/row-drift")
	want(t, b.page("/c/infra/t/row-drift"), "Put back to code")
}

func TestPostElsewhere(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	for name, c := range map[string]struct {
		org string
		t   agent.Thread
	}{
		"other organisation": {"other", thread("t1")},
		"other platform":     {"acme", agent.Thread{Platform: "slack", Channel: "infra", ID: "t1"}},
		"unknown channel":    {"acme", agent.Thread{Platform: Name, Channel: "none", ID: "t1"}},
	} {
		var pe *bot.PostError
		if _, err := r.Post(t.Context(), c.org, c.t, driftCard()); !errors.As(err, &pe) || !pe.Refused {
			t.Errorf("post, %s: %v", name, err)
		}
		if err := r.Edit(t.Context(), c.org, bot.Ref{Thread: c.t, MessageID: "t1"}, driftCard()); !errors.As(err, &pe) || !pe.Refused {
			t.Errorf("edit, %s: %v", name, err)
		}
		r.Show(c.org, c.t, "working")
	}
	if n := len(r.hub.lines); n != 0 {
		t.Errorf("%d lines of progress", n)
	}
	r.messages.fail(true)
	var pe *bot.PostError
	if _, err := r.Post(t.Context(), "acme", thread("t1"), driftCard()); !errors.As(err, &pe) || pe.Refused || !errors.Is(err, errFake) {
		t.Errorf("a failing store: %v", err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	b := r.browser(t)
	for path, status := range map[string]int{
		"/c/infra": http.StatusOK, "/c/payments": http.StatusOK, "/c/infra/t/t1": http.StatusOK,
		"/c/none": http.StatusNotFound, "/c/infra/t/none": http.StatusNotFound, "/c/payments/t/t1": http.StatusNotFound,
		"/c/none/t/t1": http.StatusNotFound, "/nothing": http.StatusNotFound,
	} {
		if w := b.get(path); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := b.get("/"); w.Code != http.StatusFound || w.Header().Get("Location") != "/c/infra" {
		t.Errorf("/: %d %s", w.Code, w.Header().Get("Location"))
	}
	want(t, b.page("/c/payments"), "No threads yet", "scan payments-prod")
	r.messages.fail(true)
	for _, path := range []string{"/c/infra", "/c/infra/t/t1"} {
		w := b.get(path)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s without a store: %d", path, w.Code)
		}
		wantNot(t, w.Body.String(), errFake.Error())
	}
}

// Ids with any character work in paths and fragments.
func TestOddIDs(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	c := driftCard()
	c.Marker = "scan/a b?#%\"<"
	ref, err := r.Post(t.Context(), "acme", thread("~x"), c)
	if err != nil {
		t.Fatal(err)
	}
	at := place{"infra", ref.Thread.ID}
	b := r.browser(t)
	f := b.form(b.page(at.path()), "/click", "Scan again")
	if w := b.post("/click", f); w.Code != http.StatusSeeOther || r.in.clicks[0].Thread.ID != c.Marker {
		t.Errorf("%d %+v", w.Code, r.in.clicks)
	}
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	items := []Item{{"engine", "done", ""}, {"image", "failed", "<no network>"}, {"stack", "odd\"state", ""}}
	r := newRoom(t, func(o *Options) { o.Checklist = func() []Item { return items } })
	b := r.browser(t)
	page := b.page("/c/infra")
	want(t, page, "Preparing the demo", "failed", "&lt;no network&gt;", `class="waiting"`)
	wantNot(t, b.page("/c/payments"), "Preparing the demo")
	items[1].State, items[2].State = "done", "done"
	page = b.page("/c/infra")
	want(t, page, "Ready: engine, image, stack")
	wantNot(t, page, "Preparing the demo")
}

// A page shows a thread's messages by time, the first message first, and the
// newest when there are too many.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	for i := range mostShown + 10 {
		r.line(t, "m"+strings.Repeat("x", i%3)+string(rune('a'+i%26))+strings.Repeat("y", i/26), "line")
	}
	ms, seq, err := r.read(t.Context(), place{"infra", "t1"})
	if err != nil || len(ms) != mostShown || seq != mostShown+11 || ms[len(ms)-1].Seq != seq {
		t.Errorf("%d messages, Seq %d, %v", len(ms), seq, err)
	}
	early := bot.Message{ID: "a", Thread: thread("r"), At: testTime().Add(-1)}
	root := bot.Message{ID: "r", Thread: thread("r"), At: testTime()}
	if inOrder(root, early) >= 0 || inOrder(early, root) <= 0 || inOrder(early, early) != 0 {
		t.Error("a thread's first message is not first")
	}
}
