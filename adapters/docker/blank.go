package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"interlock/agent"
	"interlock/agent/frames"
)

// blank is a fresh container before anybody knows what it is for: the runner waits
// in it for a file with the command, and nothing else runs. It serves one call.
type blank struct {
	id, name string
	made     time.Time
}

// blankKey is for whom a blank is good: an Org's commands in an image, with the
// same mounts.
type blankKey struct{ org, image, mounts string }

func keyOf(c agent.Command) blankKey {
	return blankKey{c.Org, c.Image, fmt.Sprintf("%+v", c.Mounts)}
}

// commandFile is what a fresh container runs, beside its sockets.
const commandFile = "command"

// The folders of a blank: its workspace, which moves to the call's, and what the
// container sees of us.
func (s *Sandbox) blankDir(name string) string { return filepath.Join(s.o.DataDir, sparesDir, name) }

func (s *Sandbox) insideDir(name string) string { return filepath.Join(s.o.DataDir, insideSub, name) }

func (s *Sandbox) makeBlank(ctx context.Context, c agent.Command) (*blank, error) {
	f, err := s.engineFacts(ctx)
	if err != nil {
		return nil, err
	}
	runner, err := s.runner() // also hides what the next folder is on
	if err != nil {
		return nil, err
	}
	b := &blank{name: s.advance(), made: time.Now()}
	dir, inside := s.blankDir(b.name), s.insideDir(b.name)
	s.adoptingNow(b.name, true)
	defer s.adoptingNow(b.name, false)
	err = os.MkdirAll(dir, 0o700)
	if err == nil {
		err = errors.Join(s.furnish(ctx, dir), makeInside(inside))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make folder: %w", err), s.dropBlank(ctx, b))
	}
	mounts := []mount.Mount{bind(filepath.Join(dir, workSub), workDir, true), bind(runner, insideRun, false), bind(inside, insideSock, false)}
	for _, m := range c.Mounts {
		mounts = append(mounts, bind(m.From, m.To, m.Write))
	}
	f.init = false // the runner is the first process
	cfg := s.config(f, agent.Command{Org: c.Org, Image: c.Image}, kindFresh, []string{insideRun, "once", insideSock})
	cfg.Labels[labelInside] = b.name
	b.id, err = s.make(ctx, b.name, cfg, s.hostConfig(f, mounts, container.LogConfig{Type: "local", Config: map[string]string{
		"max-size": strconv.FormatInt(s.logSize(), 10), "max-file": strconv.Itoa(logFiles), "compress": "false",
	}}))
	if err == nil {
		err = s.start(ctx, b.id)
	}
	if err != nil {
		return nil, errors.Join(err, s.dropBlank(ctx, b))
	}
	return b, nil
}

// begin lets a blank run a call. The call's name comes first, so that no other
// process begins it; then its folder, the record that it has begun, and last the
// command, whole or not at all.
func (s *Sandbox) begin(ctx context.Context, c agent.Command, b *blank, name string) error {
	s.adoptingNow(b.name, true)
	defer s.adoptingNow(b.name, false)
	if err := s.inscribe(ctx, c, b, name); err != nil {
		return err
	}
	order := frames.Once{Command: frames.Command{Argv: c.Argv, Dir: path.Join(workDir, c.Dir)}, Stdin: c.Stdin}
	if c.Way != nil {
		order.Env, order.Out = c.Way.Env, true
	}
	text, err := json.Marshal(order)
	if err == nil {
		err = s.writeOwner(s.callDir(name), owner{Org: c.Org, Session: c.Session, Call: c.Call, Begun: time.Now()})
	}
	if err == nil {
		err = writeFile(filepath.Join(s.insideDir(b.name), commandFile), text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write command: %w", err)
	}
	return nil
}

// inscribe gives a blank the files of a call, and its name.
func (s *Sandbox) inscribe(ctx context.Context, c agent.Command, b *blank, name string) error {
	if err := s.prepareIn(s.blankDir(b.name), c); err != nil {
		return err
	}
	if _, err := s.cli.ContainerRename(ctx, b.id, client.ContainerRenameOptions{NewName: name}); err != nil {
		return s.wrap("name container", err)
	}
	if err := s.discard(s.callDir(name)); err != nil { // of a life before, which never began
		return err
	}
	return s.settleFolder(s.blankDir(b.name), s.callDir(name))
}

// settleFolder moves what was made in advance to whom it is for. What is mounted below
// moves along.
func (s *Sandbox) settleFolder(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("move folder: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if disk := filepath.Join(from, diskDir); s.mounted[disk] {
		delete(s.mounted, disk)
		s.mounted[filepath.Join(to, diskDir)] = true
	}
	return nil
}

// prepareIn writes whose folder it is, and the files of a call.
func (s *Sandbox) prepareIn(dir string, c agent.Command) error {
	if err := s.writeOwner(dir, owner{Org: c.Org, Session: c.Session, Call: c.Call}); err != nil {
		return err
	}
	root, err := os.OpenRoot(filepath.Join(dir, workSub))
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	if c.Dir != "" {
		if err := root.MkdirAll(c.Dir, 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	return s.fill(root, ".", c.Files)
}

// blankFor is one that waits, or a new one.
func (s *Sandbox) blankFor(ctx context.Context, c agent.Command) (*blank, error) {
	s.mu.Lock()
	k := keyOf(c)
	var b *blank
	if some := s.blanks[k]; len(some) > 0 {
		b, s.blanks[k] = some[0], some[1:]
	}
	s.mu.Unlock()
	if b != nil {
		return b, nil
	}
	return s.makeBlank(ctx, c)
}

// moreBlanks makes blanks, beside whatever else happens, for calls like c.
func (s *Sandbox) moreBlanks(ctx context.Context, c agent.Command) {
	k := keyOf(c)
	c.Mounts = slices.Clone(c.Mounts)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, some := range s.blanks {
		all += len(some)
	}
	if s.closed || s.blanking || len(s.blanks[k]) >= s.o.Spares || all >= mostSpares {
		return
	}
	s.blanking = true
	s.background.Go(func() {
		ctx, cancel := lasting(ctx)
		defer cancel()
		b, err := s.makeBlank(ctx, c)
		s.mu.Lock()
		s.blanking = false
		keep := err == nil && !s.closed
		if keep {
			s.blanks[k] = append(s.blanks[k], b)
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			s.o.Log.WarnContext(ctx, "a container could not be made in advance", "error", err)
		case !keep:
			_ = s.dropBlank(ctx, b) // a sweep looks again
		}
	})
}

func (s *Sandbox) dropBlank(ctx context.Context, b *blank) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	return errors.Join(s.remove(ctx, cmp.Or(b.id, b.name)), s.discard(s.blankDir(b.name)), os.RemoveAll(s.insideDir(b.name)))
}

// staleBlanks are taken out: old ones, or all.
func (s *Sandbox) staleBlanks(all bool) (gone []*blank) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, some := range s.blanks {
		s.blanks[k] = slices.DeleteFunc(some, func(b *blank) bool {
			old := all || time.Since(b.made) > idleLimit
			if old {
				gone = append(gone, b)
			}
			return old
		})
	}
	return gone
}

// adoptingNow keeps a sweep away from what is being made, or handed on.
func (s *Sandbox) adoptingNow(name string, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.adopting[name] = is; !is {
		delete(s.adopting, name)
	}
}
