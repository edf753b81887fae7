package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"interlock/adapters/docker/dockertest"
	"interlock/agent"
	"interlock/config"
)

// The child has the engine and none of our secrets, comes back when it is killed,
// and leaves nothing when it is closed.
func TestSandboxdChild(t *testing.T) {
	t.Setenv("INTERLOCK_TEST_SECRET", "hunter2-of-this-test")
	dir := t.TempDir()
	cfg := config.Default()
	cfg.DataDir, cfg.Sandbox.Runner, cfg.Sandbox.Spares = dir, dockertest.Runner(t), 0
	k, err := startSandboxd(t.Context(), orderOf(cfg, filepath.Join(dir, egressSocket), childSocket(dir)), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	run := func(call, text string) (string, error) {
		out, err := k.Exec(t.Context(), agent.Command{Org: "acme", Session: "s", Call: call, In: agent.InSession, Argv: []string{"sh", "-c", text}})
		return strings.TrimSpace(string(out.Stdout)), err
	}
	if got, err := run("a", "echo kept > a; cat a"); got != "kept" || err != nil {
		t.Fatalf("%q %v", got, err)
	}
	pid := childOf(t)
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || bytes.Contains(env, []byte("hunter2")) || !bytes.Contains(env, []byte("PATH=")) {
		t.Errorf("its environment: %q %v", env, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var got string
	for range 100 {
		if got, err = run("b", "cat a"); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got != "kept" || err != nil || childOf(t) == pid {
		t.Errorf("after it was killed: %q %v", got, err)
	}
	if _, err := k.Sweep(t.Context(), func(context.Context, string, string, string) bool { return false }); err != nil {
		t.Error(err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if gone := syscall.Kill(childOf(t), 0); !errors.Is(gone, syscall.ESRCH) {
		t.Errorf("it is still there: %v", gone)
	}
	left, err := os.ReadDir(filepath.Join(dir, "workspaces"))
	if err != nil || len(left) > 0 {
		t.Errorf("left %v %v", left, err)
	}
}

// childOf is our child that is a sandboxd, or a process that cannot be.
func childOf(t *testing.T) int {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range procs {
		if !strings.HasPrefix(p, fmt.Sprintf("/proc/%d/", os.Getpid())) {
			continue
		}
		b, _ := os.ReadFile(p)
		for _, id := range strings.Fields(string(b)) {
			line, _ := os.ReadFile("/proc/" + id + "/cmdline")
			var pid int
			if _, err := fmt.Sscan(id, &pid); err == nil && bytes.Contains(line, []byte("sandboxd\x00--child")) {
				return pid
			}
		}
	}
	return 1 << 30
}

// A sandboxd apart reads the configuration without its secrets, and allows what
// stands there.
func TestSandboxdOrder(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Orgs = map[string]config.Org{"acme": {
		Profiles: map[string]config.Profile{"net": {Image: "tools:1"}},
		Stacks:   map[string]config.Stack{"web": {State: "/srv/state", Image: "tofu:1", Mounts: []config.Mount{{From: "/srv/world", To: "/world", Write: true}}}},
	}}
	o := orderOf(cfg, "/e", "/s")
	want := []agent.Mount{{From: "data/providers", To: "/providers"}, {From: "/srv/state", To: "/state", Write: true}, {From: "/srv/world", To: "/world", Write: true}}
	if fmt.Sprint(o.Rules.Mounts) != fmt.Sprint(want) || !strings.Contains(fmt.Sprint(o.Rules.Images), "tools:1") || o.Options.Egress != "/e" {
		t.Errorf("%+v", o.Rules)
	}
	if o.Options.Log != nil {
		t.Error("an order cannot carry a log")
	}
}

// What the child of a killed parent takes away is not its successor's.
func TestChildSocketsDiffer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, other := childSocket(dir), childSocket(dir)
	if one == other {
		t.Error("two parents have the same socket")
	}
}
