//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"syscall"

	"interlock/agent/frames"
)

// runner serves one sandbox. A command runs beside the reading of frames, so that
// signals come through at any time.
type runner struct {
	conn    net.Conn
	out     string // socket of the way out, while there is one
	write   sync.Mutex
	input   []byte
	running sync.Mutex // held while a command runs

	mu       sync.Mutex
	starting bool           // there is no process yet that a signal could reach
	early    syscall.Signal // what came meanwhile
}

// serve ends when the sandbox does.
func (r *runner) serve() error {
	if err := r.send(frames.Hello, []byte(frames.Version)); err != nil {
		return err
	}
	buf := make([]byte, frames.MaxFrame)
	for {
		k, p, err := frames.Read(r.conn, buf)
		if err != nil {
			return fmt.Errorf("read frame: %w", err)
		}
		if err := r.take(k, p); err != nil {
			return err
		}
	}
}

func (r *runner) take(k frames.Kind, p []byte) error {
	switch k {
	case frames.Input:
		if len(r.input)+len(p) > frames.MaxInput {
			return fmt.Errorf("%w: too much input", frames.ErrFrame)
		}
		r.input = append(r.input, p...)
	case frames.Start:
		var c frames.Command
		if err := json.Unmarshal(p, &c); err != nil || len(c.Argv) == 0 {
			return fmt.Errorf("%w: no command", frames.ErrFrame)
		}
		if !r.running.TryLock() {
			return fmt.Errorf("%w: a command is running", frames.ErrFrame)
		}
		input := r.input
		r.input = nil
		r.mu.Lock()
		r.starting, r.early = true, 0
		r.mu.Unlock()
		go func() {
			end := r.run(c, input)
			r.running.Unlock()
			r.done(end)
		}()
	case frames.Signal:
		if len(p) == 1 {
			r.signal(syscall.Signal(p[0]))
		}
	default:
		return fmt.Errorf("%w: kind %q", frames.ErrFrame, k)
	}
	return nil
}

// signal reaches everything but this process. One that comes while a command is
// being started is kept for it.
func (r *runner) signal(s syscall.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.starting {
		r.early = s
		return
	}
	_ = syscall.Kill(-1, s) // there may be nothing
}

// started hands on what came while there was no process.
func (r *runner) started() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.starting = false; r.early != 0 {
		_ = syscall.Kill(-1, r.early)
	}
}

func (r *runner) done(end frames.End) {
	b, err := json.Marshal(end)
	if err == nil {
		err = r.send(frames.Done, b)
	}
	if err != nil {
		_ = r.conn.Close() // then serve ends
	}
}

func (r *runner) send(k frames.Kind, p []byte) error {
	r.write.Lock()
	defer r.write.Unlock()
	return frames.Write(r.conn, k, p)
}
