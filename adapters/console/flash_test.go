package console

import (
	"net/http"
	"strings"
	"testing"

	"interlock/bot"
)

func TestFlashes(t *testing.T) {
	t.Parallel()
	f, now, x := newFlashes(), testTime(), place{"c", "x"}
	f.put("a", x, now, notice{Text: "1"})
	f.put("a", x, now, notice{Text: "2"}, notice{Text: "not done", Bad: true})
	if got := f.see("b", x, now); got != nil || f.at("b", now) != (place{}) {
		t.Errorf("another session: %v", got)
	}
	if got := f.see("a", place{Channel: "c"}, now); got != nil || f.at("a", now) != x {
		t.Errorf("in the channel's list: %v", got)
	}
	if first, again := f.see("a", x, now), f.see("a", x, now); len(first) != 3 || len(again) != 2 {
		t.Errorf("first %v, then %v", first, again)
	}
	f.put("a", x, now, notice{Text: "3"})
	if got := f.see("a", x, now); len(got) != 1 || got[0].Text != "3" {
		t.Errorf("a newer reply: %v", got)
	}
	if got := f.see("a", x, now.Add(flashesFades+1)); got != nil || len(f.all) != 0 {
		t.Errorf("old: %v", got)
	}
	f.put("a", x, now, notice{Text: "4"})
	f.see("a", place{"c", "y"}, now)
	if got := f.see("a", x, now); got != nil {
		t.Errorf("back from another thread: %v", got)
	}
	for i := range 2 * mostFlashes {
		f.put(strings.Repeat("s", i+1), x, now.Add(1), make([]notice, 20)...)
	}
	if len(f.all) != mostFlashes || len(f.all[strings.Repeat("s", 2*mostFlashes)].notices) != flashesEach {
		t.Errorf("%d sessions", len(f.all))
	}
}

// What one person alone was told stays over a reload, however it came, until they ask for
// something else, dismiss it or go to another thread.
func TestAnswerStays(t *testing.T) {
	t.Parallel()
	const here = "/c/infra/t/t1"
	for name, c := range map[string]struct {
		then func(t *testing.T, r *room, b *browser)
		gone bool
	}{
		"reload":  {func(_ *testing.T, _ *room, b *browser) { b.page(here) }, false},
		"channel": {func(_ *testing.T, _ *room, b *browser) { b.page("/c/infra") }, false},
		"a press that says nothing": {func(_ *testing.T, r *room, b *browser) {
			r.in.rep = bot.Reply{}
			b.post("/click", b.form(b.page(here), "/click", ">Approve<"))
		}, false},
		"ask again": {func(_ *testing.T, r *room, b *browser) {
			r.in.rep = bot.Reply{}
			f := b.form(b.page(here), here+"/say", "Send")
			f.Set("text", "is it so?")
			b.post(here+"/say", f)
		}, true},
		"dismiss": {func(t *testing.T, _ *room, b *browser) {
			f := b.form(b.page(here), "/dismiss", "Dismiss")
			if w := b.post("/dismiss", f); w.Code != http.StatusSeeOther || w.Header().Get("Location") != here {
				t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
			}
		}, true},
		"dismiss by script": {func(t *testing.T, _ *room, b *browser) {
			if code, got := b.fetch("/dismiss", b.form(b.page(here), "/dismiss", "Dismiss")); code != http.StatusOK {
				t.Errorf("%d %v", code, got)
			}
		}, true},
		"another thread": {func(t *testing.T, r *room, b *browser) {
			r.said(t, "t2", "t2", nil)
			b.page("/c/infra/t/t2")
		}, true},
	} {
		for how, press := range map[string]func(b *browser){
			"form":   func(b *browser) { b.post("/click", b.form(b.page(here), "/click", ">Approve<")) },
			"script": func(b *browser) { b.fetch("/click", b.form(b.page(here), "/click", ">Approve<")) },
		} {
			t.Run(name+" after a "+how, func(t *testing.T) {
				t.Parallel()
				r := started(t, nil)
				r.posts(t, approvalCard())
				r.in.rep = bot.Reply{Private: "Two cards wait."}
				b := r.browser(t)
				press(b)
				c.then(t, r, b)
				if got := !strings.Contains(b.page(here), "Two cards wait."); got != c.gone {
					t.Errorf("gone: %v, want %v", got, c.gone)
				}
			})
		}
	}
}

// That something went wrong is told once.
func TestTroubleIsToldOnce(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	r.in.err = errFake
	b := r.browser(t)
	b.fetch("/click", b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<"))
	wantNot(t, b.page("/c/infra/t/t1"), "could not take this")
}
