package agenttest

import (
	"context"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// use is one request, or the tokens of one reply.
type use struct {
	org, room string
	person    rbac.Subject
	at        time.Time
	agent.Use
}

// count notes what an event used.
func (m *Memory) count(ev agent.Event, room string) {
	u := use{org: ev.Org, room: room, person: ev.Actor.Subject(), at: ev.At}
	if ev.Kind == agent.KindAsk {
		u.Runs = 1
	}
	if b := ev.Payload.Bill; b != nil {
		u.Tokens = b.Usage.Fresh()
	}
	m.uses = append(m.uses, u)
}

// Used counts requests since f.Hour, and tokens since the day of f.Day (UTC).
func (m *Memory) Used(_ context.Context, org string, f agent.UseFilter) (sum agent.Use, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range m.uses {
		if u.org != org || f.Person != "" && u.person != f.Person || f.Room != "" && f.Person == "" && u.room != f.Room {
			continue
		}
		if u.at.After(f.Hour) && (f.Room == "" || u.room == f.Room) {
			sum.Runs += u.Runs
		}
		if !u.at.Before(f.Day.UTC().Truncate(24 * time.Hour)) {
			sum.Tokens += u.Tokens
		}
	}
	return sum, nil
}

// User is what TestUses drives.
type User interface {
	agent.Uses
	agent.Store
}

// TestUses is what every agent.Uses must do. Open gives an empty one that knows
// Org and Rival.
func TestUses(t *testing.T, open func(t *testing.T) User) {
	s := open(t)
	at := Now().Truncate(24 * time.Hour).Add(12 * time.Hour)
	write := func(org, thread, who string, when time.Time, k agent.Kind, tokens int) {
		sess, err := s.Open(t.Context(), org, agent.Thread{Platform: "console", Channel: thread, ID: "1"})
		if err != nil {
			t.Fatal(err)
		}
		ev := Answer(sess, "x")
		ev.Kind, ev.Actor, ev.At = k, Person(org, who), when
		if tokens > 0 {
			ev.Payload.Bill = &agent.Bill{Model: "m", Usage: agent.Usage{Input: tokens, CacheRead: 7}}
		}
		mustAppend(t, s, org, agent.Batch{Events: []agent.Event{ev}})
	}
	write(Org, "ops", "alice", at.Add(-2*time.Hour), agent.KindAsk, 0)
	write(Org, "ops", "alice", at.Add(-time.Minute), agent.KindAsk, 0)
	write(Org, "pay", "alice", at.Add(-time.Minute), agent.KindAsk, 0)
	write(Org, "pay", "bob", at.Add(-time.Minute), agent.KindAsk, 0)
	write(Rival, "ops", "alice", at, agent.KindAsk, 0)
	write(Org, "ops", "alice", at.Add(-25*time.Hour), agent.KindStep, 1000)
	write(Org, "ops", "alice", at.Add(-time.Hour), agent.KindStep, 100)
	write(Org, "pay", "bob", at.Add(-time.Hour), agent.KindStep, 20)
	write(Rival, "pay", "bob", at, agent.KindStep, 5)
	for name, c := range map[string]struct {
		org  string
		f    agent.UseFilter
		want agent.Use
	}{
		"Org":           {Org, agent.UseFilter{}, agent.Use{Runs: 3, Tokens: 120}},
		"person":        {Org, agent.UseFilter{Person: Person(Org, "alice").Subject()}, agent.Use{Runs: 2, Tokens: 100}},
		"room":          {Org, agent.UseFilter{Room: "console:pay"}, agent.Use{Runs: 2, Tokens: 20}},
		"nobody":        {Org, agent.UseFilter{Person: "x"}, agent.Use{}},
		"another Org's": {Rival, agent.UseFilter{}, agent.Use{Runs: 1, Tokens: 5}},
	} {
		c.f.Hour, c.f.Day = at.Add(-time.Hour), at
		got, err := s.Used(t.Context(), c.org, c.f)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, c.want)
		}
	}
}
