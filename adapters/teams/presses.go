package teams

import (
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
	if len(s.ids) >= mostRemembered {
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

// heard is a message that is being taken, or was.
type heard struct {
	at    time.Time
	taken bool
}

// begin tells what is known of a message: that it was taken, or that it is being
// taken just now. Otherwise it begins, and end says how it went.
func (s *presses) begin(id string, now time.Time) (taken, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.messages[id]; ok && (!h.taken || now.Sub(h.at) < again) {
		return h.taken, !h.taken
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
	s.messages[id] = &heard{at: now}
	return false, false
}

func (s *presses) end(id string, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.messages[id]; h != nil && taken {
		h.taken = true
		return
	}
	delete(s.messages, id)
}
