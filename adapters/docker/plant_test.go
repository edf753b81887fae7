package docker

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
)

// A seed with a history is a work tree; nobody who searches the code meets the
// history, and a link in its place is not followed.
func TestPlant(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	outside := filepath.Join(s.o.DataDir, workspacesDir, "outside")
	if err := os.Mkdir(outside, 0o777); err != nil {
		t.Fatal(err)
	}
	exec(t, s, inSession(sh("mkdir -p .history web; touch web/old; ln -s "+outside+" .history/web")...))
	c := inSession(sh("cat web/.git .history/web/HEAD; find web -type f | sort; ls -l --full-time web/a.tf | grep -c 2001-09-09")...)
	c.Seed = &agent.Seed{Dir: "web", Files: func() (map[string][]byte, error) {
		return map[string][]byte{"a.tf": []byte("a"), ".git/HEAD": []byte("ref: x\n"), ".git/objects/pack/p": nil}, nil
	}}
	if got := string(exec(t, s, c).Stdout); got != "gitdir: /work/.history/web\nref: x\nweb/.git\nweb/a.tf\n1\n" {
		t.Errorf("%q", got)
	}
	exec(t, s, inSession(sh("rm -r .history; ln -s "+outside+" .history")...))
	c.Seed = &agent.Seed{Dir: "evil", Files: func() (map[string][]byte, error) { return map[string][]byte{".git/x": nil}, nil }}
	c.Argv = sh("test ! -L .history && test -f .history/evil/x && echo there")
	if got := string(exec(t, s, c).Stdout); got != "there\n" {
		t.Errorf("in the place of a link: %q", got)
	}
	if found, _ := os.ReadDir(outside); len(found) != 0 {
		t.Errorf("written outside: %v", found)
	}
}

// A command of a session brings files back, and no link.
func TestSessionCollects(t *testing.T) {
	t.Parallel()
	s := open(t, Options{FileSize: 128 << 20})
	c := inSession(sh("mkdir a; echo one >a/f; ln -s /etc/passwd link; ln -s a dir; head -c 70000000 /dev/zero >big")...)
	c.Collect = []string{"a/f", "link", "dir/f", "big", "none"}
	out := exec(t, s, c)
	want := map[string][]byte{"a/f": []byte("one\n")}
	if !maps.EqualFunc(out.Files, want, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("%q", out.Files)
	}
	for _, name := range []string{"link", "dir/f", "big"} {
		if !strings.Contains(string(out.Stderr), name+" was not brought back") {
			t.Errorf("%s: %q", name, out.Stderr)
		}
	}
	if again := exec(t, s, inSession("cat", "a/f")); string(again.Stdout) != "one\n" {
		t.Errorf("the session does not go on: %q %q", again.Stdout, again.Stderr)
	}
}
