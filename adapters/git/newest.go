package git

import (
	"container/heap"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// newest is a line of commits from which the newest is taken first.
type newest struct{ commits commits }

func (n *newest) empty() bool { return len(n.commits) == 0 }

func (n *newest) next() *object.Commit { return heap.Pop(&n.commits).(*object.Commit) } //nolint:forcetypeassert // nothing else is put there

// add puts a commit into the line, once. One that this repository does not hold
// itself, or that is not to be read, is where history ends.
func (n *newest) add(objects storer.EncodedObjectStorer, h plumbing.Hash, seen map[plumbing.Hash]bool) {
	if seen[h] {
		return
	}
	seen[h] = true
	if size, err := objects.EncodedObjectSize(h); err != nil || size > mostRead {
		return
	}
	if c, err := object.GetCommit(objects, h); err == nil {
		heap.Push(&n.commits, c)
	}
}

// commits are in the order of a heap.
type commits []*object.Commit

func (c commits) Len() int           { return len(c) }
func (c commits) Less(i, j int) bool { return c[i].Committer.When.After(c[j].Committer.When) }
func (c commits) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }

// Push is of the heap.
func (c *commits) Push(x any) { *c = append(*c, x.(*object.Commit)) } //nolint:forcetypeassert // as above

// Pop is of the heap.
func (c *commits) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
