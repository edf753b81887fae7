package docker

import (
	"cmp"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"interlock/agent"
)

// BenchmarkFifty is fifty sessions at once, each with a git status and a second of
// sleep, beside one alone. INTERLOCK_BENCH_IMAGE names an image that has git.
func BenchmarkFifty(b *testing.B) {
	s := open(b, Options{Image: cmp.Or(os.Getenv("INTERLOCK_BENCH_IMAGE"), testImage())})
	const sessions = 50
	command := func(session string) agent.Command {
		return agent.Command{
			Org: "acme", Session: session, Call: session, In: agent.InSession,
			Argv: []string{"sh", "-c", "if command -v git >/dev/null; then git init -q . && git status >/dev/null || exit 1; fi; sleep 1"},
		}
	}
	began := time.Now()
	exec(b, s, command("alone"))
	alone := time.Since(began)
	for n := 0; b.Loop(); n++ {
		var wg sync.WaitGroup
		var mu sync.Mutex
		failed := 0
		began := time.Now()
		for i := range sessions {
			wg.Go(func() {
				out, err := s.Exec(b.Context(), command(fmt.Sprintf("s%d-%d", n, i)))
				if err != nil || out.Code != 0 {
					mu.Lock()
					failed++
					mu.Unlock()
					b.Logf("session %d: code %d %s %v", i, out.Code, out.Stderr, err)
				}
			})
		}
		wg.Wait()
		if failed > 0 {
			b.Errorf("%d of %d sessions failed", failed, sessions)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s-all")
		b.ReportMetric(alone.Seconds(), "s-one")
	}
}
