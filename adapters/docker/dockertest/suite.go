package dockertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// Suite is what every agent.Sandbox on a real engine must do. Each case uses a
// session of its own.
func Suite(t *testing.T, box agent.Sandbox) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, agent.Sandbox, agent.Command){
		"a session keeps its workspace": keepsWorkspace, "a seed is sown once": sowsOnce, "a stop is heard": hearsStop,
		"a fresh call runs once": runsOnce, "files go in and out": carriesFiles, "what is not there is not found": findsNothing,
		"input and code come through": carriesCode, "a command that no sandbox may run": refuses, "a limit ends it": endsByLimit,
		"a session brings files back": bringsBack, "a history is kept apart": keepsHistory,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, box, agent.Command{Org: "acme", Session: t.Name(), Call: t.Name(), In: agent.InSession})
		})
	}
}

func sh(c agent.Command, text string) agent.Command {
	c.Argv = []string{"sh", "-c", text}
	return c
}

func out(t *testing.T, box agent.Sandbox, c agent.Command) string {
	t.Helper()
	o, err := box.Exec(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if o.Code != 0 {
		t.Fatalf("code %d: %s", o.Code, o.Stderr)
	}
	return strings.TrimSpace(string(o.Stdout))
}

func keepsWorkspace(t *testing.T, box agent.Sandbox, c agent.Command) {
	out(t, box, sh(c, "echo kept > a"))
	if got := out(t, box, sh(c, "cat a")); got != "kept" {
		t.Errorf("%q", got)
	}
	c.Session += "/other"
	if got := out(t, box, sh(c, "cat a 2>/dev/null || echo none")); got != "none" {
		t.Errorf("another session reads %q", got)
	}
}

func sowsOnce(t *testing.T, box agent.Sandbox, c agent.Command) {
	asked := 0
	c.Seed = &agent.Seed{Dir: "code", Files: func() (map[string][]byte, error) {
		asked++
		return map[string][]byte{"x/main.tf": []byte("one")}, nil
	}}
	c.Dir = "code"
	if got := out(t, box, sh(c, "cat x/main.tf && echo two > x/main.tf")); got != "one" {
		t.Errorf("%q", got)
	}
	if got := out(t, box, sh(c, "cat x/main.tf")); got != "two" || asked != 1 {
		t.Errorf("%q, asked %d times", got, asked)
	}
	c.Session += "/broken"
	c.Seed.Files = func() (map[string][]byte, error) { return nil, errors.New("no such commit") }
	if _, err := box.Exec(t.Context(), sh(c, "true")); err == nil || !strings.Contains(err.Error(), "no such commit") {
		t.Errorf("a seed that cannot be read: %v", err)
	}
}

func hearsStop(t *testing.T, box agent.Sandbox, c agent.Command) {
	for _, in := range []agent.Container{agent.InSession, agent.InFresh} {
		c.In = in
		out(t, box, sh(c, "true")) // so that there is a container, or one in advance
		c.Call += "/stopped"
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		o, err := box.Exec(ctx, sh(c, "trap 'echo saved; exit 7' INT; echo begun; while :; do sleep 0.1; done"))
		cancel()
		if err != nil || !o.Stopped || o.Code != 7 || !strings.Contains(string(o.Stdout), "saved") {
			t.Errorf("%v: %+v %v", in, o, err)
		}
	}
}

func runsOnce(t *testing.T, box agent.Sandbox, c agent.Command) {
	c.In = agent.InFresh
	c = sh(c, "cat /proc/sys/kernel/random/uuid")
	if _, err := box.Collect(t.Context(), c); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("before it ran: %v", err)
	}
	first := out(t, box, c)
	if again := out(t, box, c); again != first {
		t.Errorf("it ran twice: %q and %q", first, again)
	}
	o, err := box.Collect(t.Context(), c)
	if err != nil || strings.TrimSpace(string(o.Stdout)) != first {
		t.Errorf("collected %q %v", o.Stdout, err)
	}
}

func carriesFiles(t *testing.T, box agent.Sandbox, c agent.Command) {
	c.In = agent.InFresh
	c.Files = map[string][]byte{"in/a": []byte("a\x00b")}
	c.Collect = []string{"out", "none"}
	o, err := box.Exec(t.Context(), sh(c, "cat in/a in/a > out"))
	if err != nil || string(o.Files["out"]) != "a\x00ba\x00b" || len(o.Files) != 1 {
		t.Errorf("%+v %v", o, err)
	}
}

func findsNothing(t *testing.T, box agent.Sandbox, c agent.Command) {
	if id, err := box.Image(t.Context(), ""); err != nil || id == "" {
		t.Errorf("the default image: %q %v", id, err)
	}
	if _, err := box.Image(t.Context(), "no-such-image:x"); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("an image that is not there: %v", err)
	}
	c.Argv = []string{"no-such-program"}
	o, err := box.Exec(t.Context(), c)
	if err != nil || o.Code != 127 || !strings.Contains(string(o.Stderr), "no-such-program") {
		t.Errorf("%+v %v", o, err)
	}
}

func carriesCode(t *testing.T, box agent.Sandbox, c agent.Command) {
	c.Stdin = []byte("hello")
	for _, in := range []agent.Container{agent.InSession, agent.InFresh} {
		c.In = in
		o, err := box.Exec(t.Context(), sh(c, "cat; echo no >&2; exit 3"))
		if err != nil || o.Code != 3 || string(o.Stdout) != "hello" || string(o.Stderr) != "no\n" || o.Image == "" {
			t.Errorf("%v: %+v %v", in, o, err)
		}
	}
}

func refuses(t *testing.T, box agent.Sandbox, c agent.Command) {
	for name, bad := range map[string]agent.Command{
		"no container":          {Org: "acme", Session: "s", Call: "c", Argv: []string{"true"}},
		"a mount for a session": {Org: "acme", Session: "s", Call: "c", In: agent.InSession, Argv: []string{"true"}, Mounts: []agent.Mount{{From: "/tmp", To: "/x"}}},
		"a folder outside":      {Org: "acme", Session: "s", Call: "c", In: agent.InFresh, Argv: []string{"true"}, Dir: "../x"},
		"a file outside":        {Org: "acme", Session: "s", Call: "c", In: agent.InFresh, Argv: []string{"true"}, Files: map[string][]byte{"../x": nil}},
	} {
		if _, err := box.Exec(t.Context(), bad); err == nil {
			t.Errorf("%s: it ran", name)
		}
	}
	out(t, box, sh(c, "true"))
}

func endsByLimit(t *testing.T, box agent.Sandbox, c agent.Command) {
	c.Limit = time.Second
	o, err := box.Exec(t.Context(), sh(c, "exec sleep 100"))
	if err != nil || !o.Stopped || !strings.Contains(string(o.Stderr), "time limit of 1s") {
		t.Errorf("%+v %v", o, err)
	}
}

func bringsBack(t *testing.T, box agent.Sandbox, c agent.Command) {
	c.Collect = []string{"a/out", "none"}
	o, err := box.Exec(t.Context(), sh(c, "mkdir a; printf 'a\\0b' > a/out"))
	if err != nil || string(o.Files["a/out"]) != "a\x00b" || len(o.Files) != 1 {
		t.Errorf("%+v %v", o, err)
	}
	if got := out(t, box, sh(c, "wc -c <a/out")); got != "3" {
		t.Errorf("then it is %q", got)
	}
}

func keepsHistory(t *testing.T, box agent.Sandbox, c agent.Command) {
	c.Dir, c.Seed = "code", &agent.Seed{Dir: "code", Files: func() (map[string][]byte, error) {
		return map[string][]byte{"main.tf": []byte("x"), ".git/HEAD": []byte("ref: y\n"), ".git/refs/heads/y": []byte("z")}, nil
	}}
	if got := out(t, box, sh(c, "ls -A | sort; cat .git; cat $(sed 's/gitdir: //' .git)/HEAD; date -r main.tf +%Y")); got != ".git\nmain.tf\ngitdir: /work/.history/code\nref: y\n2001" {
		t.Errorf("%q", got)
	}
}
