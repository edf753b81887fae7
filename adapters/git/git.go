// Package git reads the code of stacks: from a local Git repository, by its
// objects alone, or from a plain folder. It runs nothing: no hook, no filter, no
// git. It must never know tools, policy or the store.
package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"interlock/agent"
	"interlock/config"
)

// Limits of one tree: beyond them a repository is no stack's.
const (
	mostFiles = 20_000
	mostBytes = 64 << 20
)

var (
	errTooMuch = fmt.Errorf("more than %d files or %d MiB", mostFiles, mostBytes>>20)
	errLink    = errors.New("only regular files are read: no symbolic link, no submodule")
	errName    = errors.New("a name that leads out of the repository or into .git")
)

// Source reads the stacks of every Org. It is safe for concurrent use. Cache is a
// folder of ours for packs that were made; without one they are made each time. It
// is set before the first use.
type Source struct {
	Cache string

	orgs    map[string]config.Org
	packing sync.Mutex
	authors authors
}

var _ agent.Stacks = (*Source)(nil)

// New reads stacks as configuration says where they are. It opens nothing yet.
func New(orgs map[string]config.Org) *Source { return &Source{orgs: orgs} }

func (s *Source) find(org, name string) (config.Stack, error) {
	st, ok := s.orgs[org].Stacks[name]
	if !ok {
		return st, fmt.Errorf("stack %q of %q: %w", name, org, agent.ErrNotFound)
	}
	return st, nil
}

// Stack gives a stack as tools see it.
func (s *Source) Stack(_ context.Context, org, name string) (agent.Stack, error) {
	st, err := s.find(org, name)
	if err != nil {
		return agent.Stack{}, err
	}
	out := agent.Stack{
		Org: org, Name: name, Environment: st.Environment, Directory: st.Directory,
		Room: st.Channel, Rooms: slices.Clone(st.Channels), State: st.StateFolder(), Workspace: st.Workspace, Providers: slices.Clone(st.Providers),
		Image: st.Image, Scope: st.Scope, Ignore: slices.Clone(st.Ignore), VarFile: st.VarFile,
	}
	for _, m := range st.Mounts {
		out.Mounts = append(out.Mounts, agent.Mount{From: m.From, To: m.To, Write: m.Write})
	}
	return out, nil
}

// Head is the commit that the branch names now. It reads two small files, so
// that it can be asked at every click.
func (s *Source) Head(ctx context.Context, org, name string) (string, error) {
	st, err := s.find(org, name)
	if err != nil {
		return "", err
	}
	if st.Repository == "" {
		id, _, err := readFolder(ctx, st.Path)
		return id, err
	}
	r, err := git.PlainOpen(st.Repository)
	if err != nil {
		return "", fmt.Errorf("open repository of %s: %w", name, err)
	}
	ref := plumbing.HEAD
	if st.Branch != "" {
		ref = plumbing.NewBranchReferenceName(st.Branch)
	}
	h, err := r.Reference(ref, true)
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return "", fmt.Errorf("repository of %s has no commit on %s", name, ref.Short())
	}
	if err != nil {
		return "", fmt.Errorf("read %s of %s: %w", ref.Short(), name, err)
	}
	return h.Hash().String(), nil
}

// Files is the whole tree at a commit, by path.
func (s *Source) Files(ctx context.Context, org, name, commit string) (map[string][]byte, error) {
	st, err := s.find(org, name)
	if err != nil {
		return nil, err
	}
	if st.Repository == "" {
		id, files, err := readFolder(ctx, st.Path)
		if err == nil && id != commit {
			err = fmt.Errorf("the folder of %s has changed since %s: %w", name, commit, agent.ErrNotFound)
		}
		return files, err
	}
	r, c, err := s.open(st.Repository, name, commit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	t, err := c.Tree()
	if err != nil {
		return nil, fmt.Errorf("read tree of %s: %w", name, err)
	}
	files, err := readTree(ctx, r, t)
	if err != nil {
		return nil, fmt.Errorf("read tree of %s: %w", name, err)
	}
	return files, nil
}

// readTree asks sizes before anything is unpacked.
func readTree(ctx context.Context, objects storer.EncodedObjectStorer, t *object.Tree) (map[string][]byte, error) {
	files, left := map[string][]byte{}, int64(mostBytes)
	err := eachFile(ctx, t, func(name string, e object.TreeEntry) (err error) {
		if e.Mode == filemode.Symlink || e.Mode == filemode.Submodule {
			return errLink
		}
		files[name], err = content(objects, e.Hash, left)
		left -= int64(len(files[name]))
		return err
	})
	if err != nil {
		return nil, err
	}
	return files, nil
}

// eachFile walks a tree. It counts folders too: trees can name each other so often
// that a small repository has no end.
func eachFile(ctx context.Context, t *object.Tree, do func(name string, e object.TreeEntry) error) error {
	walk := object.NewTreeWalker(t, true, nil)
	defer walk.Close()
	for n := 0; ; n++ {
		name, e, err := walk.Next()
		switch {
		case errors.Is(err, io.EOF) && name != "": // so the walker says that a folder is missing
			return fmt.Errorf("%s: folder cannot be read", name)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case n == mostFiles:
			return errTooMuch
		case !safe(name):
			return fmt.Errorf("%q: %w", name, errName)
		case e.Mode == filemode.Dir:
			continue
		}
		if err := do(name, e); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// safe refuses what Git itself never writes, but a repository made by hand may
// hold: a name that leads elsewhere, or into Git's own folder.
func safe(name string) bool {
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\x00\\") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.EqualFold(part, ".git") {
			return false
		}
	}
	return true
}

func content(objects storer.EncodedObjectStorer, h plumbing.Hash, most int64) (b []byte, err error) {
	size, err := objects.EncodedObjectSize(h) // looks in this repository alone: borrowed objects are another's
	if err != nil {
		return nil, err
	}
	if size > most {
		return nil, errTooMuch
	}
	o, err := objects.EncodedObject(plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	b, err = io.ReadAll(io.LimitReader(r, most+1))
	if err = errors.Join(err, r.Close()); err == nil && int64(len(b)) > most {
		err = errTooMuch
	}
	return b, err
}
