package docker

import (
	osexec "os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"interlock/agent"
)

// BenchmarkFresh is a whole call in a fresh container. It reports how long it
// takes until the command runs, which is what a person waits for.
func BenchmarkFresh(b *testing.B) {
	s := open(b, Options{Spares: 1})
	var starts []float64
	for i := 0; b.Loop(); i++ {
		c := fresh(strconv.Itoa(i), "true")
		c.Image, c.Limit = testImage(), time.Minute
		begin := time.Now()
		box, err := s.blankFor(b.Context(), c)
		if err == nil {
			err = s.begin(b.Context(), c, box, s.callName(c))
		}
		starts = append(starts, float64(time.Since(begin).Microseconds())/1000)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Collect(b.Context(), c); err != nil {
			b.Fatal(err)
		}
		s.moreBlanks(b.Context(), c)
	}
	report(b, "start", starts)
}

// report gives the middle and the 95th of a hundred, in milliseconds.
func report(b *testing.B, what string, took []float64) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], what+"-p50-ms")
	b.ReportMetric(took[len(took)*95/100], what+"-p95-ms")
}

// BenchmarkFloor is the same by the engine's own command, without any of our
// bounds: what a container costs here at least.
func BenchmarkFloor(b *testing.B) {
	for b.Loop() {
		if out, err := osexec.CommandContext(b.Context(), "docker", "run", "--rm", "--network", "none", testImage(), "true").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
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
