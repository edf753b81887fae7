package git

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Bounds of what is read of a history, whatever a repository holds.
const (
	mostObjects = 1_000_000
	mostRead    = 16 << 20 // bytes of one commit or of one folder
)

// choice is what of a history fits into a pack: whole commits, newest first.
type choice struct {
	*objects
	left    int64 // bytes, of the pack
	commits map[plumbing.Hash]bool
	in      map[plumbing.Hash]bool // every object
	order   []plumbing.Hash
}

// choose takes commits until one more would be too much. The first is always
// taken: its tree has a limit of its own.
func (o *objects) choose(ctx context.Context, head plumbing.Hash, most int64) (*choice, []*object.Commit, error) {
	c := &choice{objects: o, left: most, commits: map[plumbing.Hash]bool{}, in: map[plumbing.Hash]bool{}}
	line, seen := newest{}, map[plumbing.Hash]bool{}
	line.add(o.st, head, seen)
	if line.empty() {
		return nil, nil, fmt.Errorf("commit %s cannot be read", head)
	}
	var taken []*object.Commit
	for !line.empty() && len(c.order) < mostObjects {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		next := line.next()
		ok, err := c.take(next, len(taken) == 0)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			break
		}
		taken = append(taken, next)
		for _, p := range next.ParentHashes {
			line.add(o.st, p, seen)
		}
	}
	return c, taken, nil
}

// errFull ends a choice: the commit that it came from is left out.
var errFull = errors.New("no room")

// take adds a commit and all of its tree that is not there yet, or nothing. What is
// missing from an old commit ends the history; the first must be whole.
func (c *choice) take(commit *object.Commit, first bool) (bool, error) {
	from, left := len(c.order), c.left
	err := c.add(commit.Hash, first)
	if err == nil {
		err = c.tree(commit.TreeHash, first)
	}
	if err == nil {
		c.commits[commit.Hash] = true
		return true, nil
	}
	for _, h := range c.order[from:] {
		delete(c.in, h)
	}
	c.order, c.left = c.order[:from], left
	if first {
		return false, err
	}
	return false, nil
}

// tree walks without recursion: how deep a tree goes is not for its author to say.
func (c *choice) tree(root plumbing.Hash, first bool) error {
	for todo := []plumbing.Hash{root}; len(todo) > 0; {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c.in[h] {
			continue
		}
		if err := c.add(h, first); err != nil {
			return err
		}
		if size, err := c.st.EncodedObjectSize(h); err != nil || size > mostRead {
			return errors.Join(errTooMuch, err)
		}
		t, err := object.GetTree(c.st, h)
		if err != nil {
			return err
		}
		for _, e := range t.Entries {
			switch {
			case c.in[e.Hash], e.Mode == filemode.Submodule:
			case e.Mode == filemode.Dir:
				todo = append(todo, e.Hash)
			default:
				if err := c.add(e.Hash, first); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *choice) add(h plumbing.Hash, first bool) error {
	if c.in[h] {
		return nil
	}
	cost, err := c.cost(h)
	if err != nil {
		return err
	}
	if c.left -= cost; !first && c.left < 0 || len(c.order) == mostObjects {
		return errFull
	}
	c.in[h], c.order = true, append(c.order, h)
	return nil
}

// ends are where the history ends. A commit that lost all its parents is one that
// Git takes for the first; one that lost some is grafted on those that are there:
// Git would cut off the others too.
func (c *choice) ends(taken []*object.Commit) (shallow, grafts []string) {
	for _, t := range taken {
		graft := t.Hash.String()
		var here int
		for _, p := range t.ParentHashes {
			if c.commits[p] {
				graft += " " + p.String()
				here++
			}
		}
		switch {
		case here == len(t.ParentHashes):
		case here == 0:
			shallow = append(shallow, graft)
		default:
			grafts = append(grafts, graft)
		}
	}
	slices.Sort(shallow)
	slices.Sort(grafts)
	return shallow, grafts
}
