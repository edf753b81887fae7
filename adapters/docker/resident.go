package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"interlock/agent"
	"interlock/agent/frames"
)

const (
	insideSub  = "inside" // on the host: what containers get to see of us, a socket each and the runner
	socketFile = "s"
	insideDir  = "/.interlock" // where a container finds its runner
	insideSock = insideDir + "/io"
	insideRun  = insideDir + "/runner"
)

// resident is a session's running container, and the connection to its runner. It
// lives in one process: when that one dies, the runner ends, and so does the
// container. All that must last is in the workspace.
type resident struct {
	id, image string
	of        string // the image's name, as it was asked for
	dir       string // on the host: what the container sees at insideSock
	conn      *net.UnixConn
	buf       []byte
}

// resident is the session's container. One that died, for whatever reason, or that
// has another image, is made anew.
func (s *Sandbox) resident(ctx context.Context, c agent.Command, name, work string) (*resident, error) {
	s.mu.Lock()
	r := s.residents[name]
	s.mu.Unlock()
	if r != nil && r.of == c.Image && r.alive() {
		return r, nil
	}
	if err := s.dismiss(ctx, name); err != nil {
		return nil, err
	}
	r, err := s.settleIn(ctx, c, name, work)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.residents[name] = r
	s.mu.Unlock()
	return r, nil
}

// alive tells whether the runner is there: between commands it says nothing, so
// the only news can be its end.
func (r *resident) alive() bool {
	raw, err := r.conn.SyscallConn()
	if err != nil {
		return false
	}
	var quiet bool
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT) //nolint:gosec // a descriptor is small
		quiet = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && quiet
}

// dismiss ends a session's container, whoever made it.
func (s *Sandbox) dismiss(ctx context.Context, name string) error {
	s.mu.Lock()
	r := s.residents[name]
	delete(s.residents, name)
	s.mu.Unlock()
	if r != nil {
		r.end()
	}
	return s.remove(ctx, name)
}

// end hangs up: then the runner ends, and with it the container.
func (r *resident) end() {
	_ = r.conn.Close()
	_ = os.RemoveAll(r.dir) // a sweep looks again
}

// settleIn makes the container, and waits for its runner.
func (s *Sandbox) settleIn(ctx context.Context, c agent.Command, name, work string) (r *resident, err error) {
	ctx, cancel := lasting(ctx) // what is begun is seen to its end: nobody else knows of it
	defer cancel()
	runner, err := s.runner()
	if err != nil {
		return nil, err
	}
	door, err := s.listen(filepath.Join(s.o.DataDir, insideSub, name))
	if err != nil {
		return nil, err
	}
	defer func() { door.close(err == nil) }()
	f, err := s.engineFacts(ctx)
	if err != nil {
		return nil, err
	}
	f.init = false // the runner is the first process
	cfg := s.config(f, c, kindSession, []string{insideRun, "serve", insideSock + "/" + socketFile})
	cfg.Labels[labelInside] = filepath.Base(door.dir)
	host := s.hostConfig(f, []mount.Mount{bind(work, workDir, true), bind(runner, insideRun, false), bind(door.dir, insideSock, false)}, container.LogConfig{Type: "none"})
	host.AutoRemove = true // the engine sees to it, also when nobody else is left to
	id, err := s.make(ctx, name, cfg, host)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, id); err != nil {
		return nil, err
	}
	r = &resident{id: id, of: c.Image, dir: door.dir, buf: make([]byte, frames.MaxFrame)}
	if r.conn, err = s.answered(ctx, door, id); err != nil {
		return nil, err
	}
	if err := r.greet(); err != nil {
		_ = r.conn.Close()
		return nil, err
	}
	r.image, err = s.Image(ctx, c.Image)
	return r, err
}

// greet reads the runner's first words. An older one could be misunderstood.
func (r *resident) greet() error {
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	k, p, err := frames.Read(r.conn, r.buf)
	_ = r.conn.SetReadDeadline(time.Time{})
	switch {
	case err != nil:
		return fmt.Errorf("hear from runner: %w", err)
	case k != frames.Hello || string(p) != frames.Version:
		return &RunnerError{Err: fmt.Errorf("it is of version %q, wanted is %q", p, frames.Version)}
	}
	return nil
}

// door is where one runner calls, once.
type door struct {
	dir string
	l   *net.UnixListener
}

// listen makes the folder that the container gets to see.
func (s *Sandbox) listen(dir string) (*door, error) {
	if err := makeInside(dir); err != nil {
		return nil, err
	}
	l, err := s.listenIn(dir, socketFile)
	return &door{dir, l}, err
}

// makeInside makes a folder for sockets, empty.
func makeInside(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear socket: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // its parent is ours alone; the sandbox's user must get through
		return fmt.Errorf("make socket: %w", err)
	}
	return nil
}

// listenIn makes a socket that the sandbox's user may use. The path of a socket is
// short by law, so it is named by way of the folder's own descriptor.
func (s *Sandbox) listenIn(dir, name string) (*net.UnixListener, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	defer func() { _ = f.Close() }()
	short := fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), name)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // the name that it knows is not good any more
	return l, s.chown(filepath.Join(dir, name))
}

// close lets nobody else in. The folder stays with a runner that came, for the
// sockets of its ways out.
func (d *door) close(came bool) {
	_ = d.l.Close()
	_ = os.Remove(filepath.Join(d.dir, socketFile))
	if !came {
		_ = os.RemoveAll(d.dir)
	}
}

// answered waits for the runner's call, or for the end of its container.
func (s *Sandbox) answered(ctx context.Context, d *door, id string) (*net.UnixConn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan error, 1)
	go func() {
		over <- s.ended(ctx, id)
		_ = d.l.Close() // ends Accept
	}()
	conn, err := d.l.AcceptUnix()
	if err == nil {
		return conn, nil
	}
	cancel()
	if ended := <-over; ended != nil {
		return nil, fmt.Errorf("wait for runner: %w", ended)
	}
	return nil, s.neverCame(ctx, id)
}

// neverCame says why a runner did not call.
func (s *Sandbox) neverCame(ctx context.Context, id string) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	got, err := s.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return s.wrap("look up container", err)
	}
	if st := got.Container.State; st != nil {
		return &RunnerError{Err: fmt.Errorf("it ended with code %d %s", st.ExitCode, st.Error)}
	}
	return &RunnerError{Err: fmt.Errorf("its container is gone")}
}
