//go:build linux

package main

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var kernelProbes = []probe{
	{11, func(t *tries) {
		t.try("become root", call(unix.SYS_SETUID, 0))
		t.try("become root's group", call(unix.SYS_SETGID, 0))
	}},
	{14, mounts},
	{15, namespaces},
	{16, func(t *tries) {
		var attr [128]byte
		t.try("bpf", call(unix.SYS_BPF, 0, ptr(&attr), 128))
		t.try("perf_event_open", call(unix.SYS_PERF_EVENT_OPEN, ptr(&attr), 0, ^uintptr(0), ^uintptr(0), 0))
		t.try("userfaultfd", callFD(unix.SYS_USERFAULTFD, 0))
	}},
	{17, func(t *tries) {
		var params [120]byte
		t.try("io_uring_setup", callFD(unix.SYS_IO_URING_SETUP, 4, ptr(&params)))
	}},
	{18, func(t *tries) {
		t.try("keyctl", call(unix.SYS_KEYCTL, unix.KEYCTL_GET_KEYRING_ID, unix.KEY_SPEC_SESSION_KEYRING&0xffffffff, 0))
		t.try("add_key", call(unix.SYS_ADD_KEY, cstr("user"), cstr("probe"), cstr("x"), 1, unix.KEY_SPEC_PROCESS_KEYRING&0xffffffff))
	}},
	{19, machine},
	{20, handles},
	{21, others},
	{22, families},
}

// call makes one system call that gives no descriptor.
func call(nr uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

// callFD makes one that gives a descriptor, and lets go of it.
func callFD(nr uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	fd, _, errno := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}

func ptr[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) } //nolint:gosec // for the kernel

func cstr(s string) uintptr {
	b := append([]byte(s), 0)
	return ptr(&b[0])
}

func mounts(t *tries) {
	err := unix.Mount("tmpfs", "/tmp", "tmpfs", 0, "size=1m")
	t.try("mount", err)
	if err == nil {
		_ = unix.Unmount("/tmp", 0)
	}
	t.try("fsopen", callFD(unix.SYS_FSOPEN, cstr("tmpfs"), 0))
	fd, err := unix.OpenTree(unix.AT_FDCWD, "/tmp", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	t.try("open_tree", err)
	if err == nil {
		t.try("move_mount", unix.MoveMount(fd, "", unix.AT_FDCWD, "/work", unix.MOVE_MOUNT_F_EMPTY_PATH))
		_ = unix.Unmount("/work", unix.MNT_DETACH)
		_ = unix.Close(fd)
	} else {
		t.try("move_mount", unix.MoveMount(-1, "", -1, "", 0))
	}
	t.try("pivot_root", unix.PivotRoot("/nowhere", "/nowhere"))
	t.try("chroot", inFork("chroot"))
}

// In processes of their own, because the kernel refuses some of it to threads, and
// what succeeds must not follow us.
var kernelParts = map[string]func() error{
	"chroot":  func() error { return unix.Chroot("/tmp") },
	"newuser": func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
	"newns":   func() error { return unix.Unshare(unix.CLONE_NEWNS) },
	"newnet":  func() error { return unix.Unshare(unix.CLONE_NEWNET) },
}

// exit ends a part with the number of its error.
func exit(err error) {
	var errno unix.Errno
	switch {
	case errors.As(err, &errno):
		os.Exit(int(errno))
	case err != nil:
		os.Exit(1)
	}
	os.Exit(0)
}

// inFork runs a part whose exit code is an error number.
func inFork(part string) error {
	code, err := asChild(part)
	if err != nil || code == 0 {
		return err
	}
	return unix.Errno(code) //nolint:gosec // small and positive
}

func namespaces(t *tries) {
	for _, part := range []string{"newuser", "newns", "newnet"} {
		t.try("unshare "+part, inFork(part))
	}
	fd, err := unix.Open("/proc/thread-self/ns/uts", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		t.try("setns", setns(fd))
		_ = unix.Close(fd)
	}
	pid, err := syscall.ForkExec(self, []string{"probe", "part", "nothing"}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}})
	if err == nil {
		_, err = unix.Wait4(pid, nil, 0, nil)
	}
	t.try("clone NEWUSER", err)
	args := struct{ flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls uint64 }{flags: unix.CLONE_NEWUSER | 1<<63} // no such flag: nothing is made
	t.try("clone3 NEWUSER", call(unix.SYS_CLONE3, ptr(&args), unsafe.Sizeof(args)))
}

// setns enters the namespace that it is in: with the right, that changes nothing.
func setns(fd int) error {
	return unix.Setns(fd, unix.CLONE_NEWUTS)
}

// machine asks for what would change the machine, in a way that cannot: the kernel
// looks at the right first, and at the nonsense after.
func machine(t *tries) {
	t.try("reboot", call(unix.SYS_REBOOT, 0, 0, 0, 0))
	t.try("init_module", call(unix.SYS_INIT_MODULE, 0, 0, 0))
	t.try("finit_module", call(unix.SYS_FINIT_MODULE, ^uintptr(0), 0, 0))
	t.try("kexec_load", call(unix.SYS_KEXEC_LOAD, 0, 1, 0, 0xffff))
	nonsense := unix.Timespec{Sec: 1, Nsec: -1}
	t.try("clock_settime", call(unix.SYS_CLOCK_SETTIME, unix.CLOCK_REALTIME, ptr(&nonsense)))
	t.try("swapon", call(unix.SYS_SWAPON, cstr("/nowhere"), 0))
	t.try("acct", call(unix.SYS_ACCT, cstr("/nowhere")))
	t.try("sethostname", call(unix.SYS_SETHOSTNAME, cstr("x"), ^uintptr(0)))
}

// handles opens a file by its number, as a known escape does.
func handles(t *tries) {
	h, id, err := unix.NameToHandleAt(unix.AT_FDCWD, "/", 0)
	t.try("name_to_handle_at", err)
	if err != nil {
		h, id = unix.NewFileHandle(1, make([]byte, 8)), unix.AT_FDCWD
	}
	_ = id
	fd, err := unix.OpenByHandleAt(unix.AT_FDCWD, h, unix.O_RDONLY)
	t.try("open_by_handle_at", err)
	if err == nil {
		_ = unix.Close(fd)
	}
}

// others reads other processes.
func others(t *tries) {
	pid, err := syscall.ForkExec(self, []string{"probe", "part", "sleep"}, quietly)
	if err != nil {
		t.try("start a process", err)
		return
	}
	for name, of := range map[string]int{"a sibling": pid, "the first process": 1} {
		err := unix.PtraceSeize(of)
		t.try("ptrace "+name, err)
		if err == nil {
			_ = unix.PtraceDetach(of)
		}
		_, err = unix.ProcessVMReadv(of, []unix.Iovec{}, []unix.RemoteIovec{}, 0)
		t.try("process_vm_readv "+name, err)
	}
	_ = unix.Kill(pid, unix.SIGKILL)
	_, _ = unix.Wait4(pid, nil, 0, nil)
}

// families are sockets that reach past the network namespace, or below IP.
func families(t *tries) {
	for _, s := range []struct {
		name                   string
		family, kind, protocol int
	}{
		{"AF_VSOCK", unix.AF_VSOCK, unix.SOCK_STREAM, 0},
		{"AF_ALG", unix.AF_ALG, unix.SOCK_SEQPACKET, 0},
		{"AF_PACKET", unix.AF_PACKET, unix.SOCK_RAW, 0},
		{"AF_NETLINK", unix.AF_NETLINK, unix.SOCK_RAW, 0},
		{"raw IP", unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP},
		{"raw IPv6", unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6},
		{"AF_BLUETOOTH", unix.AF_BLUETOOTH, unix.SOCK_RAW, 0},
		{"AF_TIPC", unix.AF_TIPC, unix.SOCK_STREAM, 0},
	} {
		fd, err := unix.Socket(s.family, s.kind|unix.SOCK_CLOEXEC, s.protocol)
		t.try(s.name, err)
		if err == nil {
			_ = unix.Close(fd)
		}
	}
}
