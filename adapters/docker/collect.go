package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"interlock/agent"
)

// outputFile is the record of a call that is over. It outlives the container,
// so that a crash between our return and the caller's record loses nothing.
const outputFile = "output.json"

// patience is how long the engine may take for one thing.
const patience = time.Minute

// lasting is for what must be done although the caller has gone.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

// collect returns the record of a call, or waits for its container and makes
// the record. Any process may do so, any number of times.
func (s *Sandbox) collect(ctx context.Context, c agent.Command) (agent.Output, error) {
	name := s.callName(c)
	if out, err := s.recorded(name); err == nil {
		return s.withFiles(ctx, c, out), nil
	}
	box, begun, err := s.started(ctx, name)
	if err != nil {
		return agent.Output{}, err
	}
	return s.see(ctx, c, box.ID, begun)
}

// see waits for the end of a call's container, and makes the record.
func (s *Sandbox) see(ctx context.Context, c agent.Command, id string, begun time.Time) (agent.Output, error) {
	out, err := s.finish(ctx, c, id, begun)
	if err != nil {
		if again, rerr := s.recorded(s.callName(c)); rerr == nil { // another one collected it meanwhile
			return s.withFiles(ctx, c, again), nil
		}
		return agent.Output{}, err
	}
	return s.withFiles(ctx, c, out), nil
}

// started looks a call's container up, even when the caller has gone: what runs
// must be stopped then. One that was made and not begun ran nothing.
func (s *Sandbox) started(ctx context.Context, name string) (box container.InspectResponse, begun time.Time, err error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	got, err := s.cli.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	switch {
	case cerrdefs.IsNotFound(err) && s.hasBegun(name):
		return box, begun, agent.ErrGone // somebody took the container away
	case cerrdefs.IsNotFound(err):
		return box, begun, agent.ErrNotFound
	case err != nil:
		return box, begun, s.wrap("look up container", err)
	}
	if o, oerr := readOwner(s.callDir(name)); oerr == nil && !o.Begun.IsZero() {
		return got.Container, o.Begun, nil
	}
	if err := s.remove(ctx, got.Container.ID); err != nil {
		return box, begun, err
	}
	return box, begun, agent.ErrNotFound
}

// hasBegun tells whether a call is on record as begun.
func (s *Sandbox) hasBegun(name string) bool {
	o, err := readOwner(s.callDir(name))
	return err == nil && !o.Begun.IsZero()
}

// finish sees a container to its end. The limit counts from the beginning of its
// call, whoever waits for it.
func (s *Sandbox) finish(ctx context.Context, c agent.Command, id string, begun time.Time) (agent.Output, error) {
	stopped, late, err := s.await(ctx, id, begun.Add(c.Limit))
	if err != nil {
		return agent.Output{}, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	got, err := s.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return agent.Output{}, s.wrap("look up container", err)
	}
	st := got.Container.State
	out := agent.Output{Code: st.ExitCode, Stopped: stopped, Image: got.Container.Image}
	if err := s.readLog(ctx, id, &out); err != nil {
		return agent.Output{}, err
	}
	s.explain(c, &out, late)
	return out, s.settle(ctx, s.callName(c), id, out)
}

// explain adds why a command ended, where its own output cannot tell. Engines
// do not report reliably that memory ran out; nothing else kills from outside.
func (s *Sandbox) explain(c agent.Command, out *agent.Output, late bool) {
	switch {
	case late:
		out.Stderr = append(out.Stderr, note("stopped after the time limit of %s", c.Limit)...)
	case out.Code == killedCode && !out.Stopped:
		out.Stderr = append(out.Stderr, note("killed, most likely because it needed more than %d MiB of memory", s.o.Memory>>20)...)
	}
}

// await waits for the end. When the time is over, or ctx ends, it interrupts
// once, waits for the tool to save its state, and kills.
func (s *Sandbox) await(ctx context.Context, id string, deadline time.Time) (stopped, late bool, err error) {
	timed, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	err = s.ended(timed, id)
	if err == nil || timed.Err() == nil {
		return false, false, err
	}
	late = ctx.Err() == nil
	ctx = context.WithoutCancel(ctx)
	if err := s.interrupt(ctx, id); err != nil {
		return true, late, err
	}
	return true, late, s.kill(ctx, id)
}

// ended returns nil when the container is no longer running.
func (s *Sandbox) ended(ctx context.Context, id string) error {
	w := s.cli.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case <-w.Result:
		return nil
	case err := <-w.Error:
		if cerrdefs.IsNotFound(err) { // ended, and taken away
			return nil
		}
		return s.wrap("wait for container", err)
	}
}

// interrupt sends SIGINT and gives the grace.
func (s *Sandbox) interrupt(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Grace)
	defer cancel()
	_, err := s.cli.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "SIGINT"})
	if err == nil {
		err = s.ended(ctx, id)
	}
	if err == nil || ctx.Err() != nil || cerrdefs.IsConflict(err) { // a conflict: it ended by itself
		return nil
	}
	return s.wrap("interrupt container", err)
}

// kill ends every process of a container. One that has ended is fine.
func (s *Sandbox) kill(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.cli.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "SIGKILL"})
	if err != nil && !cerrdefs.IsConflict(err) && !cerrdefs.IsNotFound(err) {
		return s.wrap("kill container", err)
	}
	return s.ended(ctx, id)
}

func (s *Sandbox) remove(ctx context.Context, id string) error {
	_, err := s.cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	switch {
	case err == nil || cerrdefs.IsNotFound(err):
		return nil
	case !cerrdefs.IsConflict(err):
		return s.wrap("remove container", err)
	}
	w := s.cli.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved}) // somebody else removes it
	select {
	case <-w.Result:
	case err := <-w.Error:
		if !cerrdefs.IsNotFound(err) {
			return s.wrap("remove container", err)
		}
	}
	return nil
}

// readLog fills in what the engine kept of the output. Of a flood it kept the
// last files only, which shows in their size.
func (s *Sandbox) readLog(ctx context.Context, id string, out *agent.Output) error {
	logs, err := s.cli.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return s.wrap("read output", err)
	}
	defer func() { _ = logs.Close() }()
	size := &counter{}
	stdout, stderr := newCapped(s.o.OutputLimit), newCapped(s.o.OutputLimit)
	if _, err := stdcopy.StdCopy(size.count(stdout), size.count(stderr), logs); err != nil {
		return s.wrap("read output", err)
	}
	out.Stdout, out.Stderr = stdout.bytes(), stderr.bytes()
	out.Truncated = stdout.truncated() || stderr.truncated() || size.bytes >= s.logSize()
	return nil
}

// settle writes the record, then lets the container go; never the other way.
func (s *Sandbox) settle(ctx context.Context, name, id string, out agent.Output) error {
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	if err := writeFile(filepath.Join(s.callDir(name), outputFile), b, 0o600); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	s.background.Go(func() { // nobody need wait for that
		ctx, cancel := lasting(ctx)
		defer cancel()
		if err := s.remove(ctx, id); err != nil {
			s.o.Log.WarnContext(ctx, "a finished container was not removed; the next sweep does it", "container", name, "error", err)
		}
	})
	return nil
}

func (s *Sandbox) recorded(name string) (out agent.Output, err error) {
	b, err := os.ReadFile(filepath.Join(s.callDir(name), outputFile))
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return out, err
}

// withFiles adds what the command was to bring back, and lets go of its disk.
func (s *Sandbox) withFiles(ctx context.Context, c agent.Command, out agent.Output) agent.Output {
	dir := s.callDir(s.callName(c))
	defer s.rest(ctx, dir)
	if len(c.Collect) == 0 {
		return out
	}
	return s.bring(ctx, c, dir, out)
}

// bring reads what is to be collected. What is not there is left out, what is not a
// plain file is named.
func (s *Sandbox) bring(ctx context.Context, c agent.Command, dir string, out agent.Output) agent.Output {
	err := s.furnish(ctx, dir)
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(filepath.Join(dir, workSub))
	}
	if err != nil {
		out.Stderr = append(out.Stderr, note("no file was brought back: %s", err)...)
		return out
	}
	defer func() { _ = root.Close() }()
	out.Files = map[string][]byte{}
	for _, name := range c.Collect {
		b, err := collectFile(root, name)
		switch {
		case err == nil:
			out.Files[name] = b
		case !errors.Is(err, fs.ErrNotExist):
			out.Stderr = append(out.Stderr, note("%s was not brought back: %s", name, err)...)
		}
	}
	return out
}
