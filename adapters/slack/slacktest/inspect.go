package slacktest

import (
	"encoding/json"
	"slices"
)

// Messages are the messages of a channel in order, replies included; deleted and
// ephemeral ones are not.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return told(s.messages[channel], func(e *entry) bool { return !e.Deleted })
}

// Thread is a message and its replies.
func (s *Server) Thread(channel, ts string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return told(s.thread(channel, ts), func(*entry) bool { return true })
}

// Message is one message, deleted and ephemeral ones included.
func (s *Server) Message(channel, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(channel, ts)
	if e == nil {
		return Message{}, false
	}
	return e.clone(), true
}

// Private are the ephemeral messages that a user sees.
func (s *Server) Private(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return told(s.private, func(e *entry) bool { return !e.Deleted && e.To == user })
}

func told(list []*entry, show func(*entry) bool) []Message {
	var out []Message
	for _, e := range list {
		if show(e) {
			out = append(out, e.clone())
		}
	}
	return out
}

// clone is the message apart from the store, which goes on changing.
func (e *entry) clone() Message {
	m := e.Message
	m.Versions = slices.Clone(m.Versions)
	m.Files, m.Chunks, m.Reactions = slices.Clone(m.Files), slices.Clone(m.Chunks), slices.Clone(m.Reactions)
	return m
}

// Status is what assistant.threads.setStatus said last in a thread. It is empty
// again as soon as the bot posts there.
func (s *Server) Status(channel, thread string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status[[2]string{channel, thread}]
}

// Title is what assistant.threads.setTitle said last of a thread.
func (s *Server) Title(channel, thread string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.titles[[2]string{channel, thread}]
}

// Prompts are what assistant.threads.setSuggestedPrompts offers in a thread.
func (s *Server) Prompts(channel, thread string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prompts[[2]string{channel, thread}]
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
