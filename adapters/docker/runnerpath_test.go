package docker

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestFindRunner(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("INTERLOCK_CACHE", dir)
	if _, err := findRunner(""); !errors.As(err, new(*RunnerError)) || !strings.Contains(err.Error(), "setup.sh runner") {
		t.Errorf("nowhere: %v", err)
	}
	for asked, file := range map[string]string{"": "runner-linux-" + runtime.GOARCH, filepath.Join(dir, "mine"): "mine"} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := findRunner(asked); err != nil || got != path {
			t.Errorf("asked for %q: %s, %v", asked, got, err)
		}
	}
	if _, err := findRunner(dir); err == nil {
		t.Error("a folder is a runner")
	}
}

// What a container gets to see is a copy that nobody but us can change.
func TestRunnerIsCopied(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	at, err := s.Runner()
	if err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(at)
	if err != nil || fi.Mode().Perm() != 0o755 || !strings.HasPrefix(at, s.o.DataDir) {
		t.Errorf("%s: %v, %v", at, fi.Mode(), err)
	}
	if again, err := s.Runner(); err != nil || again != at {
		t.Errorf("asked again: %s, %v", again, err)
	}
}
