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
	if n >= m.steps {
		return says("done"), nil
	}
	return calls("read_more", `{"handle":"0000"}`), nil
}

// Goal: at most 5 ms p95 from one answer of the model to the next question,
// with its three writes, each on the disk, and a tool that does nothing.
func BenchmarkStepOverhead(b *testing.B) {
	a, _ := benchApp(b, false)
	m := &asked{answered: map[string]time.Time{}, steps: 19}
	a.runner.Model = m
	for n := range 10 {
		t := agent.Thread{Platform: "console", Channel: "payments", ID: "step"}
		m.turn(b, a, t, fmt.Sprint("turn ", n))
	}
	var write []time.Duration // the floor: the same three writes, with nothing around them
	for n := range 100 {
		began := time.Now()
		for i := range 3 {
			ev := agent.Event{
				Schema: agent.Schema, ID: fmt.Sprint("floor", n, i), Org: demoOrg, Session: floorSession(b, a), Turn: "floor", Run: "floor",
				At: time.Now().UTC(), Kind: agent.KindNotice, Actor: demoActor("alice"), Payload: agent.Payload{Text: strings.Repeat("x", 300)},
			}
			if err := a.db.Append(b.Context(), demoOrg, agent.Batch{Events: []agent.Event{ev}}); err != nil {
				b.Fatal(err)
			}
		}
		write = append(write, time.Since(began))
	}
	b.ReportMetric(p95(m.overhead), "p95-ms")
	b.ReportMetric(p95(write), "writes-p95-ms")
	b.ReportMetric(p95(m.overhead)/p95(write), "of-writes")
	b.ReportMetric(0, "ns/op")
}

func floorSession(b *testing.B, a *app) string {
	b.Helper()
	s, err := a.db.Open(b.Context(), demoOrg, agent.Thread{Platform: "console", Channel: "payments", ID: "floor"})
	if err != nil {
		b.Fatal(err)
	}
	return s.ID
}

func (m *asked) turn(b *testing.B, a *app, t agent.Thread, words string) {
	b.Helper()
	if _, err := a.in.Mention(b.Context(), bot.Mention{ID: words, Org: demoOrg, Thread: t, Actor: demoActor("alice"), Text: words}); err != nil {
		b.Fatal(err)
	}
	awaitAnswers(b, a, t, words)
}

// awaitAnswers waits until the ask with this id was answered.
func awaitAnswers(b *testing.B, a *app, t agent.Thread, id string) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s, err := a.db.Open(b.Context(), demoOrg, t)
		if err != nil {
			b.Fatal(err)
		}
		for _, ev := range s.Events {
			if ev.Turn == id && ev.Kind == agent.KindAnswer {
				return
			}
			if ev.Turn == id && ev.Kind == agent.KindStopped {
				b.Fatal(ev.Payload.Text)
			}
		}
		if time.Now().After(deadline) {
			b.Fatalf("no answer to %s", id)
		}
	}
}

// Goal: 200 runs stream at once on two cores without a stall: each takes about
// as long as its provider takes, which is the floor.
func BenchmarkStreamsAtOnce(b *testing.B) {
	const runs, pieces, gap = 200, 100, 20 * time.Millisecond
	a, _ := benchApp(b, false)
	s := llmtest.NewServer(b, nil)
	reply := agent.Reply{Blocks: []agent.Block{{Text: strings.Repeat("some words ", pieces)}}, Stop: agent.StopEnd}
	for range runs + 1 {
		s.Plan(llmtest.Slow(reply, gap))
	}
	a.runner.Model = wireModel(b, s)
	one := timeRuns(b, a, 1)
	all := timeRuns(b, a, runs)
	b.ReportMetric(p95(one), "alone-ms")
	b.ReportMetric(p95(all), "p95-ms")
	b.ReportMetric(p95(all)/p95(one), "of-alone")
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

// timeRuns asks in n threads at once and times each to its answer on record.
func timeRuns(b *testing.B, a *app, n int) (took []time.Duration) {
	b.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			id := fmt.Sprintf("stream-%d-%d", n, i)
			t := agent.Thread{Platform: "console", Channel: "payments", ID: id}
			began := time.Now()
			if _, err := a.in.Mention(b.Context(), bot.Mention{ID: id, Org: demoOrg, Thread: t, Actor: demoActor("alice"), Text: "tell me"}); err != nil {
				b.Error(err)
				return
			}
			for deadline := began.Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				s, err := a.db.Open(b.Context(), demoOrg, t)
				if err != nil {
					b.Error(err)
					return
				}
				if k := len(s.Events); k > 0 && s.Events[k-1].Kind == agent.KindAnswer {
					mu.Lock()
					took = append(took, s.Events[k-1].At.Sub(began))
					mu.Unlock()
					return
				}
			}
			b.Errorf("no answer to %s", id)
		})
	}
	all.Wait()
	return took
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
			if a.runner.Model, err = newModel(b.Context(), cfg.Model, nil); err != nil {
				b.Fatal(err)
			}
			t := agent.Thread{Platform: "console", Channel: "payments", ID: "cache"}
			if _, err := a.in.Mention(b.Context(), bot.Mention{ID: "c", Org: demoOrg, Thread: t, Actor: demoActor("alice"), Text: "look"}); err != nil {
				b.Fatal(err)
			}
			awaitAnswers(b, a, t, "c")
			u := s.Usage()
			in := u.Input + u.CacheRead + u.CacheWrite
			b.ReportMetric(float64(len(s.Requests())), "steps")
			b.ReportMetric(float64(in), "input-tokens")
			b.ReportMetric(100*float64(u.CacheRead)/float64(in), "%cached")
			b.ReportMetric(0, "ns/op")
		})
	}
}
