//go:build linux

package main

import (
	"errors"
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

// forkBomb is set off by a process of its own: where no more can be started, Go's
// runtime may end.
func forkBomb(t *tries) {
	pid, err := syscall.ForkExec(self, []string{self, "part", "bomb"}, &syscall.ProcAttr{Env: []string{}, Sys: &syscall.SysProcAttr{Setsid: true}})
	if err != nil {
		t.try("start 400 processes", err)
		return
	}
	var ws unix.WaitStatus
	for {
		if _, err = unix.Wait4(pid, &ws, 0, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	for range 100 { // those it started
		if unix.Kill(-pid, unix.SIGKILL) != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	switch code := ws.ExitStatus(); {
	case err != nil:
	case code == 2 || ws.Signaled():
		err = unix.EAGAIN // the runtime could not have one more thread
	case code != 0:
		err = unix.Errno(code)
	}
	t.try("start 400 processes", err)
}

func bomb() error {
	for range 400 {
		if _, err := syscall.ForkExec(self, []string{"probe", "part", "sleep"}, quietly); err != nil {
			return err
		}
	}
	return nil
}

// spin computes for two seconds, on two threads.
func spin() error {
	over := time.Now().Add(2 * time.Second)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for x := 0; time.Now().Before(over); x++ {
				_ = x * x
			}
		})
	}
	wg.Wait()
	return nil
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
