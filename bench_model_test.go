package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/adapters/llm"
	"interlock/adapters/llm/anthropic"
	"interlock/adapters/llm/llmtest"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
)

// asked is a model that never waits, and notes when it was asked and when it
// answered. Each turn has turns steps, and each step one call of a tool that
// needs no sandbox.
type asked struct {
	mu       sync.Mutex
	overhead []time.Duration
	answered map[string]time.Time // by the turn's words
	steps    int
}

func (m *asked) Next(_ context.Context, p agent.Prompt) (agent.Reply, error) {
	at := time.Now()
	turn, n := "", 0
	for _, msg := range p.Messages {
		for _, b := range msg.Blocks {
			if words, ok := agent.Spoken(b.Text); ok {
				turn, n = words, 0
			}
			if b.Call != nil {
				n++
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if was, ok := m.answered[turn]; ok {
		m.overhead = append(m.overhead, at.Sub(was))
	}
	defer func() { m.answered[turn] = time.Now() }()
	r := calls("read_more", `{"handle":"0000"}`)
	if n >= m.steps {
		r = says("done")
	}
	r.Usage = agent.Usage{} // the provider counts
	return r, nil
}

// ends is a meter that tells when runs end: to look for it would load the machine.
type ends chan agent.Kind

func (ends) Tool(string, time.Duration, bool) {}

func (ends) Step(time.Duration, agent.Usage) {}

func (e ends) Run(end agent.Kind, _ time.Duration) { e <- end }

// await takes the next end, which must be an answer.
func (e ends) await(b *testing.B) {
	b.Helper()
	select {
	case end := <-e:
		if end != agent.KindAnswer {
			b.Fatalf("a run ended by %s", end)
		}
	case <-time.After(time.Minute):
		b.Fatal("a run did not end")
	}
}

func ask(b *testing.B, a *app, thread, id string) {
	b.Helper()
	t := agent.Thread{Platform: "console", Channel: "payments", ID: thread}
	if _, err := a.in.Mention(b.Context(), bot.Mention{ID: id, Org: demoOrg, Thread: t, Actor: demoActor("alice"), Text: id}); err != nil {
		b.Fatal(err)
	}
}

// Goal: at most 5 ms p95 from one answer of the model to the next question,
// with its three writes, each on the disk, and a tool that does nothing. The
// floor is three such writes of the same store with nothing around them.
func BenchmarkStepOverhead(b *testing.B) {
	a, _ := benchApp(b, false)
	m, e := &asked{answered: map[string]time.Time{}, steps: 19}, make(ends, 1)
	a.runner.Model, a.runner.Meter = m, e
	for n := range 20 {
		ask(b, a, fmt.Sprint("step", n/4), fmt.Sprint("turn", n)) // four turns a thread: 80 steps of history
		e.await(b)
	}
	s, err := a.db.Open(b.Context(), demoOrg, agent.Thread{Platform: "console", Channel: "payments", ID: "floor"})
	if err != nil {
		b.Fatal(err)
	}
	var write []time.Duration
	for n := range 200 {
		began := time.Now()
		for i := range 3 {
			ev := agent.Event{
				Schema: agent.Schema, ID: fmt.Sprint("floor", n, "-", i), Org: demoOrg, Session: s.ID, Turn: "floor", Run: "floor",
				At: time.Now().UTC(), Kind: agent.KindStep, Actor: demoActor("alice"), Payload: agent.Payload{Step: &agent.Step{Text: strings.Repeat("x", 300)}},
			}
			if err := a.db.Append(b.Context(), demoOrg, agent.Batch{Events: []agent.Event{ev}}); err != nil {
				b.Fatal(err)
			}
		}
		write = append(write, time.Since(began))
	}
	b.ReportMetric(float64(len(m.overhead)), "steps")
	b.ReportMetric(p95(m.overhead), "p95-ms")
	b.ReportMetric(p50(m.overhead), "p50-ms")
	b.ReportMetric(p95(write), "writes-p95-ms")
	b.ReportMetric(p95(m.overhead)/p95(write), "of-writes")
	b.ReportMetric(0, "ns/op")
}

// p50 of samples that p95 has sorted, in milliseconds.
func p50(samples []time.Duration) float64 {
	return float64(samples[len(samples)/2].Microseconds()) / 1000
}

// gaps is a model whose longest silence is measured.
type gaps struct {
	agent.Model
	mu    sync.Mutex
	worst []time.Duration // of each reply
}

func (g *gaps) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	last, worst, stream := time.Now(), time.Duration(0), p.Stream
	p.Stream = func(text string) {
		worst, last = max(worst, time.Since(last)), time.Now()
		if stream != nil {
			stream(text)
		}
	}
	r, err := g.Model.Next(ctx, p)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.worst = append(g.worst, worst)
	return r, err
}

// Goal: 200 runs stream at once on two cores without a stall. The floor is one
// run alone against the same provider, which pauses 20 ms before each record.
func BenchmarkStreamsAtOnce(b *testing.B) {
	const gap = 20 * time.Millisecond
	a, _ := benchApp(b, false)
	s := llmtest.NewServer(b, nil)
	var reply agent.Reply
	for range 25 {
		reply.Blocks = append(reply.Blocks, agent.Block{Text: "some words of a model that writes slowly"})
	}
	reply.Stop = agent.StopEnd
	for range 201 {
		s.Plan(llmtest.Slow(reply, gap))
	}
	g, e := &gaps{Model: wireModel(b, s)}, make(ends, 201)
	a.runner.Model, a.runner.Meter = g, e
	times := func(n int) time.Duration {
		began := time.Now()
		for i := range n {
			ask(b, a, fmt.Sprint("stream", n, i), fmt.Sprint("stream", n, i))
		}
		for range n {
			e.await(b)
		}
		return time.Since(began)
	}
	alone := times(1)
	g.worst = nil
	all := times(200)
	b.ReportMetric(alone.Seconds()*1000, "alone-ms")
	b.ReportMetric(all.Seconds()*1000, "all-200-ms")
	b.ReportMetric(all.Seconds()/alone.Seconds(), "of-alone")
	b.ReportMetric(p95(g.worst), "silence-p95-ms")
	b.ReportMetric(0, "ns/op")
}

func wireModel(b *testing.B, s *llmtest.Server) agent.Model {
	b.Helper()
	m, err := anthropic.New(b.Context(), anthropic.Options{Key: s.Key(), BaseURL: s.URL(llmtest.Anthropic), Model: s.Name()})
	if err != nil {
		b.Fatal(err)
	}
	return llm.New(llm.Options{Models: []llm.Named{{Name: s.Name(), Model: m}}, FirstToken: time.Minute, Limit: time.Minute})
}

// Goal: at least 80% of the input tokens of ten steps come from the provider's
// cache, counted by the provider.
func BenchmarkPromptCache(b *testing.B) {
	for _, d := range []llmtest.Dialect{llmtest.Anthropic, llmtest.OpenAI} {
		b.Run(d.String(), func(b *testing.B) {
			a, w := benchApp(b, false)
			s := llmtest.NewServer(b, &asked{answered: map[string]time.Time{}, steps: 9})
			cfg, _, err := config.Load(w.config, []string{
				"INTERLOCK_MODEL_PROVIDER=" + d.String(), "INTERLOCK_MODEL_NAME=" + s.Name(),
				"INTERLOCK_MODEL_API_KEY=" + s.Key(), "INTERLOCK_MODEL_BASE_URL=" + s.URL(d),
			})
			if err != nil {
				b.Fatal(err)
			}
			e := make(ends, 1)
			if a.runner.Model, err = newModel(b.Context(), cfg.Model, nil); err != nil {
				b.Fatal(err)
			}
			a.runner.Meter = e
			ask(b, a, "cache", "look")
			e.await(b)
			u := s.Usage()
			in := u.Input + u.CacheRead + u.CacheWrite
			b.ReportMetric(float64(len(s.Requests())), "steps")
			b.ReportMetric(float64(in), "input-tokens")
			b.ReportMetric(100*float64(u.CacheRead)/float64(in), "%cached")
			b.ReportMetric(0, "ns/op")
		})
	}
}
