package agenttest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	agenttest.TestStore(t, func(*testing.T) agent.Store { return &agenttest.Memory{} })
}

func TestMemoryJobs(t *testing.T) {
	t.Parallel()
	agenttest.TestJobs(t, func(*testing.T) agenttest.Queue { return &agenttest.Memory{} })
}

func TestMemoryArtifacts(t *testing.T) {
	t.Parallel()
	agenttest.TestArtifacts(t, func(*testing.T) (agent.Artifacts, int) { return &agenttest.Memory{}, agenttest.ArtifactLimit })
}

func TestMemoryBills(t *testing.T) {
	t.Parallel()
	agenttest.TestBills(t, func(*testing.T) agenttest.Ledger { return &agenttest.Memory{} })
}

func TestMemoryFreezes(t *testing.T) {
	t.Parallel()
	agenttest.TestFreezes(t, func(*testing.T) agenttest.Freezer { return &agenttest.Memory{} })
}

func TestMemoryUses(t *testing.T) {
	t.Parallel()
	agenttest.TestUses(t, func(*testing.T) agenttest.User { return &agenttest.Memory{} })
}

func TestMemoryAlerts(t *testing.T) {
	t.Parallel()
	agenttest.TestAlerts(t, func(*testing.T) agenttest.AlertStore { return &agenttest.Memory{} })
}

func TestNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &agenttest.Memory{}
		late := agenttest.Asked(agenttest.Org, "late", agenttest.Thread("1"))
		late.After = time.Now().Add(time.Hour)
		for _, j := range []agent.Job{late, agenttest.Asked(agenttest.Org, "now", agenttest.Thread("1"))} {
			if err := m.Enqueue(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
		first, ok := m.Next()
		if _, more := m.Next(); !ok || first.ID != "now" || more {
			t.Fatalf("took %s (%v), and more: %v", first.ID, ok, more)
		}
		m.Return(first)
		again, _ := m.Next()
		if again.ID != "now" || again.Fence <= first.Fence || again.Attempt != 2 {
			t.Errorf("given back, then %+v", again)
		}
		time.Sleep(time.Hour)
		if c, _ := m.Next(); c.ID != "late" {
			t.Errorf("after an hour came %q", c.ID)
		}
		if c := m.Claim(late); c.Attempt != 2 {
			t.Errorf("redelivered as %+v", c)
		}
	})
}

func TestInjectedFailures(t *testing.T) {
	t.Parallel()
	m := &agenttest.Memory{Fail: agent.KindAnswer}
	s, err := m.Open(t.Context(), agenttest.Org, agenttest.Thread("1"))
	if err != nil {
		t.Fatal(err)
	}
	h := agent.Hold{ID: "h", Org: s.Org, Session: s.ID}
	if err := m.Append(t.Context(), s.Org, agent.Batch{Hold: &h, Events: []agent.Event{agenttest.Answer(s, "x")}}); err == nil || h.Version != 0 {
		t.Fatalf("written in spite of Fail: version %d, %v", h.Version, err)
	}
	m.Fail = ""
	calls := 0
	m.Before = func() {
		calls++
		other := h
		if err := m.Append(t.Context(), s.Org, agent.Batch{Hold: &other}); err != nil {
			t.Error(err)
		}
	}
	if err := m.Append(t.Context(), s.Org, agent.Batch{Hold: &h}); err != nil || calls != 0 {
		t.Fatalf("a new hold: %v, %d calls", err, calls)
	}
	if err := m.Append(t.Context(), s.Org, agent.Batch{Hold: &h}); !errors.Is(err, agent.ErrRaced) || calls != 1 {
		t.Errorf("a hold that moved: %v, %d calls", err, calls)
	}
}
