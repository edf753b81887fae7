package docker

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"interlock/agent"
)

// gitDir is the folder of a seed with its history, by agent.Seed.
const gitDir = ".git/"

// plant fills the folder of a seed, and that of its history, in the place of whatever
// was there.
func (s *Sandbox) plant(root *os.Root, dir string, files map[string][]byte) error {
	tree, history := map[string][]byte{}, map[string][]byte{}
	for name, b := range files {
		if below, ok := strings.CutPrefix(name, gitDir); ok {
			history[below] = b
		} else {
			tree[name] = b
		}
	}
	kept := agent.HistoryDir(dir)
	if fi, err := root.Lstat(path.Dir(kept)); err == nil && !fi.IsDir() { // a command put something else there
		_ = root.Remove(path.Dir(kept))
	}
	if err := errors.Join(root.RemoveAll(dir), root.RemoveAll(kept)); err != nil {
		return fmt.Errorf("clear folder: %w", err)
	}
	if len(history) > 0 {
		tree[path.Clean(gitDir)] = []byte("gitdir: " + path.Join(workDir, kept) + "\n")
		if err := s.fill(root, kept, history); err != nil {
			return err
		}
	}
	if err := s.fill(root, dir, tree); err != nil {
		return err
	}
	return date(root, dir, tree)
}

// date gives files the time of seeds, which an index made before them knows.
func date(root *os.Root, dir string, files map[string][]byte) error {
	for name := range files {
		if err := root.Chtimes(path.Join(dir, name), agent.SownAt(), agent.SownAt()); err != nil {
			return fmt.Errorf("date file: %w", err)
		}
	}
	return nil
}
