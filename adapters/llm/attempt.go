package llm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"interlock/agent"
)

// attempt asks a model once, unless it rests. The error is a copy, so that the
// chain may change it.
func (c *Chain) attempt(ctx context.Context, m *member, p agent.Prompt) (reply agent.Reply, fault *agent.ModelError, rested bool) {
	probe, rest := m.breaker.enter(time.Now())
	if rest != nil {
		return reply, rest.fault(m.Name), true
	}
	end := outcome{unknown: true} // stays so if the model panics
	defer func() { m.breaker.leave(time.Now(), probe, end) }()

	reply, silence, err := c.watched(ctx, m, p)
	switch {
	case err == nil:
		end = outcome{}
		return reply, nil, false
	case ctx.Err() != nil: // whoever asked has left: it says nothing of the model
		return agent.Reply{}, &agent.ModelError{Fault: agent.FaultNetwork, Usage: usage(err), Err: ctx.Err()}, false
	}
	fault = read(err, silence)
	if fault.Model == "" {
		fault.Model = name(m, p)
	}
	end = outcome{fault: fault.Fault, wait: fault.Wait, text: fault.Error()}
	return agent.Reply{}, fault, false
}

// read makes a ModelError of whatever a model returned, which is never trusted
// to be one.
func read(err error, silence string) *agent.ModelError {
	var me *agent.ModelError
	switch {
	case silence != "":
		return &agent.ModelError{Fault: agent.FaultNetwork, Usage: usage(err), Err: errors.New(silence)}
	case errors.As(err, &me):
		own := *me
		return &own
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &agent.ModelError{Fault: agent.FaultNetwork, Err: errors.New("the request was given up")}
	}
	return &agent.ModelError{Fault: agent.FaultProtocol, Err: err}
}

// usage is what a failed attempt cost.
func usage(err error) agent.Usage {
	var me *agent.ModelError
	if errors.As(err, &me) {
		return me.Usage
	}
	return agent.Usage{}
}

func name(m *member, p agent.Prompt) string {
	if p.Model != "" {
		return p.Model
	}
	return m.Name
}

// watched asks a model under the chain's time-outs; silence says which one
// ended it.
func (c *Chain) watched(ctx context.Context, m *member, p agent.Prompt) (reply agent.Reply, silence string, err error) {
	gap := c.o.FirstToken
	if m.Silent {
		gap = 0
	}
	if gap <= 0 && c.o.Limit <= 0 && p.Stream == nil {
		reply, err = m.Model.Next(ctx, p)
		return reply, "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := watch(gap, c.o.Limit, cancel, p.Stream)
	defer w.close() // also when the model panics
	p.Stream = w.piece
	reply, err = m.Model.Next(ctx, p)
	return reply, w.close(), err
}

// resting says how long a model is left alone, and why.
func resting(who string, rest time.Duration, why error) error {
	return fmt.Errorf("%s for another %s; before that: %w", who, seconds(rest), why)
}

// seconds writes a time as a person would set it.
func seconds(d time.Duration) string {
	if d >= time.Second {
		d = d.Round(time.Second)
	}
	return fmt.Sprintf("%gs", d.Seconds())
}
