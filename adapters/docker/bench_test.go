package docker

import (
	osexec "os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"interlock/agent"
)

// BenchmarkFresh is a whole call in a fresh container that was made in advance,
// beside the same by the engine's own docker run, without any of our bounds, in
// turns. The container for the next call is made between the calls, as it is when
// people are at work.
func BenchmarkFresh(b *testing.B) {
	s := open(b, Options{Spares: 1})
	call := func(n int) agent.Command {
		c := fresh(strconv.Itoa(n), "true")
		c.Image, c.Limit = testImage(), time.Minute
		return c
	}
	exec(b, s, call(-1))
	var mine, theirs []float64
	for i := 0; b.Loop(); i++ {
		s.background.Wait() // the blank is there
		began := time.Now()
		exec(b, s, call(i))
		mine = append(mine, float64(time.Since(began).Microseconds())/1000)
		s.background.Wait()
		began = time.Now()
		if out, err := osexec.CommandContext(b.Context(), "docker", "run", "--rm", "--network", "none", testImage(), "true").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		theirs = append(theirs, float64(time.Since(began).Microseconds())/1000)
	}
	report(b, "call", mine)
	report(b, "docker-run", theirs)
	b.ReportMetric(mine[len(mine)/2]/theirs[len(theirs)/2], "ratio")
}

// report gives the middle and the 95th of a hundred, in milliseconds.
func report(b *testing.B, what string, took []float64) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], what+"-p50-ms")
	b.ReportMetric(took[len(took)*95/100], what+"-p95-ms")
}

// BenchmarkSession is a command in a session's running container, beside the same
// by the engine's own exec.
func BenchmarkSession(b *testing.B) {
	s := open(b, Options{})
	c := agent.Command{Org: "acme", Session: "s1", Call: "c", In: agent.InSession, Argv: []string{"true"}}
	exec(b, s, c)
	n := 0
	for b.Loop() {
		exec(b, s, c)
		n++
	}
	mine := b.Elapsed().Seconds() * 1000 / float64(n)
	began := time.Now()
	const floor = 10
	for range floor {
		if out, err := osexec.CommandContext(b.Context(), "docker", "exec", s.sessionName(c), "true").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	theirs := time.Since(began).Seconds() * 1000 / floor
	b.ReportMetric(mine, "ms")
	b.ReportMetric(theirs, "docker-exec-ms")
	b.ReportMetric(mine/theirs, "ratio")
}
