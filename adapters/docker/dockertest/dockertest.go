// Package dockertest helps tests that need real sandboxes. It must never be
// imported by what is no test.
package dockertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "runner")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "interlock-runner")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "interlock/adapters/docker/runner")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	c.Stderr = os.Stderr
	return path, c.Run()
})

// Runner is a runner of this very code, built once for a test program.
func Runner(tb testing.TB) string {
	tb.Helper()
	path, err := build()
	if err != nil {
		tb.Fatalf("build runner: %v", err)
	}
	return path
}
