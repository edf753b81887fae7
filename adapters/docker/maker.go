package docker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// makersDir has a file for each process that makes things in advance, locked as
// long as it lives, however it ends. So what a dead one left is known at once, and
// what another one keeps ready is left to it.
const makersDir = "makers"

func (s *Sandbox) register() error {
	s.maker = strings.ToLower(rand.Text()[:12])
	f, err := os.OpenFile(s.makerFile(s.maker), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	s.living = f
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil { //nolint:gosec // a descriptor is small
		return errors.Join(fmt.Errorf("make data folder: %w", err), f.Close())
	}
	return nil
}

func (s *Sandbox) makerFile(maker string) string {
	return filepath.Join(s.o.DataDir, makersDir, maker)
}

// advance is the name of something that is made in advance; it tells its maker.
func (s *Sandbox) advance() string {
	return "interlock-" + s.maker + "-" + strings.ToLower(rand.Text()[:12])
}

// madeBy tells who made something in advance: this process, another that lives, or
// one that is dead. What was not made in advance is none of them.
func (s *Sandbox) madeBy(name string) (us, other, dead bool) {
	parts := strings.Split(name, "-")
	switch {
	case len(parts) != 3 || parts[0] != "interlock":
		return false, false, false
	case parts[1] == s.maker:
		return true, false, false
	}
	f, err := os.Open(s.makerFile(parts[1]))
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, true
	}
	if err != nil {
		return false, true, false // in doubt it lives
	}
	defer func() { _ = f.Close() }()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil { //nolint:gosec // a descriptor is small
		return false, true, false
	}
	return false, false, true
}

// sweepMakers removes the files of dead ones.
func (s *Sandbox) sweepMakers() (err error) {
	entries, err := os.ReadDir(filepath.Join(s.o.DataDir, makersDir))
	if err != nil {
		return fmt.Errorf("list makers: %w", err)
	}
	for _, e := range entries {
		if _, _, dead := s.madeBy("interlock-" + e.Name() + "-x"); dead {
			err = errors.Join(err, os.Remove(s.makerFile(e.Name())))
		}
	}
	return err
}

// unregister lets go, when nothing made in advance is left.
func (s *Sandbox) unregister() error {
	return errors.Join(os.Remove(s.makerFile(s.maker)), s.living.Close())
}
