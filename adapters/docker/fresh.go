package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"interlock/agent"
)

// stdinLimit is for input, in bytes: it is handed over with the command. More than
// this belongs into Files.
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
	if out, err := s.collect(ctx, c); !errors.Is(err, agent.ErrNotFound) && !errors.Is(err, agent.ErrGone) {
		return out, err
	} // of what is gone, the caller decides whether it may run again
	b, done, err := s.launch(ctx, c, name)
	if err != nil && cerrdefs.IsNotFound(err) { // somebody swept the blank away
		b, done, err = s.launch(ctx, c, name)
	}
	if cerrdefs.IsConflict(err) {
		return s.collect(ctx, c) // another process was quicker with the same call
	}
	if err != nil {
		return agent.Output{}, err
	}
	defer done()
	return s.see(ctx, c, b.id, time.Now())
}

// launch lets a blank run a call. Done takes away what the container saw of us.
func (s *Sandbox) launch(ctx context.Context, c agent.Command, name string) (b *blank, done func(), err error) {
	if b, err = s.blankFor(ctx, c); err != nil {
		return nil, nil, err
	}
	inside := s.insideDir(b.name)
	closed, err := s.openWay(ctx, inside, c.Way)
	if err != nil {
		return nil, nil, errors.Join(err, s.dropBlank(ctx, b))
	}
	if err := s.begin(ctx, c, b, name); err != nil {
		closed()
		_ = s.dropBlank(ctx, b) // a sweep looks again
		return nil, nil, err
	}
	return b, func() {
		closed()
		_ = os.RemoveAll(inside)
		if s.o.Spares > 0 {
			s.moreBlanks(ctx, c)
		}
	}, nil
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

// start lets a container run. Once it is asked for, it is not called off: nobody
// would know whether it had happened.
func (s *Sandbox) start(ctx context.Context, id string) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if _, err := s.cli.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return s.wrap("start container", err)
	}
	return nil
}

func note(format string, args ...any) []byte {
	return fmt.Appendf(nil, "[sandbox: "+format+"]\n", args...)
}
