package llm

import (
	"context"
	"sync"
	"time"
)

// watchdog ends an attempt that gives no sign of life, or takes too long. It
// passes on what the model says until it is closed, and nothing after.
type watchdog struct {
	gap, limit time.Duration
	end        time.Time // of the whole attempt, if limit is set
	cancel     context.CancelFunc
	fired      chan struct{} // closed when the timer's function is done

	mu     sync.Mutex
	show   func(string)
	timer  *time.Timer // nil if nothing is watched
	heard  bool
	closed bool
	why    string
}

// watch starts a watchdog; a gap or limit of 0 is none.
func watch(gap, limit time.Duration, cancel context.CancelFunc, show func(string)) *watchdog {
	w := &watchdog{gap: gap, limit: limit, cancel: cancel, show: show}
	if gap <= 0 && limit <= 0 {
		return w
	}
	w.end = time.Now().Add(limit)
	w.fired = make(chan struct{})
	w.mu.Lock() // the timer may fire before it is assigned
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.patience(), w.giveUp)
	return w
}

// patience is how long to wait for the next sign of life.
func (w *watchdog) patience() time.Duration {
	switch {
	case w.limit <= 0:
		return w.gap
	case w.gap <= 0:
		return time.Until(w.end)
	}
	return min(w.gap, time.Until(w.end))
}

// piece is the Prompt.Stream of an attempt. It holds the lock while it shows
// the text, so that close waits for it.
func (w *watchdog) piece(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.why != "" {
		return
	}
	w.heard = true
	if w.gap > 0 && w.timer.Stop() { // else it has fired, and giveUp waits for the lock
		w.timer.Reset(w.patience())
	}
	if w.show != nil {
		w.show(text)
	}
}

// giveUp ends the attempt. It is the timer's function.
func (w *watchdog) giveUp() {
	defer close(w.fired)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	switch {
	case w.limit > 0 && !time.Now().Before(w.end):
		w.why = "no whole answer within " + seconds(w.limit)
	case w.heard:
		w.why = "no word for " + seconds(w.gap)
	default:
		w.why = "no answer within " + seconds(w.gap)
	}
	w.cancel()
}

// close stops the watchdog, waits for what it does, and says why it ended the
// attempt, if it did. It may be called twice.
func (w *watchdog) close() string {
	w.mu.Lock()
	again := w.closed
	w.closed = true
	w.mu.Unlock()
	if !again && w.timer != nil && !w.timer.Stop() {
		<-w.fired
	}
	return w.why
}
