package docker

import (
	"os"
	"path/filepath"
	"testing"
)

// A drop takes what is of one session, whoever made it, and leaves the neighbours.
func TestDrop(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	exec(t, s, inSession(sh("echo kept >f")...))
	exec(t, s, fresh("kept", "true"))
	once := fresh("c", "true")
	once.Session = "once"
	exec(t, s, once)
	own := inSession("true")
	own.Session = "once"
	exec(t, s, own)
	rival := inSession("true")
	rival.Org, rival.Session = "rival", "once"
	exec(t, s, rival)
	if err := s.Drop(t.Context(), "acme", "once"); err != nil {
		t.Fatal(err)
	}
	for sub, want := range map[string]int{callsDir: 1, workspacesDir: 2} {
		if left, err := os.ReadDir(filepath.Join(s.o.DataDir, sub)); err != nil || len(left) != want {
			t.Errorf("%s: %v, %v", sub, left, err)
		}
	}
	if n := len(containers(t.Context(), t, s)); n != 2 {
		t.Errorf("%d containers", n)
	}
	if out := exec(t, s, inSession("cat", "f")); string(out.Stdout) != "kept\n" {
		t.Errorf("the neighbour's file: %q", out.Stdout)
	}
}
