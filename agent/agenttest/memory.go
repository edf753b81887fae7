// Package agenttest holds what tests of agents share: a store in memory and
// the suites that every store, queue and artifact store must pass. It must
// never know chat, SQL or Redis.
package agenttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"interlock/agent"
	"interlock/rbac"
)

var (
	_ agent.Store     = (*Memory)(nil)
	_ agent.Jobs      = (*Memory)(nil)
	_ agent.Artifacts = (*Memory)(nil)
	_ agent.Bills     = (*Memory)(nil)
	_ agent.Freezes   = (*Memory)(nil)
	_ agent.Uses      = (*Memory)(nil)

	errDown  = errors.New("store is down")
	errTwice = errors.New("the event is on record already")
)

// key names a thing of one Org.
type key struct{ org, id string }

// session is a log and where it is held. What it keeps went through JSON, so
// that nobody shares a pointer with it.
type session struct {
	id             string
	thread, origin agent.Thread
	log            [][]byte
}

// Memory is a store, a job queue and an artifact store for tests: one mutex
// stands for the transaction. It starts no goroutine and runs in fake time.
// The zero value is ready, and it is safe for concurrent use. Fail and Before
// are set between calls.
type Memory struct {
	// Fail makes every Append with an event of this kind fail; it writes nothing.
	Fail agent.Kind
	// Before is called once, just before the next Append of a hold that exists.
	Before func()

	mu        sync.Mutex
	made      int
	sessions  map[key]*session
	holds     map[key][]byte
	drifts    map[key][]byte
	alerts    map[key][]byte
	artifacts map[key]agent.Artifact
	recorded  map[key]bool // events
	jobs      []*job
	rows      []*row
	bills     []bill
	uses      []use
	freezes   map[key]rbac.Freeze
	wake      chan struct{}
}

// Open finds the session of a thread, or of the thread that it had at first,
// and makes one when there is none.
func (m *Memory) Open(_ context.Context, org string, t agent.Thread) (*agent.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.find(org, t)
	if s == nil {
		m.made++
		s = &session{id: fmt.Sprintf("session-%d", m.made), thread: t, origin: t}
		if m.sessions == nil {
			m.sessions = map[key]*session{}
		}
		m.sessions[key{org, s.id}] = s
	}
	return s.load(org)
}

// find prefers the session that began in the thread to one that moved there.
func (m *Memory) find(org string, t agent.Thread) (moved *session) {
	for k, s := range m.sessions {
		if k.org == org && s.origin == t {
			return s
		}
		if k.org == org && s.thread == t {
			moved = s
		}
	}
	return moved
}

func (s *session) load(org string) (*agent.Session, error) {
	evs, err := s.tail(0)
	return &agent.Session{ID: s.id, Org: org, Thread: s.thread, Events: evs}, err
}

func (s *session) tail(after int64) (evs []agent.Event, err error) {
	for _, b := range s.log[min(max(after, 0), int64(len(s.log))):] {
		var ev agent.Event
		if err := json.Unmarshal(b, &ev); err != nil {
			return nil, fmt.Errorf("decode event: %w", err)
		}
		evs = append(evs, ev)
	}
	return evs, nil
}

// Load gives a session by its id.
func (m *Memory) Load(_ context.Context, org, id string) (*agent.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[key{org, id}]
	if s == nil {
		return nil, agent.ErrNotFound
	}
	return s.load(org)
}

// Tail gives the events after a Seq, oldest first.
func (m *Memory) Tail(_ context.Context, org, id string, after int64) ([]agent.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[key{org, id}]
	if s == nil {
		return nil, agent.ErrNotFound
	}
	return s.tail(after)
}

// Held gives a hold as it is now.
func (m *Memory) Held(_ context.Context, org, id string) (h agent.Hold, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held(key{org, id})
}

func (m *Memory) held(k key) (h agent.Hold, err error) {
	b, ok := m.holds[k]
	if !ok {
		return h, agent.ErrNotFound
	}
	return h, json.Unmarshal(b, &h)
}

// Drift is what is known of a stack.
func (m *Memory) Drift(_ context.Context, org, stack string) (agent.Drift, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := agent.Drift{Org: org, Stack: stack}
	b, ok := m.drifts[key{org, stack}]
	if !ok {
		return d, nil
	}
	return d, json.Unmarshal(b, &d)
}

// encode keeps raw arguments as they are: an approval binds to their bytes.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}
