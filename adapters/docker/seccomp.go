package docker

import (
	"encoding/json"
	"strings"
)

// calls are the system calls that a tool may make, by what they are for. Whatever
// is not here is refused, calls of kernels to come included. The list began as
// moby's default profile (github.com/moby/profiles, v0.3.0) for a process without
// capabilities; a test holds it to be no wider. What that one allows and this one
// does not: other processes' memory (ptrace, process_vm_*), kernel objects of odd
// kinds (System V and POSIX queues, asynchronous I/O, vmsplice, memfd_secret,
// fanotify), file handles, the clock, and what tells of mounts.
const calls = `
	read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek sendfile copy_file_range splice tee
	open openat openat2 creat close close_range dup dup2 dup3 fcntl flock ioctl fsync fdatasync sync syncfs sync_file_range
	stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd
	chdir fchdir mkdir mkdirat rmdir link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 mknod mknodat umask
	chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat
	truncate ftruncate fallocate fadvise64 readahead
	getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
	getxattrat listxattrat setxattrat removexattrat
	inotify_init inotify_init1 inotify_add_watch inotify_rm_watch

	mmap munmap mprotect mremap madvise mincore msync brk mlock mlock2 mlockall munlock munlockall membarrier cachestat
	memfd_create mseal pkey_alloc pkey_free pkey_mprotect map_shadow_stack

	execve execveat exit exit_group fork vfork wait4 waitid kill tkill tgkill pause restart_syscall
	pidfd_open pidfd_send_signal set_tid_address set_robust_list get_robust_list rseq
	futex futex_wait futex_wake futex_waitv futex_requeue
	rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn sigaltstack
	signalfd signalfd4 eventfd eventfd2 alarm getitimer setitimer
	timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
	nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times

	poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 pipe pipe2

	bind connect listen accept accept4 shutdown getsockname getpeername getsockopt setsockopt
	send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg

	getpid getppid gettid getpgid getpgrp getsid setpgid setsid getuid geteuid getgid getegid getgroups getresuid getresgid
	setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capget capset prctl arch_prctl
	getpriority setpriority getrlimit setrlimit prlimit64 getrusage ioprio_get ioprio_set
	sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_setscheduler
	sched_getattr sched_setattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval getcpu
	uname sysinfo getrandom landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp
`

// The numbers of the kernel that the rules compare with.
const (
	afUnix, afInet, afInet6 = 1, 2, 10
	sockStream, sockDgram   = 1, 2
	sockTypeMask            = 0xf
	newNamespaces           = 0x7e020000 // every CLONE_NEW* flag of clone
	errnoNoSys              = 38
)

// filter is a profile as the engine reads it.
type filter struct {
	Default  string     `json:"defaultAction"`
	Arches   []arch     `json:"archMap"`
	Syscalls []callRule `json:"syscalls"`
}

// arch names no others beside it: in 32 bits, socket calls can be made in a way
// that no rule can look into.
type arch struct {
	Name   string   `json:"architecture"`
	Beside []string `json:"subArchitectures"`
}

type callRule struct {
	Names  []string  `json:"names"`
	Action string    `json:"action"`
	Errno  *uint     `json:"errnoRet,omitempty"`
	Args   []compare `json:"args,omitempty"` // all must hold
}

type compare struct {
	Index uint   `json:"index"`
	Value uint64 `json:"value"`
	Two   uint64 `json:"valueTwo"`
	Op    string `json:"op"`
}

const (
	actAllow = "SCMP_ACT_ALLOW"
	actErrno = "SCMP_ACT_ERRNO"
	opEqual  = "SCMP_CMP_EQ"
	opMasked = "SCMP_CMP_MASKED_EQ"
)

// profile is what every sandbox runs under, whatever the engine's own is.
func profile() filter {
	noSys := uint(errnoNoSys)
	f := filter{
		Default: actErrno,
		Arches:  []arch{{Name: "SCMP_ARCH_X86_64"}, {Name: "SCMP_ARCH_AARCH64"}},
		Syscalls: []callRule{
			{Names: strings.Fields(calls), Action: actAllow},
			{Names: []string{"clone"}, Action: actAllow, Args: []compare{{Value: newNamespaces, Op: opMasked}}},
			{Names: []string{"clone3"}, Action: actErrno, Errno: &noSys}, // its flags are out of reach: callers fall back to clone
			{Names: []string{"socketpair"}, Action: actAllow, Args: []compare{{Value: afUnix, Op: opEqual}}},
		},
	}
	for _, family := range []uint64{afUnix, afInet, afInet6} {
		for _, kind := range []uint64{sockStream, sockDgram} {
			f.Syscalls = append(f.Syscalls, callRule{Names: []string{"socket"}, Action: actAllow, Args: []compare{
				{Value: family, Op: opEqual}, {Index: 1, Value: sockTypeMask, Two: kind, Op: opMasked},
			}})
		}
	}
	for _, persona := range []uint64{0, 0xffffffff} { // the usual one, and the question which it is
		f.Syscalls = append(f.Syscalls, callRule{Names: []string{"personality"}, Action: actAllow, Args: []compare{{Value: persona, Op: opEqual}}})
	}
	return f
}

// seccomp is the profile as a security option.
func seccomp() string {
	b, err := json.Marshal(profile())
	if err != nil {
		return "seccomp={}" // plain data always marshals; and an empty profile refuses everything
	}
	return "seccomp=" + string(b)
}
