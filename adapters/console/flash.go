package console

import (
	"sync"
	"time"

	"interlock/bot"
)

// Limits of what waits to be shown once.
const (
	mostFlashes  = 256 // sessions
	flashesEach  = 8   // replies of one session
	flashesFades = 10 * time.Minute
)

// notice is what one person alone sees, in one place.
type notice struct {
	Text string
	Card *bot.Card
	Bad  bool // it went wrong
}

type flash struct {
	place   string // the page's path
	at      time.Time
	notices []notice
}

// flashes keeps a reply over the redirect that follows a form. It is only a
// courtesy: what is lost here is on record elsewhere.
type flashes struct {
	mu  sync.Mutex
	all map[string]flash // by session
}

func newFlashes() *flashes { return &flashes{all: map[string]flash{}} }

func (f *flashes) put(session, place string, now time.Time, ns ...notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	had, known := f.all[session]
	if had.place != place {
		had.notices = nil
	}
	if !known && len(f.all) >= mostFlashes {
		f.drop(now)
	}
	ns = append(had.notices, ns...)
	f.all[session] = flash{place, now, ns[max(0, len(ns)-flashesEach):]}
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

// take gives what waits for this page, once.
func (f *flashes) take(session, place string, now time.Time) []notice {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.all[session]
	if !ok || l.place != place {
		return nil
	}
	delete(f.all, session)
	if now.Sub(l.at) > flashesFades {
		return nil
	}
	return l.notices
}
