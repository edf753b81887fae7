package teams

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// again is for how long the same press is the same: longer than Teams sends it again
// after an answer that was late, and shorter than a person waits to mean it anew.
const again = 2 * time.Minute

// mostRemembered bounds what is kept in mind of messages, and of presses.
const mostRemembered = 20_000

// presses remember what came of late. The zero value is ready.
type presses struct {
	mu       sync.Mutex
	ids      map[string]pressedAt
	swept    time.Time // when old ones were last looked for
	messages map[string]*heard
}

type pressedAt struct {
	id string
	at time.Time
}

// id is the same for the same press: within this process by memory, and in every
// other one by the time, as far as both are within one stretch of it.
func (s *presses) id(who string, b press, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.Join([]string{who, b.Verb, b.Nonce, digest(b.Value + "\x00" + b.Typed)}, "/")
	if was, ok := s.ids[key]; ok && now.Sub(was.at) < again {
		return was.id
	}
	if s.ids == nil {
		s.ids = map[string]pressedAt{}
	}
	if len(s.ids) >= mostRemembered && now.Sub(s.swept) >= again/4 {
		s.swept = now
		for k, was := range s.ids {
			if now.Sub(was.at) >= again {
				delete(s.ids, k)
			}
		}
	}
	id := key + "/" + now.UTC().Truncate(again).Format("20060102T1504")
	if len(s.ids) < mostRemembered {
		s.ids[key] = pressedAt{id, now}
	}
	return id
}

// heard is a message that was taken, or is being taken until done.
type heard struct {
	at    time.Time
	taken bool
	done  chan struct{}
}

// begin tells whether a message was taken of late. While another delivery of it is
// being taken, it waits for how that goes. Otherwise the message begins: end must be
// called with how it went.
func (s *presses) begin(ctx context.Context, id string, now time.Time) (taken bool, err error) {
	for {
		h := s.enter(id, now)
		if h == nil {
			return false, nil
		}
		select {
		case <-h.done:
		case <-ctx.Done():
			return false, fmt.Errorf("wait for another delivery: %w", ctx.Err())
		}
		if h.taken {
			return true, nil
		}
	}
}

// enter gives what is known of a message, or begins it.
func (s *presses) enter(id string, now time.Time) *heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.messages[id]; ok && (!h.taken || now.Sub(h.at) < again) {
		return h
	}
	if s.messages == nil {
		s.messages = map[string]*heard{}
	}
	if len(s.messages) >= mostRemembered {
		for k, h := range s.messages {
			if h.taken { // a job is the same one again; a Command runs once more
				delete(s.messages, k)
			}
		}
	}
	s.messages[id] = &heard{at: now, done: make(chan struct{})}
	return nil
}

func (s *presses) end(id string, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.messages[id]
	if h == nil {
		return
	}
	if h.taken = taken; !taken {
		delete(s.messages, id)
	}
	close(h.done)
}
