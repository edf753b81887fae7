package agenttest

import (
	"context"
	"fmt"
	"slices"

	"interlock/agent"
)

// Append writes a batch, or nothing of it.
func (m *Memory) Append(_ context.Context, org string, b agent.Batch) error {
	if f := m.takeBefore(b); f != nil {
		f()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(org, b); err != nil {
		return err
	}
	coded, hold, err := m.code(org, b)
	if err != nil {
		return err
	}
	for i, ev := range b.Events {
		s := m.sessions[key{org, ev.Session}]
		s.log = append(s.log, coded[i])
		b.Events[i].Seq = int64(len(s.log))
		put(&m.recorded, key{org, ev.ID}, true)
		m.charge(ev)
		m.count(ev, s.thread.Room())
		m.rows = append(m.rows, &row{org: org, id: ev.ID, session: s, event: coded[i]})
	}
	if b.Hold != nil {
		b.Hold.Version++
		put(&m.holds, key{org, b.Hold.ID}, hold)
	}
	if b.Alert != nil {
		if err := m.putAlert(org, b.Alert); err != nil {
			return err
		}
	}
	for _, j := range b.Jobs {
		m.enqueue(j)
	}
	if b.Drift != nil {
		return m.putDrift(org, b.Drift)
	}
	return nil
}

func (m *Memory) takeBefore(b agent.Batch) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b.Hold == nil || b.Hold.Version == 0 {
		return nil
	}
	f := m.Before
	m.Before = nil
	return f
}

// check refuses what a store refuses: the fence first.
func (m *Memory) check(org string, b agent.Batch) error {
	if b.Fence != nil && !m.holdsFence(org, *b.Fence) {
		return agent.ErrFenced
	}
	for i, ev := range b.Events {
		switch {
		case m.Fail != "" && ev.Kind == m.Fail:
			return errDown
		case ev.Org != org || m.sessions[key{org, ev.Session}] == nil:
			return agent.ErrNotFound
		case m.recorded[key{org, ev.ID}], slices.ContainsFunc(b.Events[:i], func(o agent.Event) bool { return o.ID == ev.ID }):
			return errTwice
		}
	}
	if slices.ContainsFunc(b.Jobs, func(j agent.Job) bool { return j.Org != org }) {
		return agent.ErrNotFound
	}
	if b.Alert != nil {
		if err := m.checkAlert(org, b.Alert); err != nil {
			return err
		}
	}
	if b.Drift != nil {
		if err := m.checkDrift(org, b.Drift); err != nil {
			return err
		}
	}
	if b.Hold != nil {
		return m.checkHold(org, b.Hold)
	}
	return nil
}

func (m *Memory) checkHold(org string, h *agent.Hold) error {
	if h.Org != org || m.sessions[key{org, h.Session}] == nil {
		return agent.ErrNotFound
	}
	var old agent.Hold
	if err := decode(m.holds[key{org, h.ID}], &old); err != nil {
		return err
	}
	if old.Version != h.Version {
		return agent.ErrRaced
	}
	return nil
}

// code gives the bytes that will be kept, numbered as they will be, before
// anything is written.
func (m *Memory) code(org string, b agent.Batch) (events [][]byte, hold []byte, err error) {
	next := map[string]int64{}
	for _, ev := range b.Events {
		next[ev.Session]++
		ev.Seq = int64(len(m.sessions[key{org, ev.Session}].log)) + next[ev.Session]
		coded, err := encode(ev)
		if err != nil {
			return nil, nil, fmt.Errorf("encode event: %w", err)
		}
		events = append(events, coded)
	}
	if b.Hold != nil {
		h := *b.Hold
		h.Version++
		if hold, err = encode(h); err != nil {
			return nil, nil, fmt.Errorf("encode hold: %w", err)
		}
	}
	return events, hold, nil
}

// checkDrift refuses what was written on another version than the one on record.
func (m *Memory) checkDrift(org string, d *agent.Drift) error {
	old := agent.Drift{}
	if err := decode(m.drifts[key{org, d.Stack}], &old); err != nil {
		return err
	}
	switch {
	case d.Org != org:
		return agent.ErrNotFound
	case old.Version != d.Version:
		return agent.ErrRaced
	}
	return nil
}

func (m *Memory) putDrift(org string, d *agent.Drift) error {
	d.Version++
	b, err := encode(d)
	put(&m.drifts, key{org, d.Stack}, b)
	return err
}

// row is an event that no chat has shown yet.
type row struct {
	org, id string
	session *session
	event   []byte
}

// Shown is an event of the outbox and the thread where it belongs.
type Shown struct {
	Thread agent.Thread
	Event  agent.Event
}

// Outbox lists what no chat has shown yet, oldest first.
func (m *Memory) Outbox(org string) (all []Shown, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if r.org != org {
			continue
		}
		s := Shown{Thread: r.session.thread}
		if err := decode(r.event, &s.Event); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Settle takes an event out of the outbox and moves its session to the thread,
// unless that is the zero Thread. It is false for an event that is not there.
func (m *Memory) Settle(org, event string, t agent.Thread) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.rows, func(r *row) bool { return r.org == org && r.id == event })
	if i < 0 {
		return false
	}
	if t != (agent.Thread{}) {
		m.rows[i].session.thread = t
	}
	m.rows = slices.Delete(m.rows, i, i+1)
	return true
}

// Recorded tells whether the log of any session has the event.
func (m *Memory) Recorded(org, event string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.recorded[key{org, event}]
}

func put[V any](m *map[key]V, k key, v V) {
	if *m == nil {
		*m = map[key]V{}
	}
	(*m)[k] = v
}
