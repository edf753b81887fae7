package console

import (
	"sync"
	"time"

	"interlock/agent"
)

// The hub's limits keep its memory bounded whatever it is told.
const (
	mostProgress  = 256             // threads with a line of progress
	longestShown  = 200             // characters of one line
	mostStreams   = 256             // live viewers at once
	progressFades = 2 * time.Minute // a run that died leaves no line for ever
)

type progress struct {
	text string
	at   time.Time
}

// hub keeps the newest progress of each thread and wakes the live streams.
type hub struct {
	mu      sync.Mutex
	lines   map[agent.Thread]progress
	streams map[chan struct{}]bool
}

func newHub() *hub {
	return &hub{lines: map[agent.Thread]progress{}, streams: map[chan struct{}]bool{}}
}

// show replaces the thread's line; the oldest makes room.
func (h *hub) show(t agent.Thread, text string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.lines[t]; !known && len(h.lines) >= mostProgress {
		delete(h.lines, h.oldest())
	}
	h.lines[t] = progress{cut(oneLine(text), longestShown), at}
	h.wake()
}

func (h *hub) oldest() (old agent.Thread) {
	var at time.Time
	for t, l := range h.lines {
		if at.IsZero() || l.at.Before(at) {
			old, at = t, l.at
		}
	}
	return old
}

// clear drops the thread's line.
func (h *hub) clear(t agent.Thread) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.lines[t]; known {
		delete(h.lines, t)
		h.wake()
	}
}

// line is what the thread shows now.
func (h *hub) line(t agent.Thread, now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l := h.lines[t]; now.Sub(l.at) < progressFades {
		return l.text
	}
	return ""
}

// wake nudges every stream; one that was nudged already needs no second nudge.
func (h *hub) wake() {
	for c := range h.streams {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// join adds a stream, unless there are too many.
func (h *hub) join() (nudges <-chan struct{}, leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= mostStreams {
		return nil, nil, false
	}
	c := make(chan struct{}, 1)
	h.streams[c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, c)
	}, true
}
