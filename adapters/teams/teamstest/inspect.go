package teamstest

import (
	"slices"
	"strings"
)

// Messages are the messages of a channel, a chat or a thread in order. Deleted
// ones are not among them.
func (s *Server) Messages(conversation string) []Message {
	id, root, threaded := strings.Cut(conversation, threadMark)
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, e := range s.order {
		if !e.Deleted && e.Conversation == id && (!threaded || e.Root == root) {
			out = append(out, e.clone())
		}
	}
	return out
}

// Message is one message, deleted ones included.
func (s *Server) Message(id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.messages[id]
	if e == nil {
		return Message{}, false
	}
	return e.clone(), true
}

// Calls are the calls of a method in order, of all methods when it is empty.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Call
	for _, c := range s.calls {
		if method == "" || c.Method == method {
			out = append(out, *c)
		}
	}
	return out
}

// Problems are what was done against the rules so far.
func (s *Server) Problems() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// Forgive forgets the problems so far and returns them: a test that provokes
// some takes them away with it.
func (s *Server) Forgive() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.problems
	s.problems = nil
	return p
}

// Deliveries are all deliveries so far, in the order in which they came to be.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Delivery, 0, len(s.parcels))
	for _, p := range s.parcels {
		d := p.Delivery
		d.Attempts = slices.Clone(d.Attempts)
		out = append(out, d)
	}
	return out
}
