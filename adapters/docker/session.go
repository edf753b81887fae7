package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"interlock/agent"
)

const seedsDir = "seeds" // beside the workspace, where no command can write

// idle is what a session's container does between commands, and beside them: an
// interrupt is meant for the command, not for it. As process 1 it would not get
// a signal that it does not name.
const idle = `trap '' INT; trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done`

// killedCode is the customary exit code of a process that SIGKILL ended.
const killedCode = 137

func (s *Sandbox) execSession(ctx context.Context, c agent.Command) (agent.Output, error) {
	name := s.sessionName(c)
	unlock, err := s.lock(ctx, name)
	if err != nil {
		return agent.Output{}, err
	}
	defer unlock()
	dir := filepath.Join(s.o.DataDir, workspacesDir, name)
	if err := s.workspace(dir, c); err != nil {
		return agent.Output{}, err
	}
	box, err := s.resident(ctx, c, name, filepath.Join(dir, workSub))
	if err != nil {
		return agent.Output{}, err
	}
	out, err := s.run(ctx, c, box.ID)
	out.Image = box.Image
	if err == nil && !out.Stopped {
		err = s.endLeftovers(ctx, box.ID)
	}
	return out, err
}

// endLeftovers ends what a command left running, by ending the container: the
// next command neither shares its processes nor pays for them.
func (s *Sandbox) endLeftovers(ctx context.Context, box string) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	f, err := s.engineFacts(ctx)
	if err != nil {
		return err
	}
	idling := 2 // the shell and its sleep
	if f.init {
		idling++
	}
	top, err := s.cli.ContainerTop(ctx, box, client.ContainerTopOptions{})
	if err == nil && len(top.Processes) <= idling {
		return nil
	}
	return s.kill(ctx, box)
}

// workspace makes the session's folder, and fills what is to be filled. The
// mark is written last: a seed that was cut short is sown again.
func (s *Sandbox) workspace(dir string, c agent.Command) error {
	root, err := s.open(dir, owner{Org: c.Org, Session: c.Session})
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if c.Seed == nil {
		return nil
	}
	mark := filepath.Join(dir, seedsDir, s.hashed(c.Seed.Dir))
	if _, err := os.Stat(mark); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := c.Seed.Files()
	if err != nil {
		return fmt.Errorf("read seed: %w", err)
	}
	if err := root.RemoveAll(c.Seed.Dir); err != nil {
		return fmt.Errorf("clear folder: %w", err)
	}
	if err := s.fill(root, c.Seed.Dir, files); err != nil {
		return fmt.Errorf("fill workspace: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err != nil {
		return fmt.Errorf("mark seed: %w", err)
	}
	return writeFile(mark, nil)
}

// resident is the session's running container. One that died, for whatever
// reason, is made anew: all that must last is in the workspace.
func (s *Sandbox) resident(ctx context.Context, c agent.Command, name, work string) (container.InspectResponse, error) {
	got, err := s.cli.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	switch {
	case err == nil && got.Container.State.Running:
		return got.Container, nil
	case err == nil:
		if err := s.remove(ctx, got.Container.ID); err != nil {
			return container.InspectResponse{}, err
		}
	case !cerrdefs.IsNotFound(err):
		return container.InspectResponse{}, s.wrap("look up container", err)
	}
	f, err := s.engineFacts(ctx)
	if err != nil {
		return container.InspectResponse{}, err
	}
	cfg := s.config(f, c, kindSession, []string{"sh", "-c", idle})
	host := s.hostConfig(f, []mount.Mount{bind(work, workDir, true)}, container.LogConfig{Type: "none"})
	id, err := s.make(ctx, name, cfg, host)
	if err != nil {
		return container.InspectResponse{}, err
	}
	if err := s.start(ctx, id, nil); err != nil {
		return container.InspectResponse{}, err
	}
	got, err = s.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return container.InspectResponse{}, s.wrap("look up container", err)
	}
	return got.Container, nil
}

// run executes one command in the session's container and sees it to its end.
func (s *Sandbox) run(ctx context.Context, c agent.Command, box string) (agent.Output, error) {
	timed, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	id, io, err := s.begin(ctx, c, box)
	if err != nil {
		return agent.Output{}, err
	}
	defer io.Close()
	stdout, stderr := newCapped(s.o.OutputLimit), newCapped(s.o.OutputLimit)
	var copyErr error
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, copyErr = stdcopy.StdCopy(stdout, stderr, io.Reader)
	}()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		if _, err := io.Conn.Write(c.Stdin); err == nil {
			_ = io.CloseWrite()
		}
	}()
	stopped, err := s.outlast(timed, box, done)
	io.Close() // ends both goroutines, whatever the command left behind
	<-fed
	<-done
	if err == nil && !stopped && copyErr != nil {
		err = s.wrap("read output", copyErr)
	}
	if err != nil {
		return agent.Output{}, err
	}
	out := agent.Output{
		Code: s.exitCode(ctx, id), Stopped: stopped, Truncated: stdout.truncated() || stderr.truncated(),
		Stdout: stdout.bytes(), Stderr: stderr.bytes(),
	}
	s.explain(c, &out, stopped && ctx.Err() == nil)
	return out, nil
}

// begin starts a command. Once it is asked for, the start is not called off:
// nobody would know whether it had happened.
func (s *Sandbox) begin(ctx context.Context, c agent.Command, box string) (id string, io client.ExecAttachResult, err error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	f, err := s.engineFacts(ctx)
	if err != nil {
		return "", io, err
	}
	argv := c.Argv
	if c.Dir != "" { // by the command itself: the engine must not follow a path that a command may have bent
		argv = append([]string{"sh", "-c", `cd -- "$0" && exec "$@"`, c.Dir}, c.Argv...)
	}
	ex, err := s.cli.ExecCreate(ctx, box, client.ExecCreateOptions{
		User: s.user(f), WorkingDir: workDir, Cmd: argv,
		AttachStdin: true, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return "", io, s.wrap("run command", err)
	}
	io, err = s.cli.ExecAttach(ctx, ex.ID, client.ExecAttachOptions{})
	if err != nil {
		return "", io, s.wrap("run command", err)
	}
	return ex.ID, io, nil
}

// outlast waits for the end of the output. When ctx ends first, it interrupts
// all that runs in the container, gives the grace, and kills the container:
// nothing a command started can outlive that, detached or not.
func (s *Sandbox) outlast(ctx context.Context, box string, done <-chan struct{}) (stopped bool, err error) {
	select {
	case <-done:
		return false, nil
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Grace+patience)
	defer cancel()
	s.interruptAll(ctx, box)
	grace := time.NewTimer(s.o.Grace)
	defer grace.Stop()
	ended := false
	select {
	case <-done:
		ended = true
	case <-grace.C:
	}
	if err := s.kill(ctx, box); err != nil || ended {
		return true, err
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
	return true, nil
}

// interruptAll sends SIGINT to every process but the first. It may fail, for
// example when there is no room for one more process: then the kill follows.
func (s *Sandbox) interruptAll(ctx context.Context, box string) {
	f, err := s.engineFacts(ctx)
	if err != nil {
		return
	}
	ex, err := s.cli.ExecCreate(ctx, box, client.ExecCreateOptions{User: s.user(f), Cmd: []string{"sh", "-c", "kill -INT -1"}})
	if err == nil {
		_, err = s.cli.ExecStart(ctx, ex.ID, client.ExecStartOptions{Detach: true})
	}
	if err != nil {
		s.o.Log.InfoContext(ctx, "a command could not be interrupted and is killed", "container", box, "error", err)
	}
}

// exitCode is that of a killed process when the engine no longer knows.
func (s *Sandbox) exitCode(ctx context.Context, id string) int {
	ctx, cancel := lasting(ctx)
	defer cancel()
	for {
		got, err := s.cli.ExecInspect(ctx, id, client.ExecInspectOptions{})
		if err != nil {
			return killedCode
		}
		if !got.Running {
			return got.ExitCode
		}
		select { // the output may close a moment before the engine notes the end
		case <-ctx.Done():
			return killedCode
		case <-time.After(5 * time.Millisecond):
		}
	}
}
