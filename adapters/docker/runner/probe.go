//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"interlock/agent/frames"
)

// probe tries to get out of the container it runs in, or to harm its host, by one
// way. Each step says what it got: "ok", the name of an error, or a few words. A
// step is written so that its success does no harm either: the same steps run in a
// weakened container, to show that they can succeed.
type probe struct {
	id    int
	steps func(t *tries)
}

// tries collects what the steps of one probe got.
type tries struct{ got []frames.Try }

// try notes what a step got.
func (t *tries) try(name string, err error) {
	t.got = append(t.got, frames.Try{Step: name, Got: inWord(err)})
}

// saw notes what a step found; nothing is "nothing".
func (t *tries) saw(name string, found ...string) {
	got := "nothing"
	if len(found) > 0 {
		slices.Sort(found)
		got = strings.Join(slices.Compact(found), " ")
	}
	t.got = append(t.got, frames.Try{Step: name, Got: got})
}

func inWord(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &errno) && unix.ErrnoName(errno) != "":
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

// runProbes writes a line of JSON for each probe.
func runProbes(out io.Writer) error {
	enc := json.NewEncoder(out)
	for _, p := range slices.Concat(fileProbes, limitProbes, kernelProbes, sightProbes, netProbes) {
		t := &tries{}
		p.steps(t)
		if err := enc.Encode(frames.Probed{ID: p.id, Tries: t.got}); err != nil {
			return err
		}
	}
	return nil
}

// asChild runs a part of a probe in a process of its own, which may be killed.
func asChild(part string) (code int, err error) {
	pid, err := syscall.ForkExec(self, []string{self, "part", part}, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return 0, err
	}
	var ws unix.WaitStatus
	for {
		if _, err = unix.Wait4(pid, &ws, 0, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if ws.Signaled() {
		return bySignal + int(ws.Signal()), err
	}
	return ws.ExitStatus(), err
}

// runPart is a part of a probe, in a process of its own. The exit code of one that
// asks the kernel is an error number.
func runPart(name string) {
	if f := parts[name]; f != nil {
		f()
		return
	}
	for _, parts := range []map[string]func() error{kernelParts, hostParts} {
		if f := parts[name]; f != nil {
			exit(f())
		}
	}
}

const self = "/proc/self/exe"
