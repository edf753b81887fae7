package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"interlock/adapters/docker/dockertest"
	"interlock/agent"
)

// testImage is any image with the applets of busybox.
func testImage() string {
	return orDefault(os.Getenv("INTERLOCK_TEST_IMAGE"), "interlock-sandbox:demo")
}

func drop(context.Context, string, string, string) bool { return false }

// open makes a sandbox of its own instance, which must leave nothing behind.
func open(tb testing.TB, o Options) *Sandbox {
	tb.Helper()
	o.Image = orDefault(o.Image, testImage())
	o.Runner = orDefault(o.Runner, dockertest.Runner(tb))
	o.DataDir = orDefault(o.DataDir, tb.TempDir())
	o.Instance = orDefault(o.Instance, fmt.Sprint(tb.Name(), "/", os.Getpid()))
	o.Grace = orDefault(o.Grace, 30*time.Second)
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		if err := s.dropSpares(ctx); err != nil {
			tb.Error(err)
		}
		if _, err := s.Sweep(ctx, drop); err != nil {
			tb.Error(err)
		}
		if n := len(containers(ctx, tb, s)); n != 0 {
			tb.Errorf("%d containers left", n)
		}
		_ = s.Close()
	})
	if _, err := s.Image(tb.Context(), ""); err != nil {
		tb.Fatalf("%v; these tests need an engine and an image: scripts/setup.sh image", err)
	}
	return s
}

// containers are those that are there, and not on their way out.
func containers(ctx context.Context, tb testing.TB, s *Sandbox) (ids []string) {
	tb.Helper()
	l, err := s.cli.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("label", labelInstance+"="+s.o.Instance),
	})
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range l.Items {
		w := s.cli.ContainerWait(ctx, c.ID, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
		select {
		case <-w.Result:
		case err := <-w.Error:
			if !cerrdefs.IsNotFound(err) {
				tb.Error(err)
			}
		case <-time.After(time.Second):
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func fresh(call string, argv ...string) agent.Command {
	return agent.Command{Org: "acme", Session: "s1", Call: call, In: agent.InFresh, Argv: argv}
}

func inSession(argv ...string) agent.Command {
	return agent.Command{Org: "acme", Session: "s1", Call: "c1", In: agent.InSession, Argv: argv}
}

func sh(script string) []string { return []string{"sh", "-c", script} }

func exec(tb testing.TB, s *Sandbox, c agent.Command) agent.Output {
	tb.Helper()
	out, err := s.Exec(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// stop runs a command and stops it when it has written the file "ready".
func stop(t *testing.T, s *Sandbox, c agent.Command) agent.Output {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready := filepath.Join(s.callDir(s.callName(c)), workSub, "ready")
	if c.In == agent.InSession {
		ready = filepath.Join(s.o.DataDir, workspacesDir, s.sessionName(c), workSub, "ready")
	}
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if _, err := os.Stat(ready); err == nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	out, err := s.Exec(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The same command, gentle and stubborn.
const (
	gentle   = `trap 'echo saved >state; echo bye; exit 4' INT; echo on; >ready; while :; do sleep 0.05; done`
	stubborn = `trap '' INT TERM; echo on; setsid sleep 1000 & >ready; while :; do sleep 0.05; done`
)

func TestNewNeedsFolderAndInstance(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil {
		t.Error("the zero options made a sandbox")
	}
}

func TestMissingEngine(t *testing.T) {
	t.Parallel()
	s, err := New(Options{Engine: "unix://" + t.TempDir() + "/none.sock", DataDir: t.TempDir(), Instance: "x", Image: "i"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, pingErr := s.Ping(t.Context())
	_, execErr := s.Exec(t.Context(), fresh("c", "true"))
	_, sessErr := s.Exec(t.Context(), inSession("true"))
	_, imageErr := s.Image(t.Context(), "")
	for _, err := range []error{pingErr, execErr, sessErr, imageErr} {
		var missing *EngineError
		if !errors.As(err, &missing) || strings.Contains(missing.Error(), "\n") || !strings.Contains(missing.Error(), "setup.sh engine") {
			t.Errorf("got %v", err)
		}
	}
}

func TestFindEngine(t *testing.T) {
	t.Setenv(client.EnvOverrideHost, "tcp://127.0.0.1:1")
	for asked, want := range map[string]string{"": "tcp://127.0.0.1:1", "unix:///x": "unix:///x"} {
		if got := findEngine(asked); got != want {
			t.Errorf("%q: %q", asked, got)
		}
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	id, err := s.Image(t.Context(), "")
	if err != nil || !strings.HasPrefix(id, "sha256:") {
		t.Errorf("default image: %q, %v", id, err)
	}
	if _, err := s.Image(t.Context(), "interlock-none:none"); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("missing image: %v", err)
	}
	c := fresh("c", "true")
	c.Image = "interlock-none:none"
	var missing *ImageError
	if _, err := s.Exec(t.Context(), c); !errors.As(err, &missing) || errors.Is(err, agent.ErrNotFound) {
		t.Errorf("command in a missing image: %v", err)
	}
	if out := exec(t, s, fresh("d", "true")); out.Image != id {
		t.Errorf("ran in %q, not %q", out.Image, id)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	e, err := open(t, Options{}).Ping(t.Context())
	if err != nil || e.Version == "" || e.API == "" || e.Runc == "" || e.OS == "" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestRefusedCommands(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	for name, change := range map[string]func(*agent.Command){
		"nowhere":            func(c *agent.Command) { c.In = agent.Nowhere },
		"no command":         func(c *agent.Command) { c.Argv = nil },
		"file above":         func(c *agent.Command) { c.Files = map[string][]byte{"../x": nil} },
		"file inside above":  func(c *agent.Command) { c.Files = map[string][]byte{"a/../../x": nil} },
		"absolute file":      func(c *agent.Command) { c.Files = map[string][]byte{"/etc/x": nil} },
		"file is the folder": func(c *agent.Command) { c.Files = map[string][]byte{".": nil} },
		"file without name":  func(c *agent.Command) { c.Files = map[string][]byte{"": nil} },
		"backslash":          func(c *agent.Command) { c.Files = map[string][]byte{`a\..\b`: nil} },
		"zero byte":          func(c *agent.Command) { c.Files = map[string][]byte{"a\x00b": nil} },
		"collect above":      func(c *agent.Command) { c.Collect = []string{"../output.json"} },
		"folder above":       func(c *agent.Command) { c.Dir = "../.." },
		"mount on root":      func(c *agent.Command) { c.Mounts = []agent.Mount{{From: "/tmp", To: "/"}} },
		"mount from nowhere": func(c *agent.Command) { c.Mounts = []agent.Mount{{From: "tmp", To: "/x"}} },
		"mount bends":        func(c *agent.Command) { c.Mounts = []agent.Mount{{From: "/tmp", To: "/x/../etc"}} },
		"too much input":     func(c *agent.Command) { c.Stdin = make([]byte, stdinLimit+1) },
		"mount in session": func(c *agent.Command) {
			c.In, c.Mounts = agent.InSession, []agent.Mount{{From: "/tmp", To: "/x"}}
		},
		"seed above": func(c *agent.Command) { c.Seed = &agent.Seed{Dir: "../x"} },
	} {
		c := fresh(name, "true")
		change(&c)
		if _, err := s.Exec(t.Context(), c); err == nil {
			t.Errorf("%s: ran", name)
		}
	}
	if ids := containers(t.Context(), t, s); len(ids) != 0 {
		t.Errorf("containers: %v", ids)
	}
}
