package docker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"interlock/agent"
)

// ready waits until a spare is there.
func ready(tb testing.TB, s *Sandbox, k spareKey) {
	tb.Helper()
	for range 2000 {
		s.mu.Lock()
		n := len(s.spares[k])
		s.mu.Unlock()
		if n > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	tb.Fatal("no spare was made")
}

// A new session gets a container that was made before, of its own Org, with an
// empty workspace; it is then one like any other.
func TestSpares(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Spares: 1})
	first := inSession(sh("echo secret >f")...)
	exec(t, s, first)
	k := spareKey{"acme", s.o.Image}
	ready(t, s, k)
	s.mu.Lock()
	id := s.spares[k][0].id
	s.mu.Unlock()
	second := inSession(sh("ls; echo kept >g; hostname")...)
	second.Session = "s2"
	if out := exec(t, s, second); string(out.Stdout) != "sandbox\n" {
		t.Errorf("the new session sees %q", out.Stdout)
	}
	got, err := s.cli.ContainerInspect(t.Context(), s.sessionName(second), inspect)
	if err != nil || got.Container.ID != id {
		t.Errorf("it has container %s, the spare was %s; %v", got.Container.ID, id, err)
	}
	if err := s.kill(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	second.Argv = []string{"cat", "g"}
	if out := exec(t, s, second); string(out.Stdout) != "kept\n" {
		t.Errorf("after its end: %q", out.Stdout)
	}
	other := inSession("true")
	other.Org = "rival"
	exec(t, s, other)
	ready(t, s, k)
	s.mu.Lock()
	mine := s.spares[k][0].name
	s.mu.Unlock()
	if got, err := s.cli.ContainerInspect(t.Context(), mine, inspect); err != nil || got.Container.Config.Labels[labelOrg] != "acme" {
		t.Errorf("a spare of acme is labelled %v, %v", got.Container.Config.Labels, err)
	}
}

// A sweep leaves what waits, and takes what waited long or died.
func TestSweepOfSpares(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Spares: 1})
	exec(t, s, inSession("true"))
	k := spareKey{"acme", s.o.Image}
	ready(t, s, k)
	if n, err := s.Sweep(t.Context(), drop); err != nil || n != 2 { // the session's container and its folder
		t.Errorf("removed %d, %v", n, err)
	}
	if n := len(containers(t.Context(), t, s)); n != 1 {
		t.Errorf("%d containers", n)
	}
	s.mu.Lock()
	s.spares[k][0].made = time.Now().Add(-idleLimit - time.Second)
	s.mu.Unlock()
	if _, err := s.Sweep(t.Context(), drop); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(filepath.Join(s.o.DataDir, sparesDir))
	if n := len(containers(t.Context(), t, s)); n != 0 || err != nil || len(left) != 0 {
		t.Errorf("%d containers, folders %v, %v", n, left, err)
	}
}

// BenchmarkFirst is the first command of a new session, from a spare.
func BenchmarkFirst(b *testing.B) {
	s := open(b, Options{Spares: 2})
	first := inSession("true")
	first.Session = "warm"
	exec(b, s, first)
	var took []float64
	for i := range 20 {
		ready(b, s, spareKey{"acme", s.o.Image})
		c := agent.Command{Org: "acme", Session: fmt.Sprint(i), Call: "c", In: agent.InSession, Argv: []string{"true"}}
		began := time.Now()
		exec(b, s, c)
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	report(b, "first", took)
}

// What is not used for now has no disk mounted, and is found again whole.
func TestDisksRest(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := fresh("c", sh("echo kept >f")...)
	c.Collect = []string{"f"}
	exec(t, s, c)
	exec(t, s, inSession(sh("echo kept >f")...))
	s.mu.Lock()
	s.used[s.sessionName(inSession())] = time.Now().Add(-idleLimit - time.Second)
	s.mu.Unlock()
	all := func(context.Context, string, string, string) bool { return true }
	if _, err := s.Sweep(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	for at := range s.mounted {
		if filepath.Base(at) == diskDir {
			t.Errorf("%s is mounted", at)
		}
	}
	s.mu.Unlock()
	again, err := s.Collect(t.Context(), c)
	if err != nil || string(again.Files["f"]) != "kept\n" {
		t.Errorf("the call's file: %q, %v", again.Files["f"], err)
	}
	if out := exec(t, s, inSession("cat", "f")); string(out.Stdout) != "kept\n" {
		t.Errorf("the session's file: %q", out.Stdout)
	}
}
