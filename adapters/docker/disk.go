package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A workspace is a folder on a disk of its own, where that can be had: then it has
// an end, and the container does not learn where on the host it is. The disk is a
// file beside the place where it is mounted.
const (
	diskFile = "disk.img"
	diskDir  = "disk"
	workSub  = diskDir + "/work" // mounted at /work
)

// furnish makes the place for a workspace below dir, or finds it again: after a
// restart of the host the disk is there and not mounted.
func (s *Sandbox) furnish(ctx context.Context, dir string) error {
	if at := filepath.Join(dir, diskDir); s.o.Disk > 0 && !isMount(at) {
		if err := mountDisk(ctx, filepath.Join(dir, diskFile), at, s.o.Disk, s.uid, s.gid); err != nil {
			return fmt.Errorf("mount workspace: %w", err)
		}
		s.mu.Lock()
		s.mounted[at] = true
		s.mu.Unlock()
	}
	work := filepath.Join(dir, workSub)
	if err := os.MkdirAll(work, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return s.chown(work)
}

// rest lets go of a disk that is not used for now: there may be very many. Who
// wants it again furnishes it again.
func (s *Sandbox) rest(ctx context.Context, dir string) {
	at := filepath.Join(dir, diskDir)
	if err := unmount(at); err != nil {
		s.o.Log.WarnContext(ctx, "a workspace stays mounted", "error", err)
		return
	}
	s.mu.Lock()
	delete(s.mounted, at)
	s.mu.Unlock()
}

// discard removes a folder and the disk in it.
func (s *Sandbox) discard(dir string) error {
	at := filepath.Join(dir, diskDir)
	if err := unmount(at); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.mounted, at)
	s.mu.Unlock()
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove folder: %w", err)
	}
	return nil
}

// hide puts what containers see of us into memory, where that can be had: the
// mounts of a container then do not name the folder of the host that it is in.
func (s *Sandbox) hide(dir string) error {
	if s.o.Disk <= 0 || s.sharing != nil {
		return nil
	}
	f, err := share(dir, syscall.LOCK_SH)
	if err != nil {
		return err
	}
	s.sharing = f
	if isMount(dir) { // by another process, perhaps one that was killed
		return nil
	}
	if err := mountMemory(dir, 64<<20); err != nil {
		return fmt.Errorf("mount %s: %w", dir, err)
	}
	return nil
}

// share takes a lock that ends with this process, however that ends.
func share(dir string, how int) (*os.File, error) {
	f, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("share %s: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil { //nolint:gosec // a descriptor is small
		return nil, errors.Join(fmt.Errorf("share %s: %w", dir, err), f.Close())
	}
	return f, nil
}

// unhide takes it away again, when nobody else shares it: also what a process left
// that was killed.
func (s *Sandbox) unhide(dir string) error {
	if s.sharing != nil {
		_ = s.sharing.Close()
		s.sharing = nil
	}
	if !isMount(dir) {
		return nil
	}
	syscall.ForkLock.RLock() // a program that is being started has our lock until it runs
	f, err := share(dir, syscall.LOCK_EX|syscall.LOCK_NB)
	syscall.ForkLock.RUnlock()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(unmount(dir), f.Close())
}

// unmountOwn lets go of what this process mounted. Containers that still run keep
// it, and a disk that is wanted again is found again.
func (s *Sandbox) unmountOwn() (err error) {
	for dir := range s.mounted {
		err = errors.Join(err, unmount(dir))
	}
	clear(s.mounted)
	return errors.Join(err, s.unhide(filepath.Join(s.o.DataDir, insideSub)))
}

// Quota tells why workspaces have no disks of their own, if they have none.
func (s *Sandbox) Quota() error {
	if s.o.Disk > 0 {
		return nil
	}
	return s.noDisks
}
