//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

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
	b, err := os.ReadFile(filepath.Join(dir, "command"))
	var c frames.Once
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || len(c.Argv) == 0 {
		fmt.Fprintln(os.Stderr, "[sandbox: there is no command to run]")
		return notExecutable
	}
	if c.Out {
		defer openRelay(filepath.Join(dir, "out"))()
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
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
