//go:build linux

package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"interlock/agent/frames"
)

// The customary exit codes of what cannot be started.
const (
	notExecutable = 126
	notFound      = 127
	bySignal      = 128 // and the number of the signal
)

// run sees a command to its end: it ended, and so did all that it started.
func (r *runner) run(c frames.Command, input []byte) frames.End {
	var pipes [3][2]*os.File
	for i := range pipes {
		from, to, err := os.Pipe()
		if err != nil {
			return failed(err)
		}
		pipes[i] = [2]*os.File{from, to}
	}
	stdin, out, errs := pipes[0], pipes[1], pipes[2]
	if c.Out {
		defer openRelay(r.out)()
	}
	pid, err := start(c, stdin[0], out[1], errs[1])
	r.started()
	for _, f := range []*os.File{stdin[0], out[1], errs[1]} {
		_ = f.Close() // the command has its own
	}
	var wg sync.WaitGroup
	wg.Go(func() { feed(stdin[1], input) })
	wg.Go(func() { r.forward(frames.Stdout, out[0]) })
	wg.Go(func() { r.forward(frames.Stderr, errs[0]) })
	defer wg.Wait()
	if err != nil {
		return failed(err)
	}
	code := reap(pid)
	_ = syscall.Kill(-1, syscall.SIGKILL) // what it left behind; there may be nothing
	reap(0)
	return frames.End{Code: code}
}

func start(c frames.Command, stdin, stdout, stderr *os.File) (pid int, err error) {
	path, err := find(c.Argv[0])
	if err != nil {
		return 0, err
	}
	return syscall.ForkExec(path, c.Argv, &syscall.ProcAttr{
		Dir: c.Dir, Env: slices.Concat(os.Environ(), c.Env), Files: []uintptr{stdin.Fd(), stdout.Fd(), stderr.Fd()},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
}

// find looks a program up as a shell would; a path is taken as it is.
func find(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(path) {
			return path, nil
		}
	}
	return "", fs.ErrNotExist
}

func failed(err error) frames.End {
	code := notExecutable
	if errors.Is(err, fs.ErrNotExist) {
		code = notFound
	}
	return frames.End{Code: code, Error: err.Error()}
}

// reap waits for a process, and for every orphan that ends meanwhile; without a
// pid it waits for all that are left.
func reap(pid int) (code int) {
	for {
		var ws syscall.WaitStatus
		got, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0 // no child is left
		case got == pid && ws.Signaled():
			return bySignal + int(ws.Signal())
		case got == pid:
			return ws.ExitStatus()
		}
	}
}

// feed gives the command its input; one that does not read it ends that.
func feed(w *os.File, input []byte) {
	_, _ = w.Write(input)
	_ = w.Close()
}

// forward sends output on, until nobody has the pipe open any more.
func (r *runner) forward(k frames.Kind, from *os.File) {
	defer func() { _ = from.Close() }()
	buf := make([]byte, frames.MaxFrame)
	for {
		n, err := from.Read(buf)
		if n > 0 && r.send(k, buf[:n]) != nil {
			return
		}
		if err != nil {
			return
		}
	}
}
