package dockertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// gitTag names the image that GitImage makes.
const gitTag = "interlock-sandbox:test-git"

// GitImage is an image like another one and with the Git of this machine in it, made
// once for a test program.
func GitImage(tb testing.TB, from string) string {
	tb.Helper()
	if err := withGit(tb.Context(), from); err != nil {
		tb.Fatalf("make an image with git: %v", err)
	}
	return gitTag
}

var (
	making sync.Mutex
	made   bool
)

func withGit(ctx context.Context, from string) error {
	making.Lock()
	defer making.Unlock()
	if made {
		return nil
	}
	files, err := gitFiles(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "git-image")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tar := exec.CommandContext(ctx, "tar", append([]string{"-c", "-h", "-f", filepath.Join(dir, "git.tar"), "-C", "/"}, files...)...) //nolint:gosec // our own list
	if out, err := tar.CombinedOutput(); err != nil {
		return fmt.Errorf("pack git: %w: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+from+"\nADD git.tar /\n"), 0o600); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "docker", "build", "-q", "-t", gitTag, dir) //nolint:gosec // our own folder
	build.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	made = true
	return nil
}

// gitFiles are the program and what it is linked with, without the leading slash.
func gitFiles(ctx context.Context) ([]string, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "ldd", git).Output() //nolint:gosec // as found
	if err != nil {
		return nil, fmt.Errorf("list libraries of %s: %w", git, err)
	}
	files := []string{git}
	for word := range strings.FieldsSeq(string(out)) {
		if filepath.IsAbs(word) {
			files = append(files, word)
		}
	}
	slices.Sort(files)
	for i := range files {
		files[i] = strings.TrimPrefix(files[i], "/")
	}
	return slices.Compact(files), nil
}
