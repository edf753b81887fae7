package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

// A worker that loses its lease is told, and can write no more.
func TestFencedOut(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o.Lease = 300 * time.Millisecond
		slow, quick := open(t, o), open(t, o)
		s := session(t, slow, "1")
		must(t, slow.Enqueue(t.Context(), agenttest.Asked(s.Org, "j", s.Thread)))
		claims, causes := make(chan agent.Claimed, 9), make(chan error, 9)
		agenttest.Work(t, slow, func(ctx context.Context, c agent.Claimed) error {
			claims <- c
			if c.Attempt > 1 {
				return nil
			}
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		})
		first := agenttest.Await(t, claims)
		run(t, raw(t, o), "UPDATE jobs SET lease_until = 1") // as if its clock had stood still
		agenttest.Work(t, quick, func(_ context.Context, c agent.Claimed) error {
			claims <- c
			return nil
		})
		second := agenttest.Await(t, claims)
		if second.Fence != first.Fence+1 || second.Attempt != 2 {
			t.Errorf("taken over as %+v", second)
		}
		if cause := agenttest.Await(t, causes); !errors.Is(cause, agent.ErrFenced) {
			t.Errorf("the slow one ended with %v", cause)
		}
		err := slow.Append(t.Context(), s.Org, agent.Batch{
			Events: []agent.Event{agenttest.Answer(s, "late")}, Fence: &agent.Fence{Job: "j", Token: first.Fence},
		})
		if !errors.Is(err, agent.ErrFenced) {
			t.Errorf("the slow one wrote: %v", err)
		}
	})
}

// A lease that is renewed lasts as long as its handle.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o.Lease = 600 * time.Millisecond
		a, b := open(t, o), open(t, o)
		must(t, a.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "j", agenttest.Thread("1"))))
		claims := make(chan agent.Claimed, 9)
		handle := func(ctx context.Context, c agent.Claimed) error {
			claims <- c
			select {
			case <-time.After(4 * o.Lease):
			case <-ctx.Done():
			}
			return nil
		}
		agenttest.Work(t, a, handle)
		agenttest.Work(t, b, handle)
		agenttest.Await(t, claims)
		select {
		case c := <-claims:
			t.Errorf("claimed twice: %+v", c)
		case <-time.After(5 * o.Lease):
		}
	})
}

func TestDeadAfterFiveFailures(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		must(t, db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "j", agenttest.Thread("1"))))
		claims := make(chan agent.Claimed, 9)
		agenttest.Work(t, db, func(_ context.Context, c agent.Claimed) error {
			claims <- c
			return errors.New("no luck")
		})
		rush := raw(t, o)
		for attempt := 1; attempt <= 5; {
			select {
			case c := <-claims:
				if c.Attempt != attempt || c.Last != (attempt == 5) {
					t.Errorf("attempt %d came as %+v", attempt, c)
				}
				attempt++
			case <-time.After(50 * time.Millisecond):
				run(t, rush, "UPDATE jobs SET run_after = 1 WHERE state = 'ready'") // no backoff
			}
		}
		agenttest.Work(t, db, func(_ context.Context, c agent.Claimed) error {
			claims <- c
			return nil
		})
		select {
		case c := <-claims:
			t.Errorf("a dead job runs: %+v", c)
		case <-time.After(time.Second):
		}
		if s, err := db.Stats(t.Context()); err != nil || s.Dead != 1 || s.Ready+s.Later+s.Running != 0 {
			t.Errorf("stats %+v, %v", s, err)
		}
	})
}

// A job whose worker dies each time is given up at last.
func TestDeadAfterTenDeaths(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		must(t, db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "j", agenttest.Thread("1"))))
		run(t, raw(t, o), "UPDATE jobs SET state = 'running', attempts = 9, lease_until = 1")
		claims := make(chan agent.Claimed, 9)
		handle := func(ctx context.Context, c agent.Claimed) error {
			claims <- c
			<-ctx.Done()
			return ctx.Err()
		}
		stop := agenttest.Work(t, db, handle)
		if c := agenttest.Await(t, claims); c.Attempt != 10 || !c.Last {
			t.Errorf("came as %+v", c)
		}
		stop()
		run(t, raw(t, o), "UPDATE jobs SET state = 'running', attempts = 10, lease_until = 1")
		agenttest.Work(t, db, handle)
		select {
		case c := <-claims:
			t.Errorf("came again as %+v", c)
		case <-time.After(time.Second):
		}
		if s, err := db.Stats(t.Context()); err != nil || s.Dead != 1 {
			t.Errorf("stats %+v, %v", s, err)
		}
	})
}

// Two processes on one database run each job once, and one of a thread at a time.
func TestTwoHandlesClaimOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		const jobs, threads = 90, 15
		a, b := open(t, o), open(t, o)
		for i := range jobs {
			must(t, a.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, fmt.Sprint(i), agenttest.Thread(fmt.Sprint(i%threads)))))
		}
		var mu sync.Mutex
		ran, busy := map[string]int{}, map[string]bool{}
		done := make(chan bool, jobs*2)
		handle := func(_ context.Context, c agent.Claimed) error {
			mu.Lock()
			if busy[c.Thread.ID] {
				t.Errorf("two jobs of thread %s at once", c.Thread.ID)
			}
			ran[c.ID]++
			busy[c.Thread.ID] = true
			mu.Unlock()
			time.Sleep(2 * time.Millisecond)
			mu.Lock()
			busy[c.Thread.ID] = false
			mu.Unlock()
			done <- true
			return nil
		}
		stops := []func(){agenttest.Work(t, a, handle), agenttest.Work(t, b, handle)}
		for range jobs {
			agenttest.Await(t, done)
		}
		for _, stop := range stops {
			stop()
		}
		for id, n := range ran {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
		if len(ran) != jobs {
			t.Errorf("%d jobs ran, want %d", len(ran), jobs)
		}
	})
}
