package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// State is what became of a provider in the mirror. The zero value is nothing.
type State string

// A provider was not there before, was there as the lock file has it, or was there
// otherwise and has been replaced.
const (
	Fetched State = "fetched"
	Kept    State = "kept"
	Mended  State = "mended"
)

// Result is one provider that is in the mirror now, verified.
type Result struct {
	State  State
	Signer string // id of the key that signed; empty when nothing was downloaded, or there is no key to check with
	// Useless says that OpenTofu will not take it for this lock file, which has
	// hashes of unpacked providers, but none of this platform's.
	Useless bool
}

// Folder is where a mirror is and what it is for.
type Folder struct {
	Path     string // what OpenTofu reads: HOST/NAMESPACE/TYPE/VERSION/OS_ARCH
	Platform string // as linux_amd64
	Most     int64  // bytes of one provider, packed and unpacked; 0 is 1 GiB
}

// Mirror is a folder of unpacked providers, in the hands of this process alone. It
// is not safe for concurrent use.
type Mirror struct {
	Folder
	client *Client
	lock   *os.File
	work   string // beside the folder, because OpenTofu fails on folders that come and go
}

// ErrBusy reports that another process has the mirror.
var ErrBusy = errors.New("another fetch is at work in this mirror: wait for its end")

const (
	defaultMost = 1 << 30
	workSuffix  = ".work"
)

// Open takes the mirror, and makes its folder. It answers ErrBusy, or a RefusedError
// for a platform that is none. Whoever opens closes.
func Open(f Folder, c *Client) (*Mirror, error) {
	if !fits(platforms, f.Platform) {
		return nil, refuse("%.*q is no platform such as linux_amd64", partLimit, f.Platform)
	}
	if f.Most == 0 {
		f.Most = defaultMost
	}
	m := &Mirror{Folder: f, client: c, work: filepath.Clean(f.Path) + workSuffix}
	if err := errors.Join(os.MkdirAll(m.work, 0o700), os.MkdirAll(f.Path, 0o755)); err != nil {
		return nil, fmt.Errorf("make mirror: %w", err)
	}
	if err := os.Chmod(f.Path, 0o755); err != nil { //nolint:gosec // sandboxes read it
		return nil, fmt.Errorf("make mirror: %w", err)
	}
	if err := m.take(); err != nil {
		return nil, fmt.Errorf("lock mirror: %w", err)
	}
	if err := m.clear(); err != nil {
		return nil, errors.Join(fmt.Errorf("clear mirror: %w", err), m.Close())
	}
	return m, nil
}

// take holds a lock as long as this process lives, however it ends.
func (m *Mirror) take() error {
	f, err := os.OpenFile(filepath.Join(m.work, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // a descriptor is small
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrBusy
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	m.lock = f
	return nil
}

// clear removes what a process that was killed left.
func (m *Mirror) clear() error {
	left, err := filepath.Glob(filepath.Join(m.work, "new-*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// Close gives the mirror back.
func (m *Mirror) Close() error { return m.lock.Close() }

// Fetch has a provider in the mirror afterwards as the lock file has it, or answers
// why not; a RefusedError is what will not change by itself. What is there already
// with a hash of the lock file is kept, and nobody is asked. What is there otherwise
// is replaced, once the right one is here.
func (m *Mirror) Fetch(ctx context.Context, l Locked) (Result, error) {
	if len(l.Hashes) == 0 {
		return Result{}, refuse("the lock file has no hash of it")
	}
	at := filepath.Join(m.Path, l.Provider.Host, l.Provider.Namespace, l.Provider.Type, l.Version, m.Platform)
	have, damage := hashOf(at)
	if damage == nil && l.has(have) {
		return Result{State: Kept}, nil
	}
	tmp, err := os.MkdirTemp(m.work, "new-")
	if err != nil {
		return Result{}, fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	got, err := m.bring(ctx, l, tmp)
	if err != nil {
		return Result{}, err
	}
	r := Result{State: Fetched, Signer: got.signer, Useless: !l.has(got.hash) && l.unpacked()}
	switch {
	case damage == nil && have == got.hash:
		r.State = Kept
		return r, nil
	case !errors.Is(damage, fs.ErrNotExist):
		r.State = Mended
	}
	return r, m.place(filepath.Join(tmp, newDir), at, tmp)
}

// unpacked tells whether the lock file has hashes of unpacked providers. Where it
// has none, OpenTofu takes what is in a mirror without a look.
func (l Locked) unpacked() bool {
	for _, h := range l.Hashes {
		if strings.HasPrefix(h, "h1:") {
			return true
		}
	}
	return false
}

// place moves a verified folder to where it belongs. A run that reads the mirror
// meets the old one, the new one or, for a moment, none; never a part.
func (m *Mirror) place(from, at, tmp string) error {
	for dir := filepath.Dir(at); dir != filepath.Clean(m.Path); dir = filepath.Dir(dir) {
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)); err != nil { //nolint:gosec // sandboxes read it
			return fmt.Errorf("make folder: %w", err)
		}
	}
	if err := os.Rename(at, filepath.Join(tmp, "old")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace provider: %w", err)
	}
	if err := os.Rename(from, at); err != nil {
		return fmt.Errorf("place provider: %w", err)
	}
	return nil
}
