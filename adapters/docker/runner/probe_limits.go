//go:build linux

package main

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var limitProbes = []probe{
	{6, forkBomb},
	{7, func(t *tries) {
		code, err := asChild("hog")
		if err == nil && code == bySignal+int(unix.SIGKILL) {
			err = unix.ENOMEM
		}
		t.try("take 320 MiB of memory", err)
	}},
	{8, spin},
	{9, openMany},
	{10, status},
}

// parts are what a probe runs in a process of its own.
var parts = map[string]func(){
	"nothing": func() {},
	"sleep":   func() { time.Sleep(20 * time.Second) },
	"hog": func() {
		for range 20 {
			block := make([]byte, 16<<20)
			for i := 0; i < len(block); i += 4096 {
				block[i] = 1
			}
			kept = append(kept, block)
		}
	},
}

// quietly keeps nothing open for a child.
var quietly = &syscall.ProcAttr{Env: []string{}}

var kept [][]byte // of the hog: nothing may be given back

func forkBomb(t *tries) {
	var pids []int
	var err error
	for range 400 {
		var pid int
		if pid, err = syscall.ForkExec(self, []string{"probe", "part", "sleep"}, quietly); err != nil {
			break
		}
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}
	t.try("start 400 processes", err)
}

// spin computes until the kernel holds it back, or for two seconds: then nothing
// does. How much it gets would depend on who else computes.
func spin(t *tries) {
	before, err := throttled()
	if err != nil {
		t.try("two threads that compute", err)
		return
	}
	got, over := "ok", time.Now().Add(2*time.Second)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for x := 0; time.Now().Before(over); x++ {
				_ = x * x
			}
		})
	}
	wg.Wait()
	if after, err := throttled(); err != nil || after > before {
		got = "within the quota"
	}
	t.saw("two threads that compute", got)
}

// throttled is how often the kernel has held this container back.
func throttled() (n int, err error) {
	for _, name := range []string{"/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat", "/sys/fs/cgroup/cpu,cpuacct/cpu.stat"} {
		var b []byte
		if b, err = os.ReadFile(name); err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "nr_throttled "); ok {
				return strconv.Atoi(value)
			}
		}
		return 0, nil // without a quota, some kernels do not count
	}
	return 0, err
}

func openMany(t *tries) {
	var open []*os.File
	var err error
	for range 10_000 {
		var f *os.File
		if f, err = os.Open("/dev/null"); err != nil {
			break
		}
		open = append(open, f)
	}
	for _, f := range open {
		_ = f.Close()
	}
	t.try("open 10,000 files", err)
}

// status reads what the kernel holds this process to.
func status(t *tries) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.try("read status", err)
		return
	}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch name {
		case "CapEff", "CapBnd", "CapPrm", "CapAmb":
			n, err := strconv.ParseUint(value, 16, 64)
			if err == nil && n == 0 {
				value = "none"
			}
			t.saw(name, value)
		case "NoNewPrivs", "Seccomp":
			t.saw(name, value)
		}
	}
}
