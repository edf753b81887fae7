package llm

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"interlock/agent"
)

// Named is a model with the name that people know it by.
type Named struct {
	Name  string
	Model agent.Model
	// Silent says that it gives no sign of life before its whole answer is
	// there, so that only Options.Limit watches it.
	Silent bool
}

// Options are the models of a chain, the preferred one first, and its limits.
type Options struct {
	Models     []Named
	Tries      int           // attempts at one model; 0 is 3
	FirstToken time.Duration // until an attempt's first sign of life, and between any two; 0 is no limit
	Limit      time.Duration // of one whole attempt; 0 is no limit
	Longest    time.Duration // the longest wait between two attempts; 0 is 30 s
	Cooldown   time.Duration // how long a model that keeps failing rests at first; 0 is 30 s
	Log        *slog.Logger  // gets each failed attempt; nil keeps quiet
}

// Chain asks models in order of preference until one answers. Faults that pass
// are tried again, with exponential backoff and full jitter, and no sooner than
// the provider asks; then the next model is asked, as it is at once when the
// key, the name or the credit is at fault. A model that keeps failing rests
// (see breaker). It is safe for concurrent use, and keeps no goroutine.
type Chain struct {
	o      Options
	models []*member
	random func() float64 // in [0, 1)
}

// member is a model of a chain and what is known of its health.
type member struct {
	Named
	breaker breaker
}

var _ agent.Model = (*Chain)(nil)

// New makes a chain. Without models it refuses each prompt.
func New(o Options) *Chain {
	o.Tries = or(o.Tries, 3)
	o.Longest = or(o.Longest, 30*time.Second)
	o.Cooldown = or(o.Cooldown, 30*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Chain{o: o, random: rand.Float64}
	for _, m := range o.Models {
		c.models = append(c.models, &member{Named: m, breaker: breaker{cooldown: o.Cooldown}})
	}
	return c
}

// or is v, or what stands for its zero.
func or[T int | time.Duration](v, standard T) T {
	if v > 0 {
		return v
	}
	return standard
}

// Next asks the first model under Prompt.Model, and the others under their own
// names. When all fail, the error is the first that passes, or else the first
// at all; its Wait is that of the model that can be asked soonest.
//
// Usage includes the failed attempts at the model that the Reply or the error
// names, and no other's, because prices differ: those are only in the log.
func (c *Chain) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	var worst *agent.ModelError
	rests := 0
	for i, m := range c.models {
		if i > 0 {
			p.Model = ""
		}
		reply, fault, rested := c.ask(ctx, m, p)
		switch {
		case fault == nil:
			return reply, nil
		case ctx.Err() != nil:
			return agent.Reply{}, ctx.Err()
		case !moves(fault):
			return agent.Reply{}, fault
		}
		if rested {
			rests++
		}
		worst = prefer(worst, fault)
		if i+1 < len(c.models) {
			c.o.Log.WarnContext(ctx, "the next model is asked", "model", m.Name, "next", c.models[i+1].Name, "fault", fault.What(), "tokens", fault.Usage.Total())
		}
	}
	switch {
	case worst == nil:
		return agent.Reply{}, &agent.ModelError{Fault: agent.FaultName, Err: errors.New("no model is set")}
	case rests == len(c.models) && rests > 1:
		worst.Err = resting("all models rest, the first", worst.Wait, worst.Err)
	}
	return agent.Reply{}, worst
}

// moves tells whether another model may answer what this one did not.
func moves(e *agent.ModelError) bool {
	switch e.Fault {
	case agent.FaultTooLong, agent.FaultRefused, agent.FaultRequest:
		return false
	}
	return true
}

// prefer keeps of two models' errors the one that says more: waiting helps
// where an error passes, even if the other model's key is wrong.
func prefer(a, b *agent.ModelError) *agent.ModelError {
	switch {
	case a == nil, !a.Passes() && b.Passes():
		return b
	case a.Passes() && b.Passes():
		a.Wait = min(a.Wait, b.Wait)
	}
	return a
}

// ask tries one model until it answers, will not, or rests. The error is ours
// to change; rested tells that the model could not be asked now.
func (c *Chain) ask(ctx context.Context, m *member, p agent.Prompt) (reply agent.Reply, fault *agent.ModelError, rested bool) {
	var spent agent.Usage
	for n := 1; ; n++ {
		reply, fault, rested = c.attempt(ctx, m, p)
		if fault == nil {
			reply.Usage = reply.Usage.Plus(spent)
			return reply, nil, false
		}
		spent = spent.Plus(fault.Usage)
		fault.Usage = spent
		if ctx.Err() != nil || rested {
			return reply, fault, rested
		}
		pause, again := c.again(n, m, fault)
		c.o.Log.WarnContext(ctx, "a model did not answer", "model", m.Name, "attempt", n, "error", fault, "again", again, "pause", pause)
		if !again || !sleep(ctx, pause) {
			return reply, fault, false
		}
	}
}

// again decides whether a model is tried once more, and after which pause.
func (c *Chain) again(n int, m *member, fault *agent.ModelError) (pause time.Duration, again bool) {
	if !fault.Passes() {
		return 0, false
	}
	if rest := m.breaker.broken(time.Now()); rest > 0 {
		fault.Wait = max(fault.Wait, rest)
		return 0, false
	}
	if n >= c.o.Tries || fault.Wait > c.o.Longest {
		return 0, false
	}
	return min(fault.Wait+c.backoff(n), c.o.Longest), true
}

// The backoff's first and greatest bound. The pause is anywhere below the
// bound ("full jitter"), so that many runs do not come back at once.
const (
	firstBackoff    = time.Second
	greatestBackoff = 20 * time.Second
)

func (c *Chain) backoff(n int) time.Duration {
	bound := greatestBackoff
	if n <= 4 {
		bound = min(bound, firstBackoff<<(n-1))
	}
	return time.Duration(c.random() * float64(bound))
}

// sleep tells whether the pause passed before ctx ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
