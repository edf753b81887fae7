//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
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

// relayed runs the one command of a fresh container beside its relay, and hands it
// the signals that are meant to stop it.
func relayed(socket string, argv []string) (code int) {
	defer openRelay(socket)()
	path, err := find(argv[0])
	if err != nil {
		fmt.Fprintf(os.Stderr, "runner: %s cannot be run in this image: %v\n", argv[0], err)
		return failed(err).Code
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		fmt.Fprintf(os.Stderr, "runner: %s cannot be run in this image: %v\n", argv[0], err)
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
