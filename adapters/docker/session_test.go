package docker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"interlock/agent"
)

func TestSessionKeepsItsWorkspace(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	exec(t, s, inSession(sh("mkdir -p a/b; echo kept >a/b/f")...))
	c := inSession(sh("pwd; cat f; cat; exit 7")...)
	c.Dir, c.Stdin = "a/b", []byte("typed")
	if out := exec(t, s, c); string(out.Stdout) != "/work/a/b\nkept\ntyped" || out.Code != 7 || out.Stopped || out.Image == "" {
		t.Errorf("%+v %q %q", out, out.Stdout, out.Stderr)
	}
	other := inSession("ls")
	other.Session = "s2"
	if out := exec(t, s, other); len(out.Stdout) != 0 {
		t.Errorf("another session sees %q", out.Stdout)
	}
	other.Session, other.Org = "s1", "other"
	if out := exec(t, s, other); len(out.Stdout) != 0 {
		t.Errorf("another organisation sees %q", out.Stdout)
	}
	if n := len(containers(t.Context(), t, s)); n != 3 {
		t.Errorf("%d containers for three sessions", n)
	}
}

func TestSessionSurvivesItsContainer(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	exec(t, s, inSession(sh("echo kept >f")...))
	if err := s.kill(t.Context(), s.sessionName(inSession())); err != nil {
		t.Fatal(err)
	}
	if out := exec(t, s, inSession("cat", "f")); string(out.Stdout) != "kept\n" {
		t.Errorf("after a kill: %q", out.Stdout)
	}
}

func TestSessionIsStopped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script, out string
		code        int
		grace       time.Duration
	}{
		"gently":   {gentle, "on\nbye\n", 4, 0},
		"by force": {stubborn, "on\n", killedCode, 200 * time.Millisecond},
		"detached": {`(trap '' INT; env -i setsid sleep 1000 &) ; echo on; >ready; sleep 1000`, "on\n", 130, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, Options{Grace: c.grace})
			out := stop(t, s, inSession(sh(c.script)...))
			if !out.Stopped || string(out.Stdout) != c.out || out.Code != c.code && (out.Code != killedCode || c.grace == 0) {
				t.Errorf("%d %v %q %q", out.Code, out.Stopped, out.Stdout, out.Stderr)
			}
			out = exec(t, s, inSession(sh(`ps -o args | grep -c '[s]leep 1000'`)...))
			if string(out.Stdout) != "0\n" {
				t.Errorf("still there: %q", out.Stdout)
			}
		})
	}
}

// An engine without an init for containers must do too.
func TestWithoutInit(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	s.facts = &facts{}
	for _, c := range []agent.Command{fresh("c", sh(gentle)...), inSession(sh(gentle)...)} {
		if out := stop(t, s, c); !out.Stopped || out.Code != 4 || string(out.Stdout) != "on\nbye\n" {
			t.Errorf("%+v %q", out, out.Stdout)
		}
	}
	for range 2 {
		exec(t, s, inSession(sh("sleep 0 & wait")...))
		if out := exec(t, s, inSession(sh("ps -o stat,args | grep -c '^Z'")...)); string(out.Stdout) != "0\n" {
			t.Errorf("zombies: %q", out.Stdout)
		}
	}
}

// A command may use up the processes; the next one must not suffer.
func TestSessionFullOfProcesses(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Pids: 16})
	out := exec(t, s, inSession(sh("for i in $(seq 32); do setsid sleep 1000 >/dev/null 2>&1 & done")...))
	if out.Code == 0 {
		t.Errorf("all were started: %q", out.Stderr)
	}
	if out := exec(t, s, inSession(sh("sleep 0 & wait; ps -o args | grep -c '[s]leep 1000'")...)); string(out.Stdout) != "0\n" || len(out.Stderr) != 0 {
		t.Errorf("%d %q %q", out.Code, out.Stdout, out.Stderr)
	}
}

// A child that holds the output open must not hold the call.
func TestBackgroundChild(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := inSession(sh("sleep 20 & echo out")...)
	c.Limit = 15 * time.Second
	if out := exec(t, s, c); out.Stopped || string(out.Stdout) != "out\n" {
		t.Errorf("%v %q", out.Stopped, out.Stdout)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	sown := 0
	var fail error
	c := inSession("cat", "repo/a/f")
	c.Seed = &agent.Seed{Dir: "repo", Files: func() (map[string][]byte, error) {
		sown++
		return map[string][]byte{"a/f": []byte("seed"), "g": nil}, fail
	}}
	fail = errors.New("no forge")
	if _, err := s.Exec(t.Context(), c); !errors.Is(err, fail) {
		t.Errorf("a failing seed: %v", err)
	}
	fail = nil
	exec(t, s, inSession(sh("mkdir -p repo; echo half >repo/half")...))
	if out := exec(t, s, c); string(out.Stdout) != "seed" {
		t.Errorf("seed: %q %q", out.Stdout, out.Stderr)
	}
	exec(t, s, inSession(sh("test ! -e repo/half && echo mine >repo/a/f")...))
	if out := exec(t, s, c); string(out.Stdout) != "mine\n" || sown != 2 {
		t.Errorf("sown %d times, found %q", sown, out.Stdout)
	}
}

func TestSeedFollowsNoLinkOut(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	outside := filepath.Join(s.o.DataDir, workspacesDir, "outside")
	if err := os.Mkdir(outside, 0o777); err != nil {
		t.Fatal(err)
	}
	exec(t, s, inSession(sh("ln -s ../../outside evil; ln -s "+outside+" abs; ln -s ../../outside own")...))
	for _, dir := range []string{"evil/x", "abs/x"} {
		c := inSession("true")
		c.Seed = &agent.Seed{Dir: dir, Files: func() (map[string][]byte, error) { return map[string][]byte{"f": nil}, nil }}
		if _, err := s.Exec(t.Context(), c); err == nil {
			t.Errorf("%s was filled", dir)
		}
	}
	c := inSession("cat", "own/f")
	c.Seed = &agent.Seed{Dir: "own", Files: func() (map[string][]byte, error) { return map[string][]byte{"f": []byte("x")}, nil }}
	if out := exec(t, s, c); string(out.Stdout) != "x" {
		t.Errorf("a link in the place of the folder: %q", out.Stderr)
	}
	if found, _ := os.ReadDir(outside); len(found) != 0 {
		t.Errorf("written outside: %v", found)
	}
}

func TestFolderThatBends(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	exec(t, s, inSession("ln", "-s", "/proc/self/fd/7", "bent"))
	c := inSession("pwd")
	c.Dir = "bent"
	if out := exec(t, s, c); out.Code == 0 {
		t.Errorf("got into %q", out.Stdout)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	neighbour := open(t, Options{Instance: t.Name() + "-neighbour"})
	exec(t, neighbour, inSession("true"))
	kept, gone := inSession(sh("echo x >f")...), inSession("true")
	gone.Session = "s2"
	exec(t, s, kept)
	exec(t, s, gone)
	exec(t, s, fresh("over", "true"))
	open := fresh("open", "sleep", "1000")
	open.Image = testImage()
	b, err := s.blankFor(t.Context(), open)
	if err == nil {
		err = s.begin(t.Context(), open, b, s.callName(open))
	}
	if err != nil {
		t.Fatal(err)
	}
	keep := func(_ context.Context, org, session, call string) bool {
		return org == "acme" && session == "s1" && (call == "" || call == "open")
	}
	if n, err := s.Sweep(t.Context(), keep); err != nil || n != 3 { // a container with its folder, and a folder
		t.Errorf("removed %d, %v", n, err)
	}
	if n := len(containers(t.Context(), t, s)); n != 2 {
		t.Errorf("%d containers kept", n)
	}
	if out := exec(t, s, inSession("cat", "f")); string(out.Stdout) != "x\n" {
		t.Errorf("the kept workspace: %q", out.Stdout)
	}
	if n := len(containers(t.Context(), t, neighbour)); n != 1 {
		t.Errorf("the neighbour has %d containers", n)
	}
	if _, err := s.Sweep(t.Context(), drop); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{callsDir, workspacesDir} {
		if left, err := os.ReadDir(filepath.Join(s.o.DataDir, sub)); err != nil || len(left) != 0 {
			t.Errorf("%s: %v, %v", sub, left, err)
		}
	}
}

func TestSweepPassesByWhatIsInUse(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	done := make(chan agent.Output)
	c := inSession(sh("echo on >f; sleep 1; cat f")...)
	go func() {
		out, err := s.Exec(t.Context(), c)
		if err != nil {
			t.Error(err)
		}
		done <- out
	}()
	var out agent.Output
	for running := true; running; {
		select {
		case out = <-done:
			running = false
		default:
			if _, err := s.Sweep(t.Context(), drop); err != nil {
				t.Error(err)
			}
		}
	}
	if string(out.Stdout) != "on\n" {
		t.Errorf("swept away: %q %q", out.Stdout, out.Stderr)
	}
}

func TestIdleContainerGoesAndWorkspaceStays(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	exec(t, s, inSession(sh("echo x >f")...))
	s.mu.Lock()
	s.used[s.sessionName(inSession())] = time.Now().Add(-idleLimit - time.Second)
	s.mu.Unlock()
	all := func(context.Context, string, string, string) bool { return true }
	if n, err := s.Sweep(t.Context(), all); err != nil || n != 1 {
		t.Errorf("removed %d, %v", n, err)
	}
	if out := exec(t, s, inSession("cat", "f")); string(out.Stdout) != "x\n" {
		t.Errorf("the workspace: %q", out.Stdout)
	}
}

func TestContainersAreLabelled(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	exec(t, s, inSession("true"))
	l, err := s.cli.ContainerList(t.Context(), client.ContainerListOptions{Filters: client.Filters{}.Add("label", labelInstance+"="+s.o.Instance)})
	if err != nil || len(l.Items) != 1 {
		t.Fatalf("%v, %v", l, err)
	}
	got := l.Items[0]
	if got.Labels[labelOrg] != "acme" || got.Labels[labelSession] != "s1" || got.Labels[labelKind] != kindSession ||
		!strings.HasPrefix(got.Names[0], "/interlock-") {
		t.Errorf("%v %v", got.Names, got.Labels)
	}
}
