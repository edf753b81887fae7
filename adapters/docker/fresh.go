package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"interlock/agent"
)

// stdinLimit is what a unix socket surely takes in before anybody reads. All
// of stdin is handed over before the start, so that a command never sees half
// of it because we died; more than this belongs into Files.
const stdinLimit = 64 << 10

// logFiles and logShare bound what the engine keeps of the output on disk. The
// driver "local" keeps bytes as they are, where json-file repairs them to UTF-8.
const (
	logFiles = 2
	logShare = 8       // times the output limit, for each file
	logLeast = 8 << 20 // bytes: a flood on one stream must not wash the other's last words away
	logEntry = 48      // bytes an entry takes beside its text
)

func (s *Sandbox) logSize() int64 { return max(s.o.OutputLimit*logShare, logLeast) }

func (s *Sandbox) callDir(name string) string {
	return filepath.Join(s.o.DataDir, callsDir, name)
}

func (s *Sandbox) execFresh(ctx context.Context, c agent.Command) (agent.Output, error) {
	if len(c.Stdin) > stdinLimit {
		return agent.Output{}, fmt.Errorf("command has more than %d bytes of input: give it as a file", stdinLimit)
	}
	name := s.callName(c)
	unlock, err := s.lock(ctx, name)
	if err != nil {
		return agent.Output{}, err
	}
	defer unlock()
	if out, err := s.collect(ctx, c); !errors.Is(err, agent.ErrNotFound) {
		return out, err
	}
	closed, err := s.freshWay(ctx, c, name)
	if err != nil {
		return agent.Output{}, err
	}
	defer closed()
	id, err := s.create(ctx, c, name)
	if cerrdefs.IsConflict(err) {
		return s.collect(ctx, c) // another process was quicker with the same call
	}
	if err != nil {
		return agent.Output{}, err
	}
	if err := s.start(ctx, id, c.Stdin); err != nil {
		if out, ok := s.unstartable(ctx, c, id); ok {
			return out, nil
		}
		return agent.Output{}, err
	}
	return s.see(ctx, c, container.InspectResponse{ID: id, State: &container.State{StartedAt: time.Now().Format(time.RFC3339Nano)}})
}

// create makes folder and container. What is there without a container never
// ran, and is made anew.
func (s *Sandbox) create(ctx context.Context, c agent.Command, name string) (string, error) {
	f, err := s.engineFacts(ctx)
	if err != nil {
		return "", err
	}
	dir := s.callDir(name)
	if err := s.prepare(ctx, dir, c); err != nil {
		return "", err
	}
	mounts := []mount.Mount{bind(filepath.Join(dir, workSub), workDir, true)}
	for _, m := range c.Mounts {
		mounts = append(mounts, bind(m.From, m.To, m.Write))
	}
	argv := c.Argv
	if c.Way != nil {
		runner, err := s.runner()
		if err != nil {
			return "", err
		}
		f.init = false // the runner is the first process
		argv = slices.Concat([]string{insideRun, "relay", insideSock + "/" + wayFile}, c.Argv)
		mounts = append(mounts, bind(runner, insideRun, false), bind(filepath.Join(s.o.DataDir, insideSub, name), insideSock, false))
	}
	cfg := s.config(f, c, kindFresh, argv)
	if c.Way != nil {
		cfg.Env = append(cfg.Env, c.Way.Env...)
		cfg.Labels[labelInside] = name
	}
	cfg.WorkingDir = path.Join(workDir, c.Dir)
	cfg.OpenStdin, cfg.StdinOnce, cfg.AttachStdin = len(c.Stdin) > 0, len(c.Stdin) > 0, len(c.Stdin) > 0
	return s.make(ctx, name, cfg, s.hostConfig(f, mounts, container.LogConfig{Type: "local", Config: map[string]string{
		"max-size": strconv.FormatInt(s.logSize(), 10), "max-file": strconv.Itoa(logFiles), "compress": "false",
	}}))
}

// freshWay opens the way out of a fresh container before there is one. It ends with
// this process: another one that collects the output finds a command that could
// not get out any more.
func (s *Sandbox) freshWay(ctx context.Context, c agent.Command, name string) (func(), error) {
	if c.Way == nil {
		return func() {}, nil
	}
	if _, err := s.runner(); err != nil { // also hides what the folder is on
		return nil, err
	}
	dir := filepath.Join(s.o.DataDir, insideSub, name)
	if err := makeInside(dir); err != nil {
		return nil, err
	}
	closed, err := s.openWay(ctx, dir, c.Way)
	return func() { closed(); _ = os.RemoveAll(dir) }, err
}

func (s *Sandbox) prepare(ctx context.Context, dir string, c agent.Command) error {
	if err := s.discard(dir); err != nil {
		return fmt.Errorf("clear folder: %w", err)
	}
	root, err := s.open(ctx, dir, owner{Org: c.Org, Session: c.Session, Call: c.Call})
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if c.Dir != "" {
		if err := root.MkdirAll(c.Dir, 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	return s.fill(root, ".", c.Files)
}

// make creates a container and does not start it.
func (s *Sandbox) make(ctx context.Context, name string, cfg *container.Config, host *container.HostConfig) (string, error) {
	if cfg.Image == "" {
		return "", &ImageError{}
	}
	made, err := s.cli.ContainerCreate(ctx, client.ContainerCreateOptions{Name: name, Config: cfg, HostConfig: host})
	if cerrdefs.IsNotFound(err) {
		return "", &ImageError{Image: cfg.Image}
	}
	if err != nil {
		return "", s.wrap("create container", err)
	}
	return made.ID, nil
}

// start hands over the input and lets the command run. Once it is asked for, it
// is not called off: nobody would know whether it had happened.
func (s *Sandbox) start(ctx context.Context, id string, stdin []byte) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if len(stdin) > 0 {
		in, err := s.cli.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdin: true})
		if err != nil {
			return s.wrap("attach input", err)
		}
		defer in.Close()
		if _, err := in.Conn.Write(stdin); err != nil {
			return s.wrap("write input", err)
		}
		if err := in.CloseWrite(); err != nil {
			return s.wrap("close input", err)
		}
	}
	if _, err := s.cli.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return s.wrap("start container", err)
	}
	return nil
}

// unstartable tells a command that is not in the image, which is a result,
// from an engine that fails, which is none.
func (s *Sandbox) unstartable(ctx context.Context, c agent.Command, id string) (agent.Output, bool) {
	got, err := s.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil || got.Container.State == nil || !neverExecuted(got.Container.State) {
		return agent.Output{}, false
	}
	out := agent.Output{
		Code: got.Container.State.ExitCode, Image: got.Container.Image,
		Stderr: note("%s cannot be run in this image", c.Argv[0]),
	}
	return out, s.settle(ctx, s.callName(c), id, out) == nil
}

// neverExecuted is the engine's way to say that the program is not there
// (127) or is no program (126).
func neverExecuted(st *container.State) bool {
	return st.Status == container.StateCreated && (st.ExitCode == 126 || st.ExitCode == 127)
}

func note(format string, args ...any) []byte {
	return fmt.Appendf(nil, "[sandbox: "+format+"]\n", args...)
}
