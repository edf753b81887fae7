//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"interlock/agent/egress/relay"
	"interlock/agent/frames"
)

// openRelay joins the container's loopback to the socket of the way out, and is there
// when it returns. What does not come up leaves the command without a way: it fails
// closed.
func openRelay(socket string) (closed func()) {
	ctx, cancel := context.WithCancel(context.Background())
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", frames.Loopback)
	if err != nil {
		fmt.Fprintln(os.Stderr, "runner: no way out:", err)
		return cancel
	}
	var served sync.WaitGroup
	served.Go(func() { _ = relay.Serve(ctx, l, relay.To(socket)) }) // its end is seen by who connects
	return func() { cancel(); served.Wait() }
}

// once runs the one command of a fresh container, which stands in a file beside the
// sockets, and hands it the signals that are meant to stop it.
func once(dir string) (code int) {
	signals := make(chan os.Signal, 4) // one that comes early is kept
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	c, err := await(filepath.Join(dir, "command"))
	if err != nil || len(c.Argv) == 0 {
		fmt.Fprintln(os.Stderr, "[sandbox: there is no command to run]")
		return notExecutable
	}
	if c.Out {
		defer openRelay(filepath.Join(dir, "out"))()
	}
	pid, err := startOnce(c)
	if err != nil {
		fmt.Fprintf(os.Stderr, "[sandbox: %s cannot be run in this image: %v]\n", c.Argv[0], err)
		return failed(err).Code
	}
	go func() {
		for s := range signals {
			if n, ok := s.(syscall.Signal); ok {
				_ = syscall.Kill(pid, n) // one that has ended needs none
			}
		}
	}()
	return reap(pid)
}

// How often a container looks whether there is something to do, and how long it
// waits for that. A sandbox makes a new one before.
const (
	lookEvery = 10 * time.Millisecond
	lookFor   = time.Hour
)

// await reads a command that is written whole, as soon as it is there.
func await(path string) (c frames.Once, err error) {
	for over := time.Now().Add(lookFor); time.Now().Before(over); time.Sleep(lookEvery) {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		return c, err
	}
	return c, fs.ErrNotExist
}

// startOnce gives the command our own output, and its input through a pipe.
func startOnce(c frames.Once) (pid int, err error) {
	in, to, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	pid, err = start(c.Command, in, os.Stdout, os.Stderr)
	_ = in.Close()
	go feed(to, c.Stdin)
	return pid, err
}
