//go:build linux

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var fileProbes = []probe{
	{1, func(t *tries) { t.try("write /", create("/probe")) }},
	{2, func(t *tries) { t.try("write /bin", create("/bin/probe")) }},
	{3, execFromTmp},
	{4, func(t *tries) { t.try("fill /tmp", fill("/tmp/probe", 80<<20)) }},
	{5, func(t *tries) { t.try("fill /work", fill("/work/probe", 80<<20)) }},
	{12, func(t *tries) { t.saw("files that change the user", suids()...) }},
	{13, func(t *tries) {
		t.try("make a block device", unix.Mknod("/tmp/disk", unix.S_IFBLK|0o600, 7<<8))
		_ = os.Remove("/tmp/disk")
	}},
	{23, func(t *tries) {
		for _, name := range []string{"/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper", "/proc/sysrq-trigger", "/proc/sys/fs/binfmt_misc/register", "/proc/sys/vm/panic_on_oom"} {
			t.try("open "+name+" to write", openOnly(name, os.O_WRONLY))
		}
	}},
	{24, cgroups},
}

func create(name string) error {
	f, err := os.Create(name)
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(name))
	}
	return err
}

// openOnly writes nothing.
func openOnly(name string, flags int) error {
	f, err := os.OpenFile(name, flags, 0)
	if err == nil {
		err = f.Close()
	}
	return err
}

func execFromTmp(t *tries) {
	b, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile("/tmp/probe", b, 0o755) //nolint:gosec // that is the question
	}
	if err != nil {
		t.try("write a program to /tmp", err)
		return
	}
	pid, err := syscall.ForkExec("/tmp/probe", []string{"probe", "part", "nothing"}, quietly)
	if err == nil {
		_, err = syscall.Wait4(pid, nil, 0, nil)
	}
	t.try("run a program from /tmp", err)
	_ = os.Remove("/tmp/probe")
}

// fill writes up to so many bytes.
func fill(name string, most int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for n := int64(0); n < most && err == nil; n += int64(len(block)) {
		_, err = f.Write(block)
	}
	_ = f.Close()
	_ = os.Remove(name)
	return err
}

// suids are the programs that would run as somebody else. Where a mount does not
// honour that, there are none.
func suids() (found []string) {
	_ = os.WriteFile("/tmp/suid", nil, 0o600)
	_ = os.Chmod("/tmp/suid", fs.ModeSetuid|0o755)
	defer func() { _ = os.Remove("/tmp/suid") }()
	walk(func(path string, d fs.DirEntry) {
		fi, err := d.Info()
		if err != nil || !fi.Mode().IsRegular() || fi.Mode()&(fs.ModeSetuid|fs.ModeSetgid) == 0 {
			return
		}
		var st unix.Statfs_t
		if unix.Statfs(path, &st) == nil && st.Flags&unix.ST_NOSUID == 0 {
			found = append(found, path)
		}
	})
	return found
}

// walk visits everything but what the kernel makes up.
func walk(visit func(path string, d fs.DirEntry)) {
	_ = filepath.WalkDir("/", func(path string, d fs.DirEntry, err error) error {
		switch {
		case path == "/proc" || path == "/sys":
			return fs.SkipDir
		case err == nil:
			visit(path, d)
		}
		return nil
	})
}

func cgroups(t *tries) {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/rdma"} {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		_ = unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND, "")
		err := os.Mkdir(dir+"/probe", 0o755) //nolint:gosec // that is the question
		t.try("make a group in "+dir, err)
		if err == nil {
			_ = os.Remove(dir + "/probe")
		}
		if agent := dir + "/release_agent"; exists(agent) {
			t.try("open "+agent+" to write", openOnly(agent, os.O_WRONLY))
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// sockets are the files by which an engine could be asked.
func sockets() (found []string) {
	walk(func(path string, d fs.DirEntry) {
		fi, err := d.Info() // of what is mounted there, not of what it is mounted on
		if err == nil && fi.Mode()&fs.ModeSocket != 0 && !strings.HasPrefix(path, "/.interlock/") {
			found = append(found, path)
		}
	})
	return found
}
