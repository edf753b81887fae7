package llm

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
)

// broke makes a chain whose first model has just failed five times.
func broke(t *testing.T, models ...*fake) *Chain {
	t.Helper()
	c := chainOf(Options{Tries: 5}, models...)
	_, _ = c.Next(t.Context(), agent.Prompt{})
	if s := c.State()[0]; !s.Open || models[0].count() != 5 {
		t.Fatalf("after %d attempts: %+v", models[0].count(), s)
	}
	return c
}

func TestBreakerOpensOverRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := script(fails(overload)), script(answers("ok"))
		c := chain(first, second)
		for range 4 {
			r, err := c.Next(t.Context(), agent.Prompt{})
			mustSay(t, "ok", r, err)
		}
		// Three attempts, two more, and then none.
		if first.count() != 5 || second.count() != 4 {
			t.Errorf("%d and %d attempts", first.count(), second.count())
		}
		if s := c.State(); !s[0].Open || s[1].Open || s[0].Name != "first" || !strings.Contains(s[0].Last, "so it goes") {
			t.Errorf("%+v", s)
		}
	})
}

func TestBreakerSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := script(fails(overload)), script(fails(overload))
		c := broke(t, first, second) // the second model broke just after
		time.Sleep(5 * time.Second)
		rest := time.Until(c.State()[0].Until)
		_, err := c.Next(t.Context(), agent.Prompt{})
		me := mustFail(t, err)
		if me.Wait != rest || rest <= 0 || me.Fault != agent.FaultOverload || first.count() != 5 || second.count() != 5 {
			t.Errorf("wait %v of %v: %v, %d and %d attempts", me.Wait, rest, me, first.count(), second.count())
		}
		if !strings.Contains(me.Error(), "all models rest, the first for another") {
			t.Errorf("it says %q", me)
		}
	})
}

func TestBreakerClosesAndDoubles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script(fails(overload))
		c := broke(t, m)
		for _, rest := range []time.Duration{30, 60, 120, 240, 300, 300} {
			if got := time.Until(c.State()[0].Until); got != rest*time.Second {
				t.Errorf("it rests for %v, want %ds", got, rest)
			}
			time.Sleep(rest*time.Second - 1)
			before := m.count()
			_, err := c.Next(t.Context(), agent.Prompt{})
			if me := mustFail(t, err); m.count() != before || me.Wait != 1 {
				t.Errorf("asked while it is open, wait %v", me.Wait)
			}
			time.Sleep(time.Nanosecond)
			if _, err = c.Next(t.Context(), agent.Prompt{}); err == nil || m.count() != before+1 {
				t.Errorf("half-open: %d attempts, %v", m.count()-before, err)
			}
		}
		time.Sleep(5 * time.Minute)
		m.do = []do{answers("ok")}
		r, err := c.Next(t.Context(), agent.Prompt{})
		mustSay(t, "ok", r, err)
		if s := c.State()[0]; s.Open {
			t.Errorf("an answer leaves it open: %+v", s)
		}
		m.do = []do{fails(overload)}
		if _, err = c.Next(t.Context(), agent.Prompt{}); time.Until(c.State()[0].Until) != 30*time.Second {
			t.Errorf("an answer does not reset the rest: %+v, %v", c.State()[0], err)
		}
	})
}

func TestBreakerLetsOneThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script(fails(overload))
		c := broke(t, m)
		time.Sleep(time.Minute)
		m.do = []do{later(10*time.Second, answers("ok"))}
		var answered, told atomic.Int32
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				switch _, err := c.Next(t.Context(), agent.Prompt{}); {
				case err == nil:
					answered.Add(1)
				case mustWait(err):
					told.Add(1)
				}
			})
		}
		wg.Wait()
		if m.count() != 6 || answered.Load() != 1 || told.Load() != 99 {
			t.Errorf("%d attempts, %d answered, %d were told to wait", m.count()-5, answered.Load(), told.Load())
		}
		for range 100 {
			wg.Go(func() { _, _ = c.Next(t.Context(), agent.Prompt{}) })
		}
		wg.Wait()
		if m.count() != 106 {
			t.Errorf("closed, it let %d of 100 through", m.count()-6)
		}
	})
}

func mustWait(err error) bool {
	var me *agent.ModelError
	return errors.As(err, &me) && me.Wait > 0 && me.Passes()
}

// A probe that its caller gives up must not keep the model out for ever.
func TestBreakerProbeAbandoned(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]do{
		"cancelled": hangs,
		"panics":    func(context.Context, agent.Prompt) (agent.Reply, error) { panic("oh") },
	} {
		synctest.Test(t, func(t *testing.T) {
			m := script(fails(overload))
			c := broke(t, m)
			time.Sleep(time.Minute)
			m.do = []do{end}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			func() {
				defer func() { _ = recover() }()
				_, _ = c.Next(ctx, agent.Prompt{})
			}()
			m.do = []do{fails(overload)} // still half-open: one more opens it
			_, err := c.Next(t.Context(), agent.Prompt{})
			if s := c.State()[0]; m.count() != 7 || time.Until(s.Until) != time.Minute {
				t.Errorf("%s: %v after %d attempts, %+v", name, err, m.count(), s)
			}
		})
	}
}

func TestBreakerCountsOnlyFaultsThatPass(t *testing.T) {
	t.Parallel()
	for fault := agent.FaultTooLong; fault <= agent.FaultRequest; fault++ {
		synctest.Test(t, func(t *testing.T) {
			four := []do{fails(overload), fails(overload), fails(overload), fails(overload)}
			m := script(append(four, fails(agent.ModelError{Fault: fault}), fails(overload))...)
			c := chainOf(Options{Tries: 1}, m)
			for range 9 {
				_, _ = c.Next(t.Context(), agent.Prompt{})
			}
			if m.count() != 9 || c.State()[0].Open {
				t.Errorf("fault %d counts against the model: %+v", fault, c.State()[0])
			}
			if _, _ = c.Next(t.Context(), agent.Prompt{}); !c.State()[0].Open {
				t.Errorf("five overloads after fault %d leave it closed", fault)
			}
		})
	}
}

func TestBreakerHoldsARateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := script(fails(agent.ModelError{Fault: agent.FaultRateLimit, Wait: 2 * time.Minute}), answers("first"))
		second := script(answers("second"))
		c := chain(first, second)
		for range 3 {
			r, err := c.Next(t.Context(), agent.Prompt{})
			mustSay(t, "second", r, err)
		}
		if s := c.State()[0]; first.count() != 1 || !s.Open || time.Until(s.Until) != 2*time.Minute {
			t.Errorf("%d attempts, %+v", first.count(), s)
		}
		time.Sleep(2 * time.Minute)
		r, err := c.Next(t.Context(), agent.Prompt{})
		mustSay(t, "first", r, err)
	})
}

// Many runs meet a short rate limit at once: all of them get through.
func TestBreakerDoesNotBreakOnShortRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := script()
		for range 20 {
			m.do = append(m.do, fails(agent.ModelError{Fault: agent.FaultRateLimit, Wait: 2 * time.Second}))
		}
		m.do[0] = later(time.Second, answers("ok"))
		m.do = append(m.do, answers("ok"))
		for i := range m.do {
			m.do[i] = later(time.Millisecond, m.do[i])
		}
		c := chain(m)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				r, err := c.Next(t.Context(), agent.Prompt{})
				if err != nil || r.Text() != "ok" {
					t.Errorf("%q, %v", r.Text(), err)
				}
			})
		}
		wg.Wait()
	})
}

// later gives what do gives, that much later.
func later(d time.Duration, then do) do {
	return func(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
		time.Sleep(d)
		return then(ctx, p)
	}
}

// together asks n times at once.
func together(t *testing.T, c *Chain, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { _, _ = c.Next(t.Context(), agent.Prompt{}) })
		synctest.Wait()
	}
	wg.Wait()
}

func TestBreakerAndAttemptsThatBeganEarlier(t *testing.T) {
	t.Parallel()
	t.Run("failures do not open it again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := chainOf(Options{Tries: 1}, script(later(time.Second, fails(overload))))
			together(t, c, 20)
			if got := time.Until(c.State()[0].Until); got != 30*time.Second {
				t.Errorf("it rests for %v", got)
			}
		})
	})
	t.Run("an answer closes it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := chainOf(Options{Tries: 1}, script(later(time.Minute/4, answers("ok")), later(time.Second, fails(overload))))
			together(t, c, 6)
			if s := c.State()[0]; s.Open {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("the longer rate limit counts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			limited := func(d time.Duration) do {
				return later(time.Second, fails(agent.ModelError{Fault: agent.FaultRateLimit, Wait: d}))
			}
			c := chainOf(Options{Tries: 1}, script(limited(time.Minute), later(time.Second, limited(time.Second))))
			together(t, c, 2)
			if got := time.Until(c.State()[0].Until); got != 59*time.Second {
				t.Errorf("it rests for %v", got)
			}
		})
	})
}

func TestBreakerCountsOverloadsThatSayAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := broke(t, script(fails(agent.ModelError{Fault: agent.FaultOverload, Wait: time.Second})))
		if got := time.Until(c.State()[0].Until); got != 30*time.Second {
			t.Errorf("it rests for %v", got)
		}
	})
}
