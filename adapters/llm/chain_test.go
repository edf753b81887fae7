package llm

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
)

var (
	overload = agent.ModelError{Fault: agent.FaultOverload}
	badKey   = agent.ModelError{Fault: agent.FaultKey}
)

func TestChainTriesAgain(t *testing.T) {
	t.Parallel()
	for fault := agent.FaultProtocol; fault <= agent.FaultOverload; fault++ {
		synctest.Test(t, func(t *testing.T) {
			m := script(fails(agent.ModelError{Fault: fault}), fails(agent.ModelError{Fault: fault}), answers("ok"))
			begun := time.Now()
			r, err := chain(m).Next(t.Context(), agent.Prompt{})
			mustSay(t, "ok", r, err)
			// Half of 1 s, then half of 2 s.
			if got := m.asked[1].Sub(begun); got != 500*time.Millisecond {
				t.Errorf("fault %d: the second attempt came after %v", fault, got)
			}
			if got := m.asked[2].Sub(begun); got != 1500*time.Millisecond {
				t.Errorf("fault %d: the third attempt came after %v", fault, got)
			}
		})
	}
}

func TestChainGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script(fails(overload))
		_, err := chainOf(Options{Tries: 4}, m).Next(t.Context(), agent.Prompt{Model: "gpt"})
		if me := mustFail(t, err); me.Fault != agent.FaultOverload || me.Model != "gpt" || m.count() != 4 {
			t.Errorf("after %d attempts: %+v", m.count(), me)
		}
	})
}

func TestChainReturnsAtOnce(t *testing.T) {
	t.Parallel()
	for _, fault := range []agent.Fault{agent.FaultTooLong, agent.FaultRefused, agent.FaultRequest} {
		first, second := script(fails(agent.ModelError{Fault: fault})), script(answers("ok"))
		_, err := chain(first, second).Next(t.Context(), agent.Prompt{})
		if me := mustFail(t, err); me.Fault != fault || first.count() != 1 || second.count() != 0 {
			t.Errorf("fault %d: %v after %d and %d attempts", fault, me, first.count(), second.count())
		}
	}
}

func TestChainMovesOn(t *testing.T) {
	t.Parallel()
	for _, fault := range []agent.Fault{agent.FaultKey, agent.FaultName, agent.FaultCredit} {
		var log logged
		first, second := script(fails(agent.ModelError{Fault: fault})), script(answers("ok"))
		r, err := chainOf(Options{Log: log.logger()}, first, second).Next(t.Context(), agent.Prompt{Model: "own"})
		mustSay(t, "ok", r, err)
		if first.count() != 1 || first.names[0] != "own" || second.names[0] != "" {
			t.Errorf("fault %d: asked as %q, then as %q", fault, first.names, second.names)
		}
		if !strings.Contains(log.String(), "next=second") {
			t.Errorf("fault %d: the log does not tell: %s", fault, log.String())
		}
	}
}

func TestChainFallsBackAfterTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := script(fails(overload)), script(fails(overload), answers("ok"))
		r, err := chain(first, second).Next(t.Context(), agent.Prompt{})
		mustSay(t, "ok", r, err)
		if first.count() != 3 || second.count() != 2 {
			t.Errorf("%d and %d attempts", first.count(), second.count())
		}
	})
}

func TestChainPrefersTheErrorThatPasses(t *testing.T) {
	t.Parallel()
	later := func(d time.Duration) agent.ModelError {
		return agent.ModelError{Fault: agent.FaultRateLimit, Wait: d}
	}
	for _, r := range []struct {
		name          string
		first, second agent.ModelError
		want          agent.Fault
		model         string
		wait          time.Duration
	}{
		{"key, then overload", badKey, overload, agent.FaultOverload, "second", 0},
		{"overload, then key", overload, badKey, agent.FaultOverload, "first", 0},
		{"key, then credit", badKey, agent.ModelError{Fault: agent.FaultCredit}, agent.FaultKey, "first", 0},
		{"the sooner", later(9 * time.Minute), later(5 * time.Minute), agent.FaultRateLimit, "first", 5 * time.Minute},
		{"too long for the fallback", overload, agent.ModelError{Fault: agent.FaultTooLong}, agent.FaultTooLong, "second", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := chain(script(fails(r.first)), script(fails(r.second))).Next(t.Context(), agent.Prompt{})
			if me := mustFail(t, err); me.Fault != r.want || me.Model != r.model || me.Wait != r.wait {
				t.Errorf("%s: %v, %q, wait %v", r.name, me, me.Model, me.Wait)
			}
		})
	}
}

func TestChainHonoursWait(t *testing.T) {
	t.Parallel()
	for _, fault := range []agent.Fault{agent.FaultRateLimit, agent.FaultOverload} {
		synctest.Test(t, func(t *testing.T) {
			m := script(fails(agent.ModelError{Fault: fault, Wait: 7 * time.Second}), answers("ok"))
			begun := time.Now()
			r, err := chain(m).Next(t.Context(), agent.Prompt{})
			mustSay(t, "ok", r, err)
			if got := m.asked[1].Sub(begun); got != 7500*time.Millisecond {
				t.Errorf("asked again after %v", got)
			}
		})
	}
}

func TestChainNeverSleepsBeyondLongest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script(fails(agent.ModelError{Fault: agent.FaultOverload, Wait: time.Minute}))
		begun := time.Now()
		_, err := chain(m).Next(t.Context(), agent.Prompt{})
		if me := mustFail(t, err); me.Wait != time.Minute || m.count() != 1 || time.Since(begun) != 0 {
			t.Errorf("%d attempts in %v, wait %v", m.count(), time.Since(begun), me.Wait)
		}
		second := script(answers("ok"))
		r, err := chain(m, second).Next(t.Context(), agent.Prompt{})
		mustSay(t, "ok", r, err)
	})
}

func TestBackoffBounds(t *testing.T) {
	t.Parallel()
	c := New(Options{})
	bounds := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 20 * time.Second, 20 * time.Second}
	for n, bound := range bounds {
		for range 1000 {
			if got := c.backoff(n + 1); got < 0 || got >= bound {
				t.Fatalf("backoff %d is %v, beyond %v", n+1, got, bound)
			}
		}
	}
	c.random = func() float64 { return 0.999 }
	if got := c.backoff(99); got < 19*time.Second || got > greatestBackoff {
		t.Errorf("backoff 99 is %v", got)
	}
}

func TestChainCancelled(t *testing.T) {
	t.Parallel()
	t.Run("in a pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			first, second := script(fails(overload)), script(answers("ok"))
			begun := time.Now()
			_, err := chain(first, second).Next(ctx, agent.Prompt{})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 200*time.Millisecond || first.count() != 1 || second.count() != 0 {
				t.Errorf("%v after %v, %d and %d attempts", err, time.Since(begun), first.count(), second.count())
			}
		})
	})
	t.Run("in an attempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			first, second := script(hangs), script(answers("ok"))
			c := chainOf(Options{FirstToken: time.Minute}, first, second)
			_, err := c.Next(ctx, agent.Prompt{})
			var me *agent.ModelError
			if !errors.Is(err, context.Canceled) || errors.As(err, &me) || second.count() != 0 {
				t.Errorf("%v, %d attempts at the second", err, second.count())
			}
			if s := c.State()[0]; s.Last != "" {
				t.Errorf("leaving counts against the model: %+v", s)
			}
		})
	})
}

func TestChainUsage(t *testing.T) {
	t.Parallel()
	failed := fails(agent.ModelError{Fault: agent.FaultProtocol, Usage: agent.Usage{Input: 100, Output: 3}})
	synctest.Test(t, func(t *testing.T) {
		r, err := chain(script(failed, failed, answers("ok"))).Next(t.Context(), agent.Prompt{})
		mustSay(t, "ok", r, err)
		if want := (agent.Usage{Input: 200, Output: 16}); r.Usage != want {
			t.Errorf("same model: %+v, want %+v", r.Usage, want)
		}
		r, err = chain(script(failed), script(answers("ok"))).Next(t.Context(), agent.Prompt{})
		mustSay(t, "ok", r, err)
		if want := (agent.Usage{Output: 10}); r.Usage != want {
			t.Errorf("another model: %+v, want %+v", r.Usage, want)
		}
		_, err = chain(script(failed), script(fails(badKey))).Next(t.Context(), agent.Prompt{})
		if me := mustFail(t, err); me.Usage != (agent.Usage{Input: 300, Output: 9}) {
			t.Errorf("error: %+v", me.Usage)
		}
		own := &agent.ModelError{Fault: agent.FaultProtocol, Usage: agent.Usage{Input: 1}}
		same := script(func(context.Context, agent.Prompt) (agent.Reply, error) { return agent.Reply{}, own })
		if _, err = chain(same).Next(t.Context(), agent.Prompt{}); err == nil || own.Usage.Input != 1 || own.Model != "" {
			t.Errorf("the model's own error was changed: %+v", own)
		}
	})
}

func TestChainDoubtsModels(t *testing.T) {
	t.Parallel()
	returns := func(err error) do {
		return func(context.Context, agent.Prompt) (agent.Reply, error) { return agent.Reply{}, err }
	}
	for _, r := range []struct {
		name string
		err  error
		want agent.Fault
	}{
		{"a plain error", errors.New("what?"), agent.FaultProtocol},
		{"a deadline of its own", context.DeadlineExceeded, agent.FaultNetwork},
		{"a cancel of its own", context.Canceled, agent.FaultNetwork},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := script(returns(r.err))
			_, err := chain(m).Next(t.Context(), agent.Prompt{})
			if me := mustFail(t, err); me.Fault != r.want || me.Model != "first" || m.count() != 3 {
				t.Errorf("%s: %v after %d attempts", r.name, me, m.count())
			}
		})
	}
}

func TestChainWithoutModels(t *testing.T) {
	t.Parallel()
	for _, c := range []*Chain{{}, New(Options{})} {
		_, err := c.Next(t.Context(), agent.Prompt{})
		if me := mustFail(t, err); me.Fault != agent.FaultName || len(c.State()) != 0 {
			t.Errorf("%v", me)
		}
	}
}
