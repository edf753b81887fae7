package console

import (
	"net/http"
	"sync"
	"time"

	"interlock/bot"
)

// Limits of what one person alone is shown.
const (
	mostFlashes  = 256 // sessions
	flashesEach  = 8   // replies of one session
	flashesFades = time.Hour
)

// notice is what one person alone sees, in one place.
type notice struct {
	Text string
	Card *bot.Card
	Bad  bool // it went wrong, and is told once
}

type flash struct {
	place   place
	at      time.Time
	seen    bool // a newer reply takes its place
	notices []notice
}

// flashes keeps a session's last reply, over the redirect that follows a form and over
// reloads, until its reader asks for something else, dismisses it or opens another
// thread. It is only a courtesy: what is lost here can be asked for again.
type flashes struct {
	mu  sync.Mutex
	all map[string]flash // by session
}

func newFlashes() *flashes { return &flashes{all: map[string]flash{}} }

func (f *flashes) put(session string, at place, now time.Time, ns ...notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	had, known := f.all[session]
	if had.place != at || had.seen {
		had.notices = nil
	}
	if !known && len(f.all) >= mostFlashes {
		f.drop(now)
	}
	ns = append(had.notices, ns...)
	f.all[session] = flash{place: at, at: now, notices: ns[max(0, len(ns)-flashesEach):]}
}

// drop makes room: all that faded, or else the oldest.
func (f *flashes) drop(now time.Time) {
	oldest, at := "", now
	for s, l := range f.all {
		if now.Sub(l.at) > flashesFades {
			delete(f.all, s)
		} else if !l.at.After(at) {
			oldest, at = s, l.at
		}
	}
	if len(f.all) >= mostFlashes {
		delete(f.all, oldest)
	}
}

// see gives what there is for this page. Whoever looks at another thread has left; the
// channel's list is on the way.
func (f *flashes) see(session string, at place, now time.Time) []notice {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.all[session]
	switch {
	case !ok, l.place != at && at.Thread == "":
		return nil
	case l.place != at, now.Sub(l.at) > flashesFades:
		delete(f.all, session)
		return nil
	}
	kept := l
	kept.seen, kept.notices = true, nil
	for _, n := range l.notices {
		if !n.Bad {
			kept.notices = append(kept.notices, n)
		}
	}
	if f.all[session] = kept; len(kept.notices) == 0 {
		delete(f.all, session)
	}
	return l.notices
}

// at is the place in which a session was answered; without an answer it is the zero place.
func (f *flashes) at(session string, now time.Time) place {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l := f.all[session]; now.Sub(l.at) <= flashesFades {
		return l.place
	}
	return place{}
}

// forget drops what a session was told.
func (f *flashes) forget(session string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, session)
}

// dismiss drops what this person alone was told.
func (p *Platform) dismiss(w http.ResponseWriter, r *http.Request, v viewer) {
	at := place{r.PostForm.Get("channel"), r.PostForm.Get("thread")}
	p.flash.forget(v.ID)
	switch _, ok := p.opens(v, at.Channel); {
	case wantsJSON(r):
		p.answer(w, r, http.StatusOK, result{})
	case !ok:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		http.Redirect(w, r, at.path(), http.StatusSeeOther)
	}
}
