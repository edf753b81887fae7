package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/moby/moby/client"

	"interlock/agent"
)

const sparesDir = "spares" // workspaces that nobody has yet

// mostSpares are kept in all, for however many images and Orgs.
const mostSpares = 8

// spare is a session's container, running and with an empty workspace, before
// there is a session. It never had another: what was used is not given on.
type spare struct {
	*resident
	name string
	made time.Time
}

// spareKey is for whom a spare is good.
type spareKey struct{ org, image string }

// adopt gives a new session a spare, if there is one. What fails half-way is
// thrown away, and the session gets its container in the ordinary way.
func (s *Sandbox) adopt(ctx context.Context, c agent.Command, name, dir string) {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return // it has a workspace already
	}
	sp := s.takeSpare(spareKey{c.Org, c.Image})
	if sp == nil {
		return
	}
	defer s.adoptingNow(sp.name, false)
	if err := s.handOver(ctx, c, sp, name, dir); err != nil {
		s.o.Log.WarnContext(ctx, "a spare container could not be used", "error", err)
		_ = s.dropSpare(ctx, sp)
	}
}

func (s *Sandbox) handOver(ctx context.Context, c agent.Command, sp *spare, name, dir string) error {
	if err := s.remove(ctx, name); err != nil { // of a life before, whose workspace is gone
		return err
	}
	from := filepath.Join(s.o.DataDir, sparesDir, sp.name)
	if err := s.writeOwner(from, owner{Org: c.Org, Session: c.Session}); err != nil {
		return err
	}
	if _, err := s.cli.ContainerRename(ctx, sp.id, client.ContainerRenameOptions{NewName: name}); err != nil {
		return s.wrap("name container", err)
	}
	if err := s.settleFolder(from, dir); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.residents[name] = sp.resident
	return nil
}

// takeSpare forgets those that died.
func (s *Sandbox) takeSpare(k spareKey) *spare {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.spares[k]) > 0 {
		sp := s.spares[k][0]
		s.spares[k] = s.spares[k][1:]
		if sp.alive() {
			s.adopting[sp.name] = true // a sweep passes it by until it has its owner
			return sp
		}
	}
	return nil
}

// replenish makes spares, beside whatever else happens, until there are enough for
// whoever just used one.
func (s *Sandbox) replenish(ctx context.Context, c agent.Command) {
	k := spareKey{c.Org, c.Image}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.making
	for _, some := range s.spares {
		all += len(some)
	}
	if s.closed || s.making > 0 || len(s.spares[k]) >= s.o.Spares || all >= mostSpares {
		return
	}
	s.making++
	s.background.Go(func() {
		ctx, cancel := lasting(ctx)
		defer cancel()
		sp, err := s.makeSpare(ctx, c)
		s.mu.Lock()
		s.making--
		keep := err == nil && !s.closed
		if keep {
			s.spares[k] = append(s.spares[k], sp)
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			s.o.Log.WarnContext(ctx, "a spare container could not be made", "error", err)
		case !keep:
			_ = s.dropSpare(ctx, sp) // a sweep looks again
		default:
			s.replenish(ctx, c)
		}
	})
}

func (s *Sandbox) makeSpare(ctx context.Context, c agent.Command) (*spare, error) {
	name := s.advance()
	dir := filepath.Join(s.o.DataDir, sparesDir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	err := s.furnish(ctx, dir)
	if err == nil {
		var r *resident
		r, err = s.settleIn(ctx, agent.Command{Org: c.Org, Image: c.Image}, name, filepath.Join(dir, workSub))
		if err == nil {
			return &spare{r, name, time.Now()}, nil
		}
	}
	return nil, errors.Join(err, s.remove(ctx, name), s.discard(dir))
}

// dropSpares makes no more, and drops those that are there.
func (s *Sandbox) dropSpares(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.background.Wait()
	return s.dropStale(ctx, true)
}

// dropSpare ends it. Without us its runner ends, and the engine would take the
// container away in its own time.
func (s *Sandbox) dropSpare(ctx context.Context, sp *spare) error {
	sp.end()
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := s.remove(ctx, sp.id); err != nil {
		return err
	}
	return s.discard(filepath.Join(s.o.DataDir, sparesDir, sp.name))
}

// dropStale drops old ones, or all.
func (s *Sandbox) dropStale(ctx context.Context, all bool) (err error) {
	for _, sp := range s.staleSpares(all) {
		err = errors.Join(err, s.dropSpare(ctx, sp))
	}
	for _, b := range s.staleBlanks(all) {
		err = errors.Join(err, s.dropBlank(ctx, b))
	}
	return err
}

// staleSpares are taken out: old ones, or all.
func (s *Sandbox) staleSpares(all bool) (gone []*spare) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, some := range s.spares {
		var kept []*spare
		for _, sp := range some {
			if all || time.Since(sp.made) > idleLimit || !sp.alive() {
				gone = append(gone, sp)
			} else {
				kept = append(kept, sp)
			}
		}
		s.spares[k] = kept
	}
	return gone
}

// isSpare tells whether a container or folder is one that waits here, or is on its
// way to a session.
func (s *Sandbox) isSpare(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.adopting[name] {
		return true
	}
	for _, some := range s.spares {
		for _, sp := range some {
			if sp.name == name {
				return true
			}
		}
	}
	for _, some := range s.blanks {
		if slices.ContainsFunc(some, func(b *blank) bool { return b.name == name }) {
			return true
		}
	}
	return false
}
