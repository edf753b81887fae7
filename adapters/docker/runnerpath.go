package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// RunnerError reports that a container's runner is not there or does not work.
type RunnerError struct{ Err error }

// Error is one line for a person.
func (e *RunnerError) Error() string {
	return fmt.Sprintf("the sandbox's runner does not work: %s; put interlock-runner beside the program (make build makes it), or name it in sandbox.runner; in a checkout run scripts/setup.sh runner", e.Err)
}

// Unwrap is the cause.
func (e *RunnerError) Unwrap() error { return e.Err }

// findRunner prefers what was asked for, then what is beside this program, then
// what the setup script made.
func findRunner(asked string) (string, error) {
	tried := []string{asked}
	if asked == "" {
		tried = nil
		if self, err := os.Executable(); err == nil {
			beside := filepath.Join(filepath.Dir(self), "interlock-runner")
			tried = append(tried, beside, beside+"-linux-"+runtime.GOARCH)
		}
		tried = append(tried, filepath.Join(cacheDir(), "runner-linux-"+runtime.GOARCH))
	}
	for _, path := range tried {
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", &RunnerError{Err: fs.ErrNotExist}
}

// cacheDir is where the setup script keeps what it makes.
func cacheDir() string {
	if dir := os.Getenv("INTERLOCK_CACHE"); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(orDefault(os.Getenv("XDG_CACHE_HOME"), filepath.Join(home, ".cache")), "interlock")
}

// Runner is where the program is that containers get to see.
func (s *Sandbox) Runner() (string, error) { return s.runner() }

// runner is the program as the engine can mount it: a copy in the data folder,
// which is at the same path for the engine.
func (s *Sandbox) runner() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runnerAt != "" {
		return s.runnerAt, nil
	}
	from, err := findRunner(s.o.Runner)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return "", &RunnerError{Err: err}
	}
	if err := s.hide(filepath.Join(s.o.DataDir, insideSub)); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	to := filepath.Join(s.o.DataDir, insideSub, "runner-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		if err := writeFile(to, b, 0o755); err != nil {
			return "", fmt.Errorf("copy runner: %w", err)
		}
	}
	if err := os.Chmod(to, 0o755); err != nil { //nolint:gosec // a program: everybody may run it, and nobody may write it
		return "", fmt.Errorf("copy runner: %w", err)
	}
	s.runnerAt = to
	return to, nil
}
