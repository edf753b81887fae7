package agent_test

import (
	"context"
	"errors"
	"maps"
	"slices"

	"interlock/agent"
)

const (
	exploredOrg = "acme"
	needed      = 2
)

var errCrash = errors.New("the worker died here")

// moment is everything that is durable, and the world outside.
type moment struct {
	events []agent.Event
	holds  map[string]agent.Hold
	jobs   map[string]job
	plan   string
	lost   bool // the first approver's right was withdrawn
	late   bool // an hour went by: the cards of before have expired
	ran    int  // times that the tool ran
	unfair int  // of them without a quorum at that moment
}

type job struct {
	agent.Job
	fence int64
	done  bool
	busy  bool
	n     int // in the order of arrival
}

// open tells whether a worker may take a job: reminders are for later.
func (m *moment) open(j job) bool { return !j.done && (j.After.IsZero() || m.late) }

func (m *moment) copy() *moment {
	c := *m
	c.events, c.holds, c.jobs = slices.Clip(m.events), maps.Clone(m.holds), maps.Clone(m.jobs)
	return &c
}

// shelf is the store over a moment. Each write may die, or be interrupted by
// something that happens just before it.
type shelf struct {
	*moment
	writes   int
	crash    int          // the write that dies; 0 is none
	before   int          // the write before which meanwhile happens
	during   func()       // what happens meanwhile
	careless bool         // control: no compare-and-swap
	step     func() error // asked before each access; nil lets it pass
}

func (s *shelf) turn() error {
	if s.step == nil {
		return nil
	}
	return s.step()
}

func (s *shelf) Open(context.Context, string, agent.Thread) (*agent.Session, error) {
	if err := s.turn(); err != nil {
		return nil, err
	}
	return &agent.Session{ID: "s", Org: exploredOrg, Thread: agent.Thread{Platform: "p", Channel: "c", ID: "t"}, Events: slices.Clip(s.events)}, nil
}

func (s *shelf) Load(ctx context.Context, org, _ string) (*agent.Session, error) {
	return s.Open(ctx, org, agent.Thread{})
}

func (s *shelf) Tail(_ context.Context, _, _ string, after int64) ([]agent.Event, error) {
	if err := s.turn(); err != nil {
		return nil, err
	}
	return slices.Clone(s.events[after:]), nil
}

func (s *shelf) Held(_ context.Context, _, id string) (h agent.Hold, err error) {
	if err := s.turn(); err != nil {
		return h, err
	}
	stored, ok := s.holds[id]
	if !ok {
		return h, agent.ErrNotFound
	}
	a := *stored.Approval
	a.Verdicts = slices.Clone(a.Verdicts)
	stored.Approval = &a
	return stored, nil
}

func (*shelf) Drift(_ context.Context, org, stack string) (agent.Drift, error) {
	return agent.Drift{Org: org, Stack: stack}, nil
}

func (s *shelf) Append(_ context.Context, _ string, b agent.Batch) error {
	if err := s.turn(); err != nil {
		return err
	}
	s.writes++
	if s.before == s.writes && s.during != nil {
		s.during()
	}
	if s.crash == s.writes {
		return errCrash
	}
	if b.Fence != nil && (s.jobs[b.Fence.Job].fence != b.Fence.Token || s.jobs[b.Fence.Job].done) {
		return agent.ErrFenced
	}
	if b.Hold != nil {
		if was, there := s.holds[b.Hold.ID]; there && was.Version != b.Hold.Version && !s.careless {
			return agent.ErrRaced
		}
		b.Hold.Version++
		h := *b.Hold
		a := *h.Approval
		a.Verdicts = slices.Clone(a.Verdicts)
		h.Approval = &a
		s.holds[h.ID] = h
	}
	for i := range b.Events {
		b.Events[i].Seq = int64(len(s.events)) + 1
		ev := b.Events[i]
		if ev.Payload.Hold != nil {
			h := *ev.Payload.Hold
			a := *h.Approval
			h.Approval, ev.Payload.Hold = &a, &h
		}
		s.events = append(s.events, ev)
	}
	for _, j := range b.Jobs {
		if _, there := s.jobs[j.ID]; !there {
			s.jobs[j.ID] = job{Job: j, n: len(s.jobs)}
		}
	}
	return nil
}
