package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"interlock/agent"
	"interlock/agent/frames"
)

const seedsDir = "seeds" // beside the workspace, where no command can write

func (s *Sandbox) execSession(ctx context.Context, c agent.Command) (agent.Output, error) {
	if len(c.Stdin) > frames.MaxInput {
		return agent.Output{}, fmt.Errorf("command has more than %d bytes of input: give it as a file", frames.MaxInput)
	}
	name := s.sessionName(c)
	unlock, err := s.lock(ctx, name)
	if err != nil {
		return agent.Output{}, err
	}
	defer unlock()
	dir := filepath.Join(s.o.DataDir, workspacesDir, name)
	if s.o.Spares > 0 {
		s.adopt(ctx, c, name, dir)
		defer s.replenish(ctx, c)
	}
	if err := s.workspace(ctx, dir, c); err != nil {
		return agent.Output{}, err
	}
	r, err := s.resident(ctx, c, name, filepath.Join(dir, workSub))
	if err != nil {
		return agent.Output{}, err
	}
	closed, err := s.openWay(ctx, r.dir, c.Way)
	if err != nil {
		return agent.Output{}, err
	}
	defer closed()
	out, err := s.run(ctx, c, name, r)
	if err == nil && len(c.Collect) > 0 { // nothing runs there any more: the runner ended it
		out = s.bring(ctx, c, dir, out)
	}
	return out, err
}

// workspace makes the session's folder, and fills what is to be filled. The
// mark is written last: a seed that was cut short is sown again.
func (s *Sandbox) workspace(ctx context.Context, dir string, c agent.Command) error {
	root, err := s.open(ctx, dir, owner{Org: c.Org, Session: c.Session})
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
	if err := s.plant(root, c.Seed.Dir, files); err != nil {
		return fmt.Errorf("fill workspace: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err != nil {
		return fmt.Errorf("mark seed: %w", err)
	}
	return writeFile(mark, nil, 0o600)
}

// Sow fills a folder of a session's workspace, once.
func (s *Sandbox) Sow(ctx context.Context, c agent.Command, folder string, files map[string][]byte) error {
	c.In, c.Seed = agent.InSession, &agent.Seed{Dir: folder, Files: func() (map[string][]byte, error) { return files, nil }}
	if err := check(c); err != nil {
		return err
	}
	name := s.sessionName(c)
	unlock, err := s.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	dir := filepath.Join(s.o.DataDir, workspacesDir, name)
	if s.o.Spares > 0 {
		s.adopt(ctx, s.withImage(c), name, dir)
	}
	return s.workspace(ctx, dir, c)
}

// Ready makes spare containers for sessions of c's Org with c's image, if there
// are to be any; it does not wait for them.
func (s *Sandbox) Ready(ctx context.Context, c agent.Command) error {
	if s.o.Spares > 0 {
		s.replenish(ctx, s.withImage(c))
	}
	return nil
}

func (s *Sandbox) withImage(c agent.Command) agent.Command {
	c.Image = orDefault(c.Image, s.o.Image)
	return c
}
