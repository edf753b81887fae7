package llm

import (
	"errors"
	"sync"
	"time"

	"interlock/agent"
)

// breaker keeps calls from a model that keeps failing (the circuit breaker).
// After five passing faults in a row, over all runs, it opens for its cooldown;
// then one attempt at a time is let through: an answer closes it, another fault
// opens it for twice as long, up to five minutes. A fault that does not pass is
// an answer: the provider is there. A rate limit with a wait says itself when
// the model is back: it is left alone until then, and nothing is counted.
type breaker struct {
	cooldown time.Duration

	mu      sync.Mutex
	fails   int       // passing faults in a row
	opened  int       // times it opened in a row
	until   time.Time // open until then, after faults
	held    time.Time // open until then, after a rate limit
	probing bool
	last    outcome
}

const (
	mostFails   = 5
	mostRest    = 5 * time.Minute
	whileProbed = time.Second // what a caller is told to wait while another one's attempt decides
)

// outcome is how an attempt ended. The zero value is an answer.
type outcome struct {
	unknown bool // the caller left first
	fault   agent.Fault
	wait    time.Duration
	text    string // empty: it answered
}

// failed tells whether it counts against the model.
func (o outcome) failed() bool {
	return o.text != "" && (&agent.ModelError{Fault: o.fault}).Passes()
}

// rest is why and how long a model is not asked.
type rest struct {
	left time.Duration
	last outcome
}

func (r *rest) fault(name string) *agent.ModelError {
	return &agent.ModelError{
		Fault: r.last.fault, Wait: r.left, Model: name,
		Err: resting("it rests", r.left, errors.New(r.last.text)),
	}
}

// enter asks to make an attempt. Without a rest the caller must leave again;
// probe tells that the attempt decides whether the breaker closes.
func (b *breaker) enter(now time.Time) (probe bool, r *rest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if open := b.open(); now.Before(open) {
		return false, &rest{open.Sub(now), b.last}
	}
	if b.fails < mostFails {
		return false, nil
	}
	if b.probing {
		return false, &rest{whileProbed, b.last}
	}
	b.probing = true
	return true, nil
}

// leave reports how an attempt ended.
func (b *breaker) leave(now time.Time, probe bool, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	if o.unknown {
		return
	}
	if !o.failed() {
		b.fails, b.opened, b.until = 0, 0, time.Time{}
		return
	}
	b.last = o
	if o.fault == agent.FaultRateLimit && o.wait > 0 {
		if t := now.Add(o.wait); t.After(b.held) {
			b.held = t
		}
		return
	}
	b.fails++
	if probe || b.fails == mostFails { // those that began earlier and fail now change nothing
		b.until = now.Add(b.length())
		b.opened++
	}
}

// length is how long it opens.
func (b *breaker) length() time.Duration {
	d := b.cooldown
	for range b.opened {
		if d *= 2; d >= mostRest {
			return max(mostRest, b.cooldown)
		}
	}
	return d
}

// open is until when it is open, for either reason.
func (b *breaker) open() time.Time {
	if b.held.After(b.until) {
		return b.held
	}
	return b.until
}

// broken is how long it is still open because of faults.
func (b *breaker) broken(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, b.until.Sub(now))
}

// ModelState is the health of a model in a chain. Open says that it is not
// asked before Until; Last is its last passing fault, empty if there was none.
type ModelState struct {
	Name  string
	Open  bool
	Until time.Time
	Last  string
}

// State tells how each model does, in order of preference. It is safe for
// concurrent use.
func (c *Chain) State() []ModelState {
	now := time.Now()
	states := make([]ModelState, 0, len(c.models))
	for _, m := range c.models {
		states = append(states, m.breaker.state(m.Name, now))
	}
	return states
}

func (b *breaker) state(name string, now time.Time) ModelState {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := ModelState{Name: name, Last: b.last.text}
	if open := b.open(); now.Before(open) {
		s.Open, s.Until = true, open
	}
	return s
}
