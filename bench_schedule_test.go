package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
	"interlock/scheduler"
	"interlock/scheduler/schedulertest"
)

// looker is a scan whose container is any command; it notes when one begins and ends.
type looker struct {
	command func(ctx context.Context) error
	done    atomic.Int64
	mu      sync.Mutex
	asked   map[string]chan time.Time // by the session in which a person asked
}

func (*looker) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: "drift_scan", Lost: agent.Rerun, Schema: json.RawMessage(`{"type":"object","properties":{"stack":{"type":"string"}}}`)}
}

func (*looker) Action(_ context.Context, _ string, args json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: "drift_scan", Effect: rbac.Read, Stack: stackOf(args), Environment: "lab"}, nil
}

func stackOf(args json.RawMessage) string {
	var a struct{ Stack string }
	_ = json.Unmarshal(args, &a) // our own arguments
	return a.Stack
}

func (l *looker) Run(ctx context.Context, _ agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	l.mu.Lock()
	if !strings.Contains(c.ID, "@") && l.asked["person"] != nil {
		l.asked["person"] <- time.Now()
		delete(l.asked, "person")
	}
	l.mu.Unlock()
	err := l.command(ctx)
	l.done.Add(1)
	return agent.ToolResult{Label: rbac.Clean(), Scan: &agent.ScanNews{Stack: stackOf(c.Args), Environment: "lab"}}, err
}

// estate is the product with so many stacks that are due at one minute, which is to come.
func estate(b *testing.B, stacks int, due time.Time, l *looker) *app {
	b.Helper()
	dir := b.TempDir()
	var y strings.Builder
	y.WriteString("sandbox: {parallel: 4}\norgs:\n  default:\n    people: {ann: {roles: [operator]}}\n    environments: {lab: {tier: observe}}\n    channels: {\"console:lab\": {tier: observe}}\n    stacks:\n")
	for n := range stacks {
		fmt.Fprintf(&y, "      s%03d: {path: code, environment: lab, channel: \"console:lab\"}\n", n)
	}
	fmt.Fprintf(&y, "    schedules: {all: {kind: drift, stacks: [\"*\"], cron: \"%d %d * * *\"}}\n", due.Minute(), due.Hour())
	file := filepath.Join(dir, "interlock.yaml")
	if err := os.MkdirAll(filepath.Join(dir, "code"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(y.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		b.Fatal(err)
	}
	a, err := wire(b.Context(), cfg, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	if a.control.Tools, err = agent.NewToolset(l); err != nil {
		b.Fatal(err)
	}
	return a
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// plainLoop runs a command so often, as many at once as the product does.
func plainLoop(b *testing.B, n, parallel int, command func(ctx context.Context) error) time.Duration {
	b.Helper()
	began := time.Now()
	g, ctx := errgroup.WithContext(b.Context())
	g.SetLimit(parallel)
	for range n {
		g.Go(func() error { return command(ctx) })
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// Goals: stacks that are due at the same minute are all scanned, in at most 1.15 times
// what a plain loop takes for the same commands; the scheduler's own processor time is at
// most 5 ms a scan. What a person asks meanwhile waits for one scan to end, not for all.
func BenchmarkBurst(b *testing.B) {
	for _, takes := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond} {
		b.Run("fake-"+takes.String(), func(b *testing.B) {
			burst(b, 500, func(ctx context.Context) error {
				select {
				case <-time.After(takes):
				case <-ctx.Done():
				}
				return nil
			})
		})
	}
	b.Run("docker", func(b *testing.B) {
		image := config.Default().Sandbox.Image
		if exec.CommandContext(b.Context(), "docker", "image", "inspect", image).Run() != nil {
			b.Skip("no Docker engine with the image " + image)
		}
		burst(b, 500, func(ctx context.Context) error {
			return exec.CommandContext(ctx, "docker", "run", "--rm", "--network", "none", image, "true").Run()
		})
	})
}

func burst(b *testing.B, stacks int, command func(ctx context.Context) error) {
	due := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	if time.Until(due) < 5*time.Second {
		due = due.Add(time.Minute)
	}
	l := &looker{command: command, asked: map[string]chan time.Time{}}
	a := estate(b, stacks, due, l)
	floor := plainLoop(b, stacks, a.cfg.Sandbox.Parallel, command)
	for time.Until(due) < 2*time.Second { // the loop took longer
		due = due.Add(time.Minute)
	}
	b.Helper()
	for i := range a.scheduler.Schedules {
		expr := fmt.Sprintf("%d %d * * *", due.Minute(), due.Hour())
		c, err := scheduler.ParseCron(expr)
		if err != nil {
			b.Fatal(err)
		}
		a.scheduler.Schedules[i].Cron, a.scheduler.Schedules[i].Expr = c, expr
	}
	ctx, stop := context.WithCancel(b.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.worker.Run(ctx) })
	g.Go(func() error { return a.out.Run(ctx) })
	if _, err := a.scheduler.Tick(ctx); err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Until(due))
	before := cpu(b)
	if _, err := a.scheduler.Tick(ctx); err != nil {
		b.Fatal(err)
	}
	ticked, tick := cpu(b)-before, time.Since(due)
	waited := asks(b, a, l, int64(stacks/4))
	for l.done.Load() <= int64(stacks) {
		time.Sleep(2 * time.Millisecond)
	}
	took, used := time.Since(due), cpu(b)-before
	stop() // what runs is settled first
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	records, err := a.db.Records(b.Context(), "default")
	if err != nil {
		b.Fatal(err)
	}
	left := a.cfg.Sandbox.Parallel
	for _, r := range records {
		switch {
		case r.State == scheduler.Claimed && left > 0:
			left-- // stopped between its command and its end
		case r.State != scheduler.Done:
			b.Errorf("%s is %s: %s", r.Schedule, r.State, r.Why)
		}
	}
	b.ReportMetric(took.Seconds(), "makespan-s")
	b.ReportMetric(floor.Seconds(), "plain-loop-s")
	b.ReportMetric(took.Seconds()/floor.Seconds(), "of-plain-loop")
	b.ReportMetric(float64(ticked.Microseconds())/1000/float64(stacks), "scheduler-cpu-ms/scan")
	b.ReportMetric(float64(used.Microseconds())/1000/float64(stacks), "all-cpu-ms/scan")
	b.ReportMetric(float64(tick.Milliseconds()), "claimed-after-ms")
	b.ReportMetric(float64(waited.Milliseconds()), "person-waits-ms")
	b.ReportMetric(0, "ns/op")
}

// asks asks for a scan when so many are done, and tells how long it took to begin.
func asks(b *testing.B, a *app, l *looker, after int64) time.Duration {
	b.Helper()
	for l.done.Load() < after {
		time.Sleep(time.Millisecond)
	}
	c := make(chan time.Time, 1)
	l.mu.Lock()
	l.asked["person"] = c
	l.mu.Unlock()
	began := time.Now()
	_, err := a.in.Mention(b.Context(), bot.Mention{
		ID: "asked", Org: "default", Thread: agent.Thread{Platform: "console", Channel: "lab", ID: "asked"},
		Actor: rbac.Actor{Org: "default", Platform: "console", ID: "ann", Name: "ann"}, Text: "scan s001",
	})
	if err != nil {
		b.Fatal(err)
	}
	return (<-c).Sub(began)
}

// Goal: with 10,000 schedules a tick takes at most 5 ms. They are hourly, each minute has
// its share of them.
func BenchmarkTick(b *testing.B) {
	now := time.Date(2026, 3, 20, 12, 0, 30, 0, time.UTC)
	l := &schedulertest.Ledger{Queue: func(context.Context, agent.Job) error { return nil }}
	s := &scheduler.Scheduler{Claims: l, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	for n := range 10_000 {
		expr := fmt.Sprintf("%d * * * *", n%60)
		c, err := scheduler.ParseCron(expr)
		if err != nil {
			b.Fatal(err)
		}
		s.Schedules = append(s.Schedules, scheduler.Schedule{
			Org: agenttest.Org, Name: fmt.Sprintf("s%05d", n), Cron: c, Expr: expr, Zone: time.UTC,
			Job: func(time.Time) agent.Job { return agent.Job{Thread: agenttest.Thread("~scan")} },
		})
	}
	began := time.Now()
	if _, err := s.Tick(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "start-ms")
	var busy, idle []time.Duration
	for range 120 {
		now = now.Add(30 * time.Second)
		began := time.Now()
		if _, err := s.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
		if now.Second() == 0 {
			busy = append(busy, time.Since(began))
		} else {
			idle = append(idle, time.Since(began))
		}
	}
	if n := len(l.Rows()); n != 10_000 {
		b.Errorf("%d due times in an hour", n)
	}
	b.ReportMetric(p95(busy), "due-tick-p95-ms")
	b.ReportMetric(p95(idle), "idle-tick-p95-ms")
	b.ReportMetric(0, "ns/op")
}
