package git

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"interlock/agent"
)

// Bounds of looking for an author. Beyond them nobody is known.
const (
	authorCommits = 5000
	authorLimit   = 2 * time.Second
	authorName    = 80 // characters
)

// Author is who changed the code of a stack last, as of a commit: the newest commit
// after which the stack's directory is not as before it. It compares the ids of folders
// and reads no file. Of a merge that took a directory over as it was on one side, that
// side is followed. A plain folder has no author.
func (s *Source) Author(ctx context.Context, org, name, commit string) (*agent.Authored, error) {
	st, err := s.find(org, name)
	if err != nil || st.Repository == "" {
		return nil, err
	}
	r, c, err := s.open(st.Repository, name, commit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	ctx, cancel := context.WithTimeout(ctx, authorLimit)
	defer cancel()
	dir := path.Clean("./" + st.Directory)
	now, err := folderAt(r, c, dir)
	if err != nil {
		return nil, fmt.Errorf("look for the author of %s: %w", name, err)
	}
	key := authored{st.Repository, dir, now}
	if by, known := s.authors.known(key); known {
		return by, nil
	}
	by, err := author(ctx, r, c, dir, authorCommits)
	if err == nil && by != nil {
		s.authors.keep(key, by)
	}
	if err != nil {
		return nil, fmt.Errorf("look for the author of %s: %w", name, err)
	}
	return by, nil
}

// authored is a folder as it is: whoever made it so stays the same.
type authored struct {
	repository, dir string
	tree            plumbing.Hash
}

// authors remembers who was found, because most folders do not change from scan to scan.
type authors struct {
	mu  sync.Mutex
	all map[authored]*agent.Authored
}

// mostAuthors is how many are remembered; beyond it all are forgotten.
const mostAuthors = 10_000

func (a *authors) known(key authored) (*agent.Authored, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	by, ok := a.all[key]
	return by, ok
}

func (a *authors) keep(key authored, by *agent.Authored) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= mostAuthors {
		a.all = map[authored]*agent.Authored{}
	}
	a.all[key] = by
}

// author goes back along the one line that leads to the change. Where the history ends
// before it does, nobody is known.
func author(ctx context.Context, r *filesystem.Storage, c *object.Commit, dir string, most int) (*agent.Authored, error) {
	now, err := folderAt(r, c, dir)
	if err != nil || now.IsZero() {
		return nil, err
	}
	for range most {
		if ctx.Err() != nil {
			return nil, nil //nolint:nilnil // nobody is known, and nothing is wrong
		}
		before, missing, err := sameBefore(r, c, dir, now)
		if err != nil || missing {
			return nil, err
		}
		if before == nil {
			return &agent.Authored{By: personal(c.Author.Name), Commit: c.Hash.String(), At: c.Author.When}, nil
		}
		c = before
	}
	return nil, nil //nolint:nilnil // as above
}

// sameBefore is the first parent with the same folder; nil when there is none. Missing
// says that a parent could not be looked at, so that nothing can be said.
func sameBefore(r *filesystem.Storage, c *object.Commit, dir string, now plumbing.Hash) (same *object.Commit, missing bool, err error) {
	for _, h := range c.ParentHashes {
		p, err := commitWithin(r, h)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			missing = true // the end of a shallow copy
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if p.TreeHash == c.TreeHash {
			return p, false, nil
		}
		if was, err := folderAt(r, p, dir); err != nil || was == now {
			return p, false, err
		}
	}
	return nil, missing, nil
}

func commitWithin(r *filesystem.Storage, h plumbing.Hash) (*object.Commit, error) {
	if size, err := r.EncodedObjectSize(h); err != nil || size > mostRead {
		return nil, errors.Join(err, tooLarge(size))
	}
	return object.GetCommit(r, h)
}

func tooLarge(size int64) error {
	if size > mostRead {
		return errTooMuch
	}
	return nil
}

// folderAt is the id of a folder in a commit; zero when it is not there.
func folderAt(r *filesystem.Storage, c *object.Commit, dir string) (plumbing.Hash, error) {
	at := c.TreeHash
	if dir == "." {
		return at, nil
	}
	for part := range strings.SplitSeq(dir, "/") {
		if size, err := r.EncodedObjectSize(at); err != nil || size > mostRead {
			return plumbing.ZeroHash, errors.Join(err, tooLarge(size))
		}
		t, err := object.GetTree(r, at)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		if at = below(t, part); at.IsZero() {
			break
		}
	}
	return at, nil
}

func below(t *object.Tree, name string) plumbing.Hash {
	for _, e := range t.Entries {
		if e.Name == name && e.Mode == filemode.Dir {
			return e.Hash
		}
	}
	return plumbing.ZeroHash
}

// personal is a name as its commit has it: anybody can write anything there.
func personal(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name)
	if all := []rune(name); len(all) > authorName {
		name = string(all[:authorName])
	}
	return strings.TrimSpace(name)
}
