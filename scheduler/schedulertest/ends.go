package schedulertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/scheduler"
)

// tell passes every claim on and says that it went well.
func tell(to chan agent.Claimed) func(context.Context, agent.Claimed) error {
	return func(_ context.Context, c agent.Claimed) error {
		to <- c
		return nil
	}
}

// worked works until handle has ended the run of nightly, and gives its record.
func worked(t *testing.T, c Claims, handle func(j agent.Claimed) (ended bool, err error)) scheduler.Record {
	t.Helper()
	over := make(chan bool, 9)
	stop := agenttest.Work(t, c, func(_ context.Context, j agent.Claimed) error {
		ended, err := handle(j)
		if ended {
			over <- true
		}
		return err
	})
	agenttest.Await(t, over)
	stop() // now it is settled
	return record(t, c, "nightly")
}

func wentWell(t *testing.T, c Claims) {
	before := time.Now().Add(-time.Second)
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 1))
	tries := 0
	r := worked(t, c, func(agent.Claimed) (bool, error) {
		if tries++; tries == 1 {
			return false, errors.New("the network is down")
		}
		return true, nil
	})
	if r.State != scheduler.Done || !r.Done.Equal(at(1)) || r.Ended.Before(before) || !r.Missed.IsZero() || tries != 2 {
		t.Errorf("on record is %+v, after %d tries", r, tries)
	}
}

// looks is the run of a scan that wrote this, and the jobs that follow.
func looks(t *testing.T, c Claims, j agent.Claimed, news agent.ScanNews, more ...agent.Job) {
	t.Helper()
	writes(t, c, j, agent.KindFinding, agent.Payload{Scan: &news}, more...)
}

// writes appends one event of a run to its log, and the jobs that follow.
func writes(t *testing.T, c Claims, j agent.Claimed, k agent.Kind, p agent.Payload, more ...agent.Job) {
	t.Helper()
	s, err := c.Open(t.Context(), j.Org, j.Thread)
	if err != nil {
		t.Error(err)
		return
	}
	ev := agenttest.Answer(s, "")
	ev.Kind, ev.Payload, ev.Run, ev.Actor = k, p, j.ID, j.Actor
	if err := c.Append(t.Context(), j.Org, agent.Batch{Events: []agent.Event{ev}, Jobs: more, Fence: &agent.Fence{Job: j.ID, Token: j.Fence}}); err != nil {
		t.Error(err)
	}
}

func couldNotLook(t *testing.T, c Claims) {
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 1))
	r := worked(t, c, func(j agent.Claimed) (bool, error) {
		looks(t, c, j, agent.ScanNews{Stack: "web", Failed: "the state is locked\nID 1234"})
		return true, nil
	})
	if r.State != scheduler.Failed || r.Why != "the state is locked" || r.MissedWhy != r.Why || !r.Missed.Equal(at(1)) || !r.Done.IsZero() {
		t.Errorf("on record is %+v", r)
	}
	all, err := c.NotRun(t.Context(), agenttest.Org, time.Now().Add(-time.Minute))
	if err != nil || len(all) != 1 || all[0].State != scheduler.Failed {
		t.Errorf("%+v, %v", all, err)
	}
}

// callFailed: the calls of a command are all that it is. In a prompt's run, a tool that
// fails is the model's to handle.
func callFailed(t *testing.T, c Claims) {
	for hour, kind := range []string{"command", "prompt"} {
		one := due(agenttest.Org, "nightly", hour)
		one.Job.Actor.Tenant, one.Job.Scan, one.Job.Text = kind, nil, "plan web"
		claims(t, c, agenttest.Org, 1, one)
		r := worked(t, c, func(j agent.Claimed) (bool, error) {
			writes(t, c, j, agent.KindResult, agent.Payload{Result: &agent.ToolResult{Failed: true, Text: "denied: web is not spoken of here\nmore"}})
			return true, nil
		})
		if failed := r.State == scheduler.Failed; failed != (kind == "command") || failed && r.Why != "denied: web is not spoken of here" {
			t.Errorf("%s: on record is %+v", kind, r)
		}
	}
}

// failedLate: what was due before a moment and failed after it is told of after it.
func failedLate(t *testing.T, c Claims) {
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 1))
	told := time.Now() // by a digest
	worked(t, c, func(j agent.Claimed) (bool, error) {
		looks(t, c, j, agent.ScanNews{Stack: "web", Failed: "no answer"})
		return true, nil
	})
	if all, err := c.NotRun(t.Context(), agenttest.Org, told.Add(-time.Millisecond)); err != nil || len(all) != 1 || all[0].Ended.Before(told.Add(-time.Millisecond)) {
		t.Errorf("%+v, %v", all, err)
	}
}

func triedAgain(t *testing.T, c Claims) {
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 1))
	r := worked(t, c, func(j agent.Claimed) (bool, error) {
		if j.ID != "nightly@01" {
			return true, nil
		}
		again := j.Job
		again.ID += "/try/1"
		looks(t, c, j, agent.ScanNews{Stack: "web", Failed: "no answer"}, again)
		claims(t, c, agenttest.Org, 0, due(agenttest.Org, "nightly", 2)) // it goes on
		return false, nil
	})
	if r.State != scheduler.Done || !r.Done.Equal(at(1)) || r.MissedWhy == "no answer" {
		t.Errorf("on record is %+v", r)
	}
}
