package agent_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// interleave plays one seed.
func interleave(seed uint64, controls ...func(*interleaving)) (*interleaving, string) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	r := &interleaving{
		moment: &moment{holds: map[string]agent.Hold{}, jobs: map[string]job{}, plan: "p1"}, rnd: rnd, need: 1 + rnd.IntN(3),
		rights: map[string]bool{}, plans: []string{"p1"}, gone: time.Now(), pulls: map[string]int{},
	}
	for i := range pressers {
		r.rights[fmt.Sprint("a", i)] = rnd.IntN(5) > 0
	}
	for _, c := range controls {
		c(r)
	}
	set, err := agent.NewToolset(lever{at: func() *moment { return r.moment }, pull: r.pull})
	if err != nil {
		return r, err.Error()
	}
	r.tools = set
	asker := rbac.Actor{Org: exploredOrg, ID: "asker", Name: "asker"}
	r.jobs["m"] = job{Job: agent.Job{ID: "m", Org: exploredOrg, Text: "pull", Actor: asker}}
	why := r.run()
	if why == "" {
		why = r.lost()
	}
	return r, why
}

func TestInterleavings(t *testing.T) {
	t.Parallel()
	ran, kills, ends := 0, 0, map[agent.State]int{}
	for seed := range uint64(2000) {
		r, why := interleave(seed)
		if why != "" {
			t.Fatalf("seed %d: %s", seed, why)
		}
		ran, kills = ran+r.ran, kills+r.kills
		for _, h := range r.holds {
			ends[h.State]++
		}
	}
	for _, s := range []agent.State{agent.Denied, agent.Expired, agent.Void, agent.Consumed} {
		if ends[s] == 0 {
			t.Errorf("no card ended %s", s)
		}
	}
	t.Logf("%d runs of the tool, %d kills, cards ended %v", ran, kills, ends)
}

// With a safeguard taken out, the same seeds find what goes wrong.
func TestInterleavingsFind(t *testing.T) {
	t.Parallel()
	for want, control := range map[string]func(*interleaving){
		"approvals":       func(r *interleaving) { r.twice = true },
		"it was declined": func(r *interleaving) { r.careless = true },
	} {
		found := ""
		for seed := uint64(0); seed < 2000 && !strings.Contains(found, want); seed++ {
			_, found = interleave(seed, control)
		}
		if !strings.Contains(found, want) {
			t.Errorf("nothing is found: %s", want)
		}
	}
}

// A hundred thousand of them: how many let something run that nobody had approved,
// or twice, or lost what had begun. Goal: none.
func BenchmarkInterleavings(b *testing.B) {
	const all = 100_000
	for b.Loop() {
		var next, bad, ran, kills, clicks atomic.Int64
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for seed := next.Add(1); seed <= all; seed = next.Add(1) {
					r, why := interleave(uint64(seed) + 1_000_000) //nolint:gosec // it counts up from one
					if why != "" {
						bad.Add(1)
						b.Errorf("seed %d: %s", seed+1_000_000, why)
					}
					ran.Add(int64(r.ran))
					kills.Add(int64(r.kills))
					clicks.Add(int64(r.clicks))
				}
			})
		}
		wg.Wait()
		b.ReportMetric(all, "interleavings")
		b.ReportMetric(float64(bad.Load()), "invalid-double-lost")
		b.ReportMetric(float64(ran.Load()), "runs")
		b.ReportMetric(float64(kills.Load()), "kills")
		b.ReportMetric(float64(clicks.Load()), "clicks")
	}
}
