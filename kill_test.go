package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
)

// A killPoint is a write of the loop: the nth event of a kind, and whether the
// process dies just before it is written or just after.
type killPoint struct {
	Kind  agent.Kind
	Nth   int
	After bool
}

func (k killPoint) String() string {
	when := "before"
	if k.After {
		when = "after"
	}
	return fmt.Sprintf("%s %s %d", when, k.Kind, k.Nth)
}

// killPoints is every write of the loop: three calls, one of which is approved.
func killPoints() (all []killPoint) {
	for _, k := range []killPoint{
		{Kind: agent.KindAsk, Nth: 1},
		{Kind: agent.KindStep, Nth: 1},
		{Kind: agent.KindStarted, Nth: 1},
		{Kind: agent.KindResult, Nth: 1},
		{Kind: agent.KindStep, Nth: 2},
		{Kind: agent.KindApproval, Nth: 1},
		{Kind: agent.KindVerdict, Nth: 1},
		{Kind: agent.KindStarted, Nth: 2},
		{Kind: agent.KindResult, Nth: 2},
		{Kind: agent.KindStep, Nth: 3},
		{Kind: agent.KindStarted, Nth: 3},
		{Kind: agent.KindResult, Nth: 3},
		{Kind: agent.KindAnswer, Nth: 1},
	} {
		all = append(all, k, killPoint{k.Kind, k.Nth, true})
	}
	return all
}

const (
	childDir  = "INTERLOCK_TEST_CHILD"
	childKill = "INTERLOCK_TEST_KILL"
)

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandboxd" { // as a child of a process under test
		os.Exit(exit(command().ExecuteContext(context.Background())))
	}
	if file := os.Getenv(childRoutes); file != "" {
		if err := routes(context.Background(), file); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(context.Background(), dir, os.Getenv(childKill)); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// killer is a store that ends its own process at a point, as a power cut would.
type killer struct {
	agent.Store
	point killPoint
	seen  int
}

func (k *killer) Append(ctx context.Context, org string, b agent.Batch) error {
	hit := slices.ContainsFunc(b.Events, func(ev agent.Event) bool { return ev.Kind == k.point.Kind })
	if hit {
		k.seen++
	}
	now := hit && k.seen == k.point.Nth
	if now && !k.point.After {
		die()
	}
	err := k.Store.Append(ctx, org, b)
	if now && err == nil {
		die()
	}
	return err
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing runs after it
}

// child serves the demo's world and plays the people, until the answer.
func child(ctx context.Context, dir, kill string) error {
	cfg, _, err := config.Load(filepath.Join(dir, "interlock.yaml"), nil)
	if err != nil {
		return err
	}
	var o options
	if kill != "" {
		var p killPoint
		if err := json.Unmarshal([]byte(kill), &p); err != nil {
			return err
		}
		o.wrap = func(s agent.Store) agent.Store { return &killer{Store: s, point: p} }
	}
	o.lease = 2 * time.Second
	a, err := wire(ctx, cfg, logger(cfg.Log), o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.start(ctx) })
	g.Go(func() error { return a.show(ctx) })
	g.Go(func() error {
		defer stop()
		return a.crowd(ctx)
	})
	return errors.Join(g.Wait(), a.close())
}

var killThread = agent.Thread{Platform: "console", Channel: "payments", ID: "kill"}

// crowd says and clicks what the record still lacks, each with one fixed id.
func (a *app) crowd(ctx context.Context) error {
	who := func(id string) rbac.Actor { return rbac.Actor{Org: demoOrg, Platform: "console", ID: id, Name: id} }
	_, err := a.in.Mention(ctx, bot.Mention{ID: "m1", Org: demoOrg, Thread: killThread, Actor: who("alice"), Text: "put payments-prod back to code"})
	for err == nil {
		s, openErr := a.db.Open(ctx, demoOrg, killThread)
		if openErr != nil {
			return openErr
		}
		for _, ev := range s.Events {
			if ev.Kind == agent.KindAnswer {
				return nil
			}
		}
		holds, holdErr := a.db.OpenHolds(ctx, demoOrg)
		if holdErr != nil {
			return holdErr
		}
		for _, h := range holds {
			if h.Approval != nil && h.State == agent.Open {
				_, err = a.in.Click(ctx, bot.Click{
					ID: "c-" + h.ID, Org: demoOrg, Thread: killThread, Actor: who("bob"), Verb: "approve",
					Value: h.ID + "." + h.Approval.PlanCode(),
				})
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("no answer came")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return err
}

// runChild starts the child and tells whether it was killed.
func runChild(t *testing.T, dir string, kill *killPoint) (killed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	if kill != nil {
		b, err := json.Marshal(kill)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, childKill+"="+string(b))
	}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL { //nolint:forcetypeassert // on every system that can kill
		return true
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return false
}

// wired is the product on this world, not started.
func (w *demoWorld) wired(tb testing.TB) *app {
	tb.Helper()
	cfg, _, err := config.Load(w.config, nil)
	if err != nil {
		tb.Fatal(err)
	}
	a, err := wire(tb.Context(), cfg, logger(cfg.Log), options{})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// newKilledWorld is the demo's world after the drift, ready to be copied.
func newKilledWorld(t *testing.T) *demoWorld {
	t.Helper()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := w.wired(t)
	if err := errors.Join(w.build(t.Context(), a, func(string) {}), a.close(), w.open("api")); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *demoWorld) copyTo(t *testing.T, dir string) *demoWorld {
	t.Helper()
	c := *w
	c.dir = dir
	for _, p := range []*string{&c.config, &c.repo, &c.state, &c.world} {
		rel, err := filepath.Rel(w.dir, *p)
		if err != nil {
			t.Fatal(err)
		}
		*p = filepath.Join(dir, rel)
	}
	cp := exec.CommandContext(t.Context(), "cp", "-a", w.dir+"/.", dir)
	if out, err := cp.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return &c
}

func (w *demoWorld) serial(t *testing.T) (n int64) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.state, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ Serial int64 }
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s.Serial
}

// Killed at each step of the loop and started again, the thread goes on: nothing
// is lost, nothing runs twice, and what is told of the change is true.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	w := newKilledWorld(t)
	before := w.serial(t)
	for i, p := range killPoints() {
		t.Run(p.String(), func(t *testing.T) {
			if i%2 == 0 {
				t.Parallel()
			}
			c := w.copyTo(t, t.TempDir())
			if !runChild(t, c.dir, &p) {
				t.Fatal("it was not killed")
			}
			runChild(t, c.dir, nil)
			c.verify(t, before)
		})
	}
}

// verify holds what was told against what is.
func (w *demoWorld) verify(t *testing.T, before int64) {
	t.Helper()
	a := w.wired(t)
	defer func() { _ = a.close() }()
	s, err := a.db.Open(t.Context(), demoOrg, killThread)
	if err != nil {
		t.Fatal(err)
	}
	count, applied := map[agent.Kind]int{}, ""
	for _, ev := range s.Events {
		count[ev.Kind]++
		if ev.Kind == agent.KindResult && ev.Payload.Result.Applied != "" {
			applied += ev.Payload.Result.Applied
		}
	}
	for _, k := range []agent.Kind{agent.KindAsk, agent.KindApproval, agent.KindVerdict, agent.KindAnswer} {
		if count[k] != 1 {
			t.Errorf("%d events %s", count[k], k)
		}
	}
	rule, err := w.rule("api")
	if err != nil {
		t.Fatal(err)
	}
	moved := w.serial(t) - before
	switch {
	case applied == "applied" && (rule["source"] != "10.0.0.0/8" || moved > 1):
		t.Errorf("told applied, but source is %v and the state moved by %d", rule["source"], moved)
	case applied == "not applied" && (rule["source"] != "0.0.0.0/0" || moved != 0):
		t.Errorf("told not applied, but source is %v and the state moved by %d", rule["source"], moved)
	case applied != "applied" && applied != "not applied":
		t.Errorf("told %q", applied)
	}
	if err := verifyAll(t.Context(), a.cfg, a.db, io.Discard); err != nil {
		t.Errorf("the trail: %v", err)
	}
	if _, err := a.box.Sweep(t.Context(), func(context.Context, string, string, string) bool { return false }); err != nil {
		t.Error(err)
	}
	if n := containers(t, a.cfg.DataDir); n != 0 {
		t.Errorf("%d containers are left", n)
	}
}

func containers(t *testing.T, instance string) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "ps", "-aq", "--filter", "label=interlock.instance="+instance).Output()
	if err != nil {
		t.Fatalf("list containers: %v", err)
	}
	return len(strings.Fields(string(out)))
}

// Killed while the change itself is running, its container goes on alone; the
// next process collects what came of it.
func TestKilledWhileApplying(t *testing.T) {
	t.Parallel()
	w := newKilledWorld(t)
	before := w.serial(t)
	if err := os.WriteFile(filepath.Join(w.world, ".delay"), []byte("3s"), 0o666); err != nil { //nolint:gosec // the sandbox reads it
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+w.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(w.state, ".terraform.tfstate.lock.info")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(lock); err == nil {
			break // tofu holds the state: the apply is under way
		}
		if time.Now().After(deadline) {
			t.Fatal("the apply did not begin")
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process was not killed")
	}
	runChild(t, w.dir, nil)
	w.verify(t, before)
	if rule, err := w.rule("api"); err != nil || rule["source"] != "10.0.0.0/8" {
		t.Errorf("not collected: %v %v", rule, err)
	}
}
