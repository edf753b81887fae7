package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"interlock/agent"
	"interlock/agent/egress"
	"interlock/agent/egress/relay"
	"interlock/agent/frames"
)

const (
	wayFile = "out"    // the socket, beside the runner's own
	caFile  = "ca.pem" // whom to trust
)

// Inside is where commands find their way out.
func Inside() egress.Inside {
	return egress.Inside{Addr: frames.Loopback, CA: insideSock + "/" + caFile}
}

// openWay puts the way out of one command into the folder that its container
// sees, until closed. What comes in there goes to whoever serves ways, behind the
// ID of this one.
func (s *Sandbox) openWay(ctx context.Context, dir string, w *agent.Way) (closed func(), err error) {
	if w == nil {
		return func() {}, nil
	}
	if s.o.Egress == "" {
		return nil, errors.New("nobody serves ways out of this sandbox")
	}
	if err := os.WriteFile(filepath.Join(dir, caFile), w.CA, 0o644); err != nil { //nolint:gosec // the sandbox's user must read it
		return nil, fmt.Errorf("write authorities: %w", err)
	}
	_ = os.Remove(filepath.Join(dir, wayFile)) // of a process that was killed
	l, err := s.listenIn(dir, wayFile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var served sync.WaitGroup
	served.Go(func() {
		if err := relay.Serve(ctx, l, func(ctx context.Context) (net.Conn, error) { return s.outlet(ctx, w.ID) }); err != nil {
			s.o.Log.WarnContext(ctx, "a way out broke", "error", err)
		}
	})
	return func() {
		cancel()
		served.Wait()
		_ = os.Remove(filepath.Join(dir, wayFile))
	}, nil
}

// outlet is a new connection to whoever serves ways.
func (s *Sandbox) outlet(ctx context.Context, id string) (net.Conn, error) {
	c, err := DialUnix(ctx, s.o.Egress)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write([]byte(id + "\n")); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("name way out: %w", err)
	}
	return c, nil
}

// ListenUnix listens on a socket whose path may be longer than the kernel takes.
// One that is there is taken to be a dead process's.
func ListenUnix(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	defer func() { _ = f.Close() }()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), filepath.Base(path)), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // the name that it knows is not good any more
	return l, nil
}

// DialUnix connects to a socket whose path may be longer than the kernel takes.
func DialUnix(ctx context.Context, path string) (net.Conn, error) {
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find socket: %w", err)
	}
	defer func() { _ = f.Close() }()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), filepath.Base(path)))
	if err != nil {
		return nil, fmt.Errorf("find socket: %w", err)
	}
	return c, nil
}
