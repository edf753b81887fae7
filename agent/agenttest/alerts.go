package agenttest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent"
)

// AlertStore is a store that keeps alerts.
type AlertStore interface {
	agent.Store
	agent.Alerts
}

// TestAlerts is what every keeper of alerts must do. Open gives an empty store that
// knows Org and Rival.
func TestAlerts(t *testing.T, open func(t *testing.T) AlertStore) {
	for name, test := range map[string]func(t *testing.T, s AlertStore){
		"what comes out is what went in": alertKept,
		"an alert is swapped":            alertSwapped,
		"a raced batch writes nothing":   alertRaced,
		"another Org's is not found":     alertTenants,
		"one of many presses wins":       alertPressed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// opened is a moment as every store keeps it.
var opened = time.Date(2026, 3, 2, 9, 0, 0, 1000, time.UTC)

func alertIn(s *agent.Session, id string) agent.Alert {
	return agent.Alert{
		ID: id, Org: s.Org, Session: s.ID, Key: s.Thread.ID, State: agent.Alerting, Title: "disk <full> \u2028", Chain: "ops",
		Rungs: []agent.Rung{{To: []string{"console:ops"}}}, Opened: opened, Since: opened,
		Told: []agent.Telling{{To: "console:ops", Rooms: []string{"console:ops"}, At: opened}},
	}
}

func alertKept(t *testing.T, s AlertStore) {
	sess := mustOpen(t, s, Org, "1")
	a, b := alertIn(sess, "b"), alertIn(sess, "a")
	a.Opened = opened.Add(time.Millisecond)
	for _, one := range []*agent.Alert{&a, &b} {
		mustAppend(t, s, Org, agent.Batch{Alert: one})
		got, err := s.Alert(t.Context(), Org, one.ID)
		if err != nil || one.Version != 1 {
			t.Fatalf("version %d, %v", one.Version, err)
		}
		same(t, "alert", got, *one)
	}
	open, err := s.OpenAlerts(t.Context(), Org)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "open", open, []agent.Alert{b, a})
	a.State = agent.Resolved
	mustAppend(t, s, Org, agent.Batch{Alert: &a})
	if open, err = s.OpenAlerts(t.Context(), Org); err != nil || len(open) != 1 || open[0].ID != b.ID {
		t.Errorf("open after one was resolved: %v, %v", open, err)
	}
}

func alertSwapped(t *testing.T, s AlertStore) {
	sess := mustOpen(t, s, Org, "1")
	a := alertIn(sess, "a")
	again := a
	mustAppend(t, s, Org, agent.Batch{Alert: &a})
	isErr(t, s.Append(t.Context(), Org, agent.Batch{Alert: &again}), agent.ErrRaced)
	old := a
	a.State = agent.Acknowledged
	mustAppend(t, s, Org, agent.Batch{Alert: &a})
	isErr(t, s.Append(t.Context(), Org, agent.Batch{Alert: &old}), agent.ErrRaced)
	if got, err := s.Alert(t.Context(), Org, "a"); err != nil || got.State != agent.Acknowledged || got.Version != 2 {
		t.Errorf("it is %v of version %d, %v", got.State, got.Version, err)
	}
}

func alertRaced(t *testing.T, s AlertStore) {
	sess := mustOpen(t, s, Org, "1")
	a := alertIn(sess, "a")
	stale := a
	mustAppend(t, s, Org, agent.Batch{Alert: &a})
	isErr(t, s.Append(t.Context(), Org, agent.Batch{Alert: &stale, Events: []agent.Event{Answer(sess, "never")}}), agent.ErrRaced)
	if evs, err := s.Tail(t.Context(), Org, sess.ID, 0); err != nil || len(evs) != 0 {
		t.Errorf("%d events were written, %v", len(evs), err)
	}
}

func alertTenants(t *testing.T, s AlertStore) {
	sess := mustOpen(t, s, Org, "1")
	a := alertIn(sess, "a")
	mustAppend(t, s, Org, agent.Batch{Alert: &a})
	_, err := s.Alert(t.Context(), Rival, "a")
	isErr(t, err, agent.ErrNotFound)
	isErr(t, s.Append(t.Context(), Rival, agent.Batch{Alert: &a}), agent.ErrNotFound)
	if open, err := s.OpenAlerts(t.Context(), Rival); err != nil || len(open) != 0 {
		t.Errorf("the rival sees %v, %v", open, err)
	}
}

func alertPressed(t *testing.T, s AlertStore) {
	sess := mustOpen(t, s, Org, "1")
	a := alertIn(sess, "a")
	mustAppend(t, s, Org, agent.Batch{Alert: &a})
	var won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			mine := a
			mine.State = agent.Acknowledged
			if s.Append(t.Context(), Org, agent.Batch{Alert: &mine}) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 wrote", won.Load())
	}
}
