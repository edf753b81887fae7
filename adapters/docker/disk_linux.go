package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// canQuota tells why a folder cannot be given a disk of its own, if it cannot.
func canQuota() error {
	if os.Geteuid() != 0 {
		return errors.New("only root can mount")
	}
	if _, err := mkfs(); err != nil {
		return err
	}
	f, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open loop devices: %w", err)
	}
	return f.Close()
}

func mkfs() (string, error) {
	if path, err := osexec.LookPath("mkfs.ext4"); err == nil {
		return path, nil
	}
	return osexec.LookPath("/sbin/mkfs.ext4") // not on everybody's path
}

// mountDisk puts a file system of at most so many bytes, which is in one file, on
// a folder.
func mountDisk(ctx context.Context, image, dir string, size int64, uid, gid int) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Stat(image); errors.Is(err, fs.ErrNotExist) {
		if err := makeDisk(ctx, image, size, uid, gid); err != nil {
			return err
		}
	}
	dev, err := attach(image)
	if err != nil {
		return err
	}
	defer func() { _ = dev.Close() }() // the mount keeps the device; without one, it goes
	if err := unix.Mount(dev.Name(), dir, "ext4", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOATIME, ""); err != nil {
		return fmt.Errorf("mount disk: %w", err)
	}
	return nil
}

// makeDisk takes no room for what nobody has written. A journal would protect what
// a power cut may take: a workspace can be made again, and what must last is elsewhere.
func makeDisk(ctx context.Context, image string, size int64, uid, gid int) error {
	program, err := mkfs()
	if err != nil {
		return err
	}
	made := image + ".new"
	defer func() { _ = os.Remove(made) }()
	c := osexec.CommandContext(ctx, program, "-q", "-F", "-m", "0", "-O", "^has_journal", //nolint:gosec // our own file
		"-E", fmt.Sprintf("lazy_itable_init=1,nodiscard,root_owner=%d:%d", uid, gid), made, fmt.Sprintf("%dk", size>>10))
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("make disk: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return os.Rename(made, image)
}

// attach finds or makes the loop device of an image. One image never gets two:
// two views of one file system would destroy it.
func attach(image string) (*os.File, error) {
	if dev, ok := attached(image); ok {
		return os.OpenFile(dev, os.O_RDWR, 0)
	}
	back, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = back.Close() }()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open loop devices: %w", err)
	}
	defer func() { _ = control.Close() }()
	conf := unix.LoopConfig{Fd: uint32(back.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}} //nolint:gosec // a descriptor is small
	copy(conf.Info.File_name[:len(conf.Info.File_name)-1], image)
	for range 100 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE) //nolint:gosec // a descriptor is small
		if err != nil {
			return nil, fmt.Errorf("find loop device: %w", err)
		}
		dev, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", n), os.O_RDWR, 0)
		if err != nil {
			return nil, fmt.Errorf("open loop device: %w", err)
		}
		err = unix.IoctlLoopConfigure(int(dev.Fd()), &conf) //nolint:gosec // a descriptor is small
		if err == nil {
			return dev, nil
		}
		_ = dev.Close()
		if !errors.Is(err, unix.EBUSY) { // somebody else was quicker: take the next one
			return nil, fmt.Errorf("set up loop device: %w", err)
		}
	}
	return nil, errors.New("no loop device is free")
}

// attached looks an image up among the loop devices.
func attached(image string) (dev string, ok bool) {
	all, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, name := range all {
		if b, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(b)) == image {
			return "/dev/" + strings.Split(name, "/")[3], true
		}
	}
	return "", false
}

// mountMemory puts a file system in memory on a folder.
func mountMemory(dir string, size int64) error {
	return unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("mode=0700,size=%d", size))
}

// isMount compares a folder with the one that it is in.
func isMount(dir string) bool {
	var here, above unix.Stat_t
	return unix.Stat(dir, &here) == nil && unix.Stat(filepath.Dir(dir), &above) == nil && here.Dev != above.Dev
}

// unmount lets go of whatever is mounted on a folder. Who still uses it keeps it.
func unmount(dir string) error {
	for isMount(dir) {
		if err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			return fmt.Errorf("unmount %s: %w", dir, err)
		}
	}
	return nil
}
