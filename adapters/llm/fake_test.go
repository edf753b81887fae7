package llm

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent"
)

// fake is a model that does what its test says at each attempt (from 1); past
// the end of do it does the last again.
type fake struct {
	do []func(ctx context.Context, p agent.Prompt) (agent.Reply, error)

	mu    sync.Mutex
	asked []time.Time
	names []string
}

func (f *fake) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	f.mu.Lock()
	do := f.do[min(len(f.asked), len(f.do)-1)]
	f.asked = append(f.asked, time.Now())
	f.names = append(f.names, p.Model)
	f.mu.Unlock()
	return do(ctx, p)
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

type do = func(ctx context.Context, p agent.Prompt) (agent.Reply, error)

func script(steps ...do) *fake { return &fake{do: steps} }

// answers gives a text and ten tokens of output.
func answers(text string) do {
	return func(context.Context, agent.Prompt) (agent.Reply, error) {
		return agent.Reply{Blocks: []agent.Block{{Text: text}}, Stop: agent.StopEnd, Usage: agent.Usage{Output: 10}}, nil
	}
}

func fails(e agent.ModelError) do {
	return func(context.Context, agent.Prompt) (agent.Reply, error) {
		own := e // each failure is its own
		if own.Err == nil {
			own.Err = errors.New("so it goes")
		}
		return agent.Reply{}, &own
	}
}

// hangs until it is told to stop.
func hangs(ctx context.Context, _ agent.Prompt) (agent.Reply, error) {
	<-ctx.Done()
	return agent.Reply{}, ctx.Err()
}

// speaks a piece at each pause, then answers.
func speaks(pauses ...time.Duration) do {
	return func(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
		for _, pause := range pauses {
			select {
			case <-ctx.Done():
				return agent.Reply{}, ctx.Err()
			case <-time.After(pause):
				p.Stream("x")
			}
		}
		return answers("done")(ctx, p)
	}
}

func chain(models ...*fake) *Chain { return chainOf(Options{}, models...) }

func chainOf(o Options, models ...*fake) *Chain {
	names := []string{"first", "second", "third"}
	for i, m := range models {
		o.Models = append(o.Models, Named{Name: names[i], Model: m})
	}
	c := New(o)
	c.random = func() float64 { return 0.5 }
	return c
}

// logged collects log lines.
type logged struct{ strings.Builder }

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&l.Builder, nil)) }

func mustFail(t *testing.T, err error) *agent.ModelError {
	t.Helper()
	var me *agent.ModelError
	if !errors.As(err, &me) {
		t.Fatalf("error is %v, want a *ModelError", err)
	}
	return me
}

func mustSay(t *testing.T, want string, r agent.Reply, err error) {
	t.Helper()
	if err != nil || r.Text() != want {
		t.Fatalf("reply is %q, %v, want %q", r.Text(), err, want)
	}
}
