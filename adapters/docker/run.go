package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"syscall"
	"time"

	"interlock/agent"
	"interlock/agent/frames"
)

// killedCode is the customary exit code of a process that SIGKILL ended.
const killedCode = 137

// conversation is one command in a session's container.
type conversation struct {
	r              *resident
	stdout, stderr *capped
	end            *frames.End
}

// run executes one command in the session's container and sees it to its end.
func (s *Sandbox) run(ctx context.Context, c agent.Command, name string, r *resident) (agent.Output, error) {
	if err := ctx.Err(); err != nil {
		return agent.Output{}, fmt.Errorf("stopped before it began: %w", err)
	}
	timed, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	t := &conversation{r: r, stdout: newCapped(s.o.OutputLimit), stderr: newCapped(s.o.OutputLimit)}
	done := make(chan error, 1)
	go func() {
		err := r.begin(c)
		if err == nil {
			err = t.listen()
		}
		done <- err
	}()
	stopped, err := s.outlast(timed, r, done)
	out := agent.Output{
		Code: killedCode, Stopped: stopped, Truncated: t.stdout.truncated() || t.stderr.truncated(),
		Stdout: t.stdout.bytes(), Stderr: t.stderr.bytes(), Image: r.image,
	}
	switch {
	case t.end != nil:
		out.Code = t.end.Code
		if t.end.Error != "" {
			out.Stderr = append(out.Stderr, note("%s cannot be run in this image: %s", c.Argv[0], t.end.Error)...)
		}
	case err != nil && !stopped && !s.killedInside(ctx, name, r):
		return agent.Output{}, err
	}
	s.explain(c, &out, stopped && ctx.Err() == nil)
	return out, nil
}

// begin sends the command. Once it is asked for, it is not called off: nobody
// would know whether it had happened.
func (r *resident) begin(c agent.Command) error {
	for rest := c.Stdin; len(rest) > 0; {
		n := min(len(rest), frames.MaxFrame)
		if err := frames.Write(r.conn, frames.Input, rest[:n]); err != nil {
			return fmt.Errorf("send input: %w", err)
		}
		rest = rest[n:]
	}
	cmd := frames.Command{Argv: c.Argv, Dir: path.Join(workDir, c.Dir)}
	if c.Way != nil {
		cmd.Env, cmd.Out = c.Way.Env, true
	}
	b, err := json.Marshal(cmd)
	if err == nil {
		err = frames.Write(r.conn, frames.Start, b)
	}
	if err != nil {
		return fmt.Errorf("send command: %w", err)
	}
	return nil
}

// listen takes in what the command says, until it is over.
func (t *conversation) listen() error {
	for {
		k, p, err := frames.Read(t.r.conn, t.r.buf)
		if err != nil {
			return fmt.Errorf("hear from runner: %w", err)
		}
		switch k {
		case frames.Stdout:
			_, err = t.stdout.Write(p)
		case frames.Stderr:
			_, err = t.stderr.Write(p)
		case frames.Done:
			t.end = &frames.End{}
			if err = json.Unmarshal(p, t.end); err == nil {
				return nil
			}
		default:
			err = fmt.Errorf("%w: kind %q", frames.ErrFrame, k)
		}
		if err != nil {
			return fmt.Errorf("hear from runner: %w", err)
		}
	}
}

// outlast waits for the end of a command. When ctx ends first, it interrupts all
// that runs in the container, gives the grace, and kills the container: nothing a
// command started can outlive that, detached or not.
func (s *Sandbox) outlast(ctx context.Context, r *resident, done <-chan error) (stopped bool, err error) {
	select {
	case err := <-done:
		return false, err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Grace+patience)
	defer cancel()
	_ = r.conn.SetWriteDeadline(time.Now().Add(s.o.Grace)) // a runner that does not listen is killed
	werr := frames.Write(r.conn, frames.Signal, []byte{byte(syscall.SIGINT)})
	_ = r.conn.SetWriteDeadline(time.Time{})
	grace := time.NewTimer(s.o.Grace)
	defer grace.Stop()
	if werr == nil {
		select {
		case err := <-done:
			return true, err
		case <-grace.C:
		}
	}
	err = s.kill(ctx, r.id)
	_ = r.conn.Close() // ends the conversation, whatever became of the container
	<-done             //nolint:errcheck // it ended because we hung up
	return true, err
}

// killedInside tells whether the container has ended by itself: then the command
// was killed, and its session goes on in a new one.
func (s *Sandbox) killedInside(ctx context.Context, name string, r *resident) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return s.ended(ctx, r.id) == nil && s.dismiss(ctx, name) == nil
}
