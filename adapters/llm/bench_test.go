package llm

import (
	"context"
	"testing"
	"time"

	"interlock/agent"
)

// instant answers at once, after some pieces of text.
type instant struct{ pieces int }

func (m instant) Next(_ context.Context, p agent.Prompt) (agent.Reply, error) {
	for range m.pieces {
		if p.Stream != nil {
			p.Stream("x")
		}
	}
	return agent.Reply{Stop: agent.StopEnd}, nil
}

// BenchmarkChain compares a chain with the bare model, in one run and by turns;
// "overhead" is what the chain adds to one call, in ns.
func BenchmarkChain(b *testing.B) {
	for _, r := range []struct {
		name   string
		pieces int
		o      Options
	}{
		{"plain", 0, Options{}},
		{"watched", 0, Options{FirstToken: time.Minute, Limit: 10 * time.Minute}},
		{"watched 500 pieces", 500, Options{FirstToken: time.Minute, Limit: 10 * time.Minute}},
	} {
		m := instant{r.pieces}
		r.o.Models = []Named{{Name: "a", Model: m}}
		p := agent.Prompt{}
		if r.pieces > 0 {
			p.Stream = func(string) {}
		}
		b.Run(r.name, func(b *testing.B) { compare(b, m, New(r.o), p) })
	}
}

func compare(b *testing.B, bare, chained agent.Model, p agent.Prompt) {
	b.ReportAllocs()
	var alone, within time.Duration
	for b.Loop() {
		begun := time.Now()
		_, _ = bare.Next(b.Context(), p)
		middle := time.Now()
		_, _ = chained.Next(b.Context(), p)
		alone, within = alone+middle.Sub(begun), within+time.Since(middle)
	}
	b.ReportMetric(float64(alone.Nanoseconds())/float64(b.N), "bare-ns/op")
	b.ReportMetric(float64(within.Nanoseconds())/float64(b.N), "chain-ns/op")
	b.ReportMetric(float64(within)/float64(alone), "ratio")
}
