package agenttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"interlock/agent"
)

// Queue is a store with its jobs.
type Queue interface {
	agent.Store
	agent.Jobs
	Enqueue(ctx context.Context, j agent.Job) error
}

// TestJobs is what every queue must do, whoever consumes it. Open gives an
// empty one that knows Org and Rival.
func TestJobs(t *testing.T, open func(t *testing.T) Queue) {
	for name, test := range map[string]func(t *testing.T, q Queue){
		"a job runs once":             runsOnce,
		"a job waits for its time":    waitsForItsTime,
		"a thread runs one at a time": oneAtATime,
		"people's orders come first":  ordersFirst,
		"a failure comes back":        comesBack,
		"a fence is kept":             fenced,
		"a job follows a batch":       follows,
		"a shutdown gives jobs back":  givesBack,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// Work consumes in the background until the test or stop ends it.
func Work(t *testing.T, q agent.Jobs, handle func(context.Context, agent.Claimed) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var gone sync.WaitGroup
	gone.Go(func() {
		if err := q.Consume(ctx, handle); err != nil {
			t.Error(err)
		}
	})
	stop = func() {
		cancel()
		gone.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// patience is how long a suite waits for what must come, and calm how long it
// watches that something does not.
const (
	patience = 20 * time.Second
	calm     = 700 * time.Millisecond
)

// Await takes the next thing of a channel.
func Await[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func nothing[T any](t *testing.T, from <-chan T) {
	t.Helper()
	select {
	case v := <-from:
		t.Fatalf("%+v came", v)
	case <-time.After(calm):
	}
}

func mustEnqueue(t *testing.T, q Queue, jobs ...agent.Job) {
	t.Helper()
	for _, j := range jobs {
		if err := q.Enqueue(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
}

// tell passes every claim on and says that it went well.
func tell(to chan agent.Claimed) func(context.Context, agent.Claimed) error {
	return func(_ context.Context, c agent.Claimed) error {
		to <- c
		return nil
	}
}

func runsOnce(t *testing.T, q Queue) {
	j := Asked(Org, "j", Thread("1"))
	j.Calls = []agent.ToolCall{{Tool: "scan", Args: []byte(`{"x":"<"}`)}}
	mustEnqueue(t, q, j, j)
	got := make(chan agent.Claimed, 9)
	Work(t, q, tell(got))
	Work(t, q, tell(got))
	c := Await(t, got)
	same(t, "job", c.Job, j)
	if c.Fence < 1 || c.Attempt != 1 || c.Last {
		t.Errorf("claim is %+v", c)
	}
	mustEnqueue(t, q, j) // done already
	nothing(t, got)
	mustEnqueue(t, q, Asked(Rival, "j", Thread("1"))) // another Org's job has another id
	if c := Await(t, got); c.Org != Rival {
		t.Errorf("claim is %+v", c)
	}
}

func waitsForItsTime(t *testing.T, q Queue) {
	late := Asked(Org, "late", Thread("1"))
	late.After = Now().Add(time.Second)
	mustEnqueue(t, q, late, Asked(Org, "soon", Thread("1")))
	got := make(chan agent.Claimed, 9)
	Work(t, q, tell(got))
	if c := Await(t, got); c.ID != "soon" {
		t.Errorf("first came %s", c.ID)
	}
	c := Await(t, got)
	if c.ID != "late" || time.Now().Before(late.After) {
		t.Errorf("%s came %v too early", c.ID, time.Until(late.After))
	}
}

// begun is a claim that waits to be ended by a test.
type begun struct {
	agent.Claimed
	end chan error
}

func hold(to chan begun) func(context.Context, agent.Claimed) error {
	return func(ctx context.Context, c agent.Claimed) error {
		b := begun{c, make(chan error)}
		to <- b
		select {
		case err := <-b.end:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func oneAtATime(t *testing.T, q Queue) {
	for i := range 3 {
		mustEnqueue(t, q, Asked(Org, fmt.Sprint("a", i), Thread("a")))
	}
	mustEnqueue(t, q, Asked(Org, "b0", Thread("b")))
	got := make(chan begun, 9)
	for range 3 {
		Work(t, q, hold(got))
	}
	first, second := Await(t, got), Await(t, got)
	if first.Thread == second.Thread {
		t.Fatalf("%s and %s run at once", first.ID, second.ID)
	}
	nothing(t, got)
	if first.Thread.ID == "b" {
		first, second = second, first
	}
	second.end <- nil
	nothing(t, got)
	for i := range 3 {
		if first.ID != fmt.Sprint("a", i) {
			t.Errorf("%s came as number %d", first.ID, i)
		}
		first.end <- nil
		if i < 2 {
			first = Await(t, got)
		}
	}
}

// ordersFirst keeps every worker busy: only what is claimed first is seen.
func ordersFirst(t *testing.T, q Queue) {
	const asks = 40 // more than there are workers
	for i := range asks {
		mustEnqueue(t, q, Asked(Org, fmt.Sprint("ask", i), Thread(fmt.Sprint(i))))
	}
	stop, press := Asked(Org, "stop", Thread("stop")), Asked(Org, "press", Thread("press"))
	stop.Text, stop.Stop = "", true
	press.Text, press.Hold = "", "h"
	mustEnqueue(t, q, stop, press)
	got := make(chan begun, asks)
	Work(t, q, hold(got))
	Work(t, q, hold(got))
	for orders := 0; orders < 2; {
		if c := Await(t, got); c.ID == "stop" || c.ID == "press" {
			orders++
		}
	}
}

func comesBack(t *testing.T, q Queue) {
	mustEnqueue(t, q, Asked(Org, "j", Thread("1")))
	got := make(chan agent.Claimed, 9)
	Work(t, q, func(_ context.Context, c agent.Claimed) error {
		got <- c
		if c.Attempt == 1 {
			return errors.New("no")
		}
		return nil
	})
	first, second := Await(t, got), Await(t, got)
	if second.ID != "j" || second.Attempt != 2 || second.Fence <= first.Fence {
		t.Errorf("came back as %+v after %+v", second, first)
	}
	nothing(t, got)
}

func fenced(t *testing.T, q Queue) {
	sess := mustOpen(t, q, Org, "1")
	mustEnqueue(t, q, Asked(Org, "j", Thread("1")))
	write := func(org string, f agent.Fence) error {
		return q.Append(t.Context(), org, agent.Batch{Events: []agent.Event{Answer(sess, "x")}, Fence: &f})
	}
	isErr(t, write(Org, agent.Fence{Job: "j"}), agent.ErrFenced) // nobody has it
	got := make(chan begun, 9)
	Work(t, q, hold(got))
	b := Await(t, got)
	held := agent.Fence{Job: "j", Token: b.Fence}
	if err := write(Org, held); err != nil {
		t.Errorf("the holder is refused: %v", err)
	}
	isErr(t, write(Org, agent.Fence{Job: "j", Token: b.Fence - 1}), agent.ErrFenced)
	isErr(t, write(Org, agent.Fence{Job: "other", Token: b.Fence}), agent.ErrFenced)
	isErr(t, write(Rival, held), agent.ErrFenced)
	b.end <- errors.New("again")
	b = Await(t, got)
	isErr(t, write(Org, held), agent.ErrFenced)
	b.end <- nil
	mustEnqueue(t, q, Asked(Org, "next", Thread("1")))
	Await(t, got).end <- nil // now the first is done for certain
	isErr(t, write(Org, agent.Fence{Job: "j", Token: b.Fence}), agent.ErrFenced)
	if evs := mustOpen(t, q, Org, "1").Events; len(evs) != 1 {
		t.Errorf("%d events, want 1", len(evs))
	}
}

func follows(t *testing.T, q Queue) {
	sess := mustOpen(t, q, Org, "1")
	got := make(chan agent.Claimed, 9)
	Work(t, q, tell(got))
	j := Asked(Org, "j", Thread("1"))
	for range 2 {
		mustAppend(t, q, Org, agent.Batch{Events: []agent.Event{Answer(sess, "x")}, Jobs: []agent.Job{j}})
	}
	same(t, "job", Await(t, got).Job, j)
	nothing(t, got)
	h := card(sess)
	h.Version = 1
	lost := Asked(Org, "lost", Thread("1"))
	isErr(t, q.Append(t.Context(), Org, agent.Batch{Hold: &h, Jobs: []agent.Job{lost}}), agent.ErrRaced)
	nothing(t, got)
}

func givesBack(t *testing.T, q Queue) {
	mustEnqueue(t, q, Asked(Org, "j", Thread("1")))
	got := make(chan begun, 9)
	stop := Work(t, q, hold(got))
	first := Await(t, got)
	stop()
	Work(t, q, hold(got))
	second := Await(t, got)
	if second.ID != "j" || second.Attempt != 1 || second.Fence <= first.Fence {
		t.Errorf("came back as %+v after %+v", second.Claimed, first.Claimed)
	}
	second.end <- nil
}
