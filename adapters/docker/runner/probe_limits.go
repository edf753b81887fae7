//go:build linux

package main

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var limitProbes = []probe{
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

// bomb starts as many processes as it can. Where no more can be started, Go's
// runtime may end as well.
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
