package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// p95 of the samples, in milliseconds.
func p95(samples []time.Duration) float64 {
	slices.Sort(samples)
	i := min(len(samples)-1, int(math.Ceil(float64(len(samples))*0.95))-1)
	return float64(samples[i].Microseconds()) / 1000
}

// benchApp is the product on the demo's world, running, until the benchmark ends.
func benchApp(b *testing.B, build bool) (*app, *demoWorld) {
	b.Helper()
	w, err := newDemoWorld(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	a := w.wired(b)
	if build {
		if err := w.build(b.Context(), a, func(string) {}); err != nil {
			b.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(b.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.start(ctx) })
	g.Go(func() error { return a.show(ctx) })
	b.Cleanup(func() {
		stop()
		if err := g.Wait(); err != nil {
			b.Error(err)
		}
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	return a, w
}

// seen is a chat that notes when a thread first shows something.
type seen struct {
	bot.Platform
	mu    sync.Mutex
	first map[string]chan time.Time
}

func (s *seen) Show(_ string, t agent.Thread, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.first[t.ID]; c != nil {
		c <- time.Now()
		delete(s.first, t.ID)
	}
}

func demoActor(id string) rbac.Actor {
	return rbac.Actor{Org: demoOrg, Platform: "console", ID: id, Name: id}
}

// Goal: p95 at most 300 ms from a mention to the first visible progress.
func BenchmarkMentionToProgress(b *testing.B) {
	a, _ := benchApp(b, false)
	chat := &seen{Platform: a.console, first: map[string]chan time.Time{}}
	a.out.Platforms["console"] = chat
	var took []time.Duration
	for n := range 200 {
		t := agent.Thread{Platform: "console", Channel: "payments", ID: "bench-" + strconv.Itoa(n)}
		c := make(chan time.Time, 1)
		chat.mu.Lock()
		chat.first[t.ID] = c
		chat.mu.Unlock()
		began := time.Now()
		_, err := a.in.Mention(b.Context(), bot.Mention{ID: t.ID, Org: demoOrg, Thread: t, Actor: demoActor("alice"), Text: "what can you do?"})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-c).Sub(began))
	}
	b.ReportMetric(p95(took), "p95-ms")
	b.ReportMetric(0, "ns/op")
}

// Goal: p95 at most 500 ms from a click to the start of the tool's own fresh
// container, beside what docker run needs for the same image.
func BenchmarkClickToToolStart(b *testing.B) {
	a, w := benchApp(b, true)
	var took, floor []time.Duration
	for n := range 12 {
		if err := w.open("api"); err != nil {
			b.Fatal(err)
		}
		h := openCard(b, a, n)
		starts := containerStarts(b, a.cfg.DataDir)
		began := time.Now()
		_, err := a.in.Click(b.Context(), bot.Click{
			ID: "click-" + h.ID, Org: demoOrg, Thread: h.Thread, Actor: demoActor("bob"), Verb: "approve",
			Value: h.ID + "." + h.Approval.PlanCode(),
		})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-starts).Sub(began))
		waitState(b, a, h)
		began = time.Now()
		run := exec.CommandContext(b.Context(), "docker", "run", "--rm", "--network", "none", a.cfg.Sandbox.Image, "true")
		if out, err := run.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		floor = append(floor, time.Since(began))
	}
	b.ReportMetric(p95(took), "p95-ms")
	b.ReportMetric(p95(floor), "docker-run-p95-ms")
	b.ReportMetric(p95(took)/p95(floor), "of-docker-run")
	b.ReportMetric(0, "ns/op")
}

func openCard(b *testing.B, a *app, n int) agent.Hold {
	b.Helper()
	t := agent.Thread{Platform: "console", Channel: "payments", ID: "click-" + strconv.Itoa(n)}
	_, err := a.in.Click(b.Context(), bot.Click{ID: t.ID, Org: demoOrg, Thread: t, Actor: demoActor("alice"), Verb: "fix", Value: demoStack})
	if err != nil {
		b.Fatal(err)
	}
	for range 600 {
		holds, err := a.db.OpenHolds(b.Context(), demoOrg)
		if err != nil {
			b.Fatal(err)
		}
		for _, h := range holds {
			if h.Thread == t {
				return h
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal("no card came")
	return agent.Hold{}
}

func waitState(b *testing.B, a *app, h agent.Hold) {
	b.Helper()
	for range 600 {
		s, err := a.db.Load(b.Context(), demoOrg, h.Session)
		if err != nil {
			b.Fatal(err)
		}
		if s.Events[len(s.Events)-1].Kind == agent.KindAnswer {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal("the change did not end")
}

// containerStarts tells when the engine next starts a container of ours.
func containerStarts(b *testing.B, instance string) <-chan time.Time {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	cmd := exec.CommandContext(ctx, "docker", "events", "--filter", "event=start", "--filter", "label=interlock.instance="+instance, "--format", "{{.TimeNano}}")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until the engine is listened to
	at := make(chan time.Time, 1)
	go func() {
		defer cancel()
		var nano int64
		if _, err := fmt.Fscan(out, &nano); err == nil {
			at <- time.Unix(0, nano)
		}
		cancel()
		_ = cmd.Wait()
	}()
	return at
}

// Goals: at most 80 MB of memory when idle; ready within 1 s of the start, with
// 100,000 stored sessions.
func BenchmarkServe(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "interlock")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	w, err := newDemoWorld(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	fillSessions(b, w, 100_000)
	addr := "127.0.0.1:18473"
	began := time.Now()
	cmd := exec.CommandContext(b.Context(), bin, "serve", "--config", w.config)
	cmd.Env = append(os.Environ(), "INTERLOCK_HTTP_ADDR="+addr)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
	for !isReady(b, addr) {
		if time.Since(began) > time.Minute {
			b.Fatal("not ready after a minute")
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.ReportMetric(time.Since(began).Seconds(), "ready-s")
	time.Sleep(10 * time.Second)
	b.ReportMetric(rss(b, cmd.Process.Pid), "idle-MB")
	b.ReportMetric(0, "ns/op")
}

func isReady(b *testing.B, addr string) bool {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// rss is the resident memory of a process in MB, as the kernel counts it.
func rss(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := strings.CutPrefix(string(line), "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1000
		}
	}
	return 0
}

// fillSessions writes so many sessions past the store, whose own way makes each
// one durable and would take minutes.
func fillSessions(b *testing.B, w *demoWorld, n int) {
	b.Helper()
	a := w.wired(b)
	if err := a.close(); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(a.cfg.DataDir, "interlock.db"))
	if err != nil {
		b.Fatal(err)
	}
	_, err = db.ExecContext(b.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO sessions (org, id, thread, origin, head, opened, moved)
		SELECT ?, 's' || i, 't' || i, 't' || i, x'', i, i FROM n`, n, demoOrg)
	if err := errors.Join(err, db.Close()); err != nil {
		b.Fatal(err)
	}
}
