package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	gitcache "github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"interlock/agent"
)

// branch is where a session's own commits go.
const branch = "refs/heads/interlock/work"

// settings are all that a work tree has: nothing of its source is taken over. The
// files of a seed have the time and size that the index says, and nothing else of
// what Git would compare; a sandbox decides itself what may be executed.
const settings = `[core]
	repositoryformatversion = 0
	bare = false
	filemode = false
	logallrefupdates = true
	checkstat = minimal
[user]
	name = Interlock
	email = interlock@localhost
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	graftFileDeprecated = false
`

var _ agent.Historian = (*Source)(nil)

// History is the folder .git of a work tree at a commit: a pack of the commit and
// of what came before it, newest first, as far as the limit goes; an index; and
// settings of ours. A plain folder has a history of one commit.
func (s *Source) History(ctx context.Context, org, name, commit string) (map[string][]byte, error) {
	st, err := s.find(org, name)
	if err != nil {
		return nil, err
	}
	if st.Repository == "" {
		_, files, err := readFolder(ctx, st.Path)
		if err != nil {
			return nil, err
		}
		return invented(files, commit)
	}
	r, c, err := s.open(st.Repository, name, commit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	p, err := s.pack(ctx, r, st.Repository, c.Hash)
	if err != nil {
		return nil, fmt.Errorf("pack history of %s: %w", name, err)
	}
	index, err := indexOf(ctx, r, c)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", name, err)
	}
	return folder(p, index, c.Hash, commit), nil
}

// open finds a commit in a repository, by its whole id. Who opens it closes it: its
// files stay open, because so many objects are asked for.
func (s *Source) open(repository, name, commit string) (*filesystem.Storage, *object.Commit, error) {
	st, err := openObjects(repository)
	if err != nil {
		return nil, nil, fmt.Errorf("open repository of %s: %w", name, err)
	}
	c, err := commitOf(st, commit)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		err = agent.ErrNotFound
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("commit %q of %s: %w", commit, name, err), st.Close())
	}
	return st, c, nil
}

func openObjects(repository string) (*filesystem.Storage, error) {
	r, err := git.PlainOpen(repository)
	if err != nil {
		return nil, err
	}
	st, ok := r.Storer.(*filesystem.Storage)
	if !ok {
		return nil, errors.New("it is not on a disk")
	}
	return filesystem.NewStorageWithOptions(st.Filesystem(), gitcache.NewObjectLRUDefault(), filesystem.Options{
		ExclusiveAccess: true, KeepDescriptors: true, // it is asked once what there is
	}), nil
}

func commitOf(st *filesystem.Storage, commit string) (*object.Commit, error) {
	if !plumbing.IsHash(commit) { // a shorter one would be filled up with zeros
		return nil, plumbing.ErrObjectNotFound
	}
	return object.GetCommit(st, plumbing.NewHash(commit))
}

// pack takes a pack from the cache, or makes it: one at a time, because sessions
// begin together when there is news.
func (s *Source) pack(ctx context.Context, st *filesystem.Storage, repository string, commit plumbing.Hash) (packed, error) {
	s.packing.Lock()
	defer s.packing.Unlock()
	k := cache{s.Cache, repository}
	if p, ok := k.read(commit); ok {
		return p, nil
	}
	o, err := openPacks(st)
	if err != nil {
		return packed{}, err
	}
	defer o.close()
	p, err := o.pack(ctx, commit, mostBytes)
	if err != nil {
		return packed{}, err
	}
	_ = k.write(commit, p) // a cache that does not hold it costs time alone
	return p, nil
}

// folder lays out what Git expects. The base is the commit as its stack names it.
func folder(p packed, index []byte, commit plumbing.Hash, base string) map[string][]byte {
	at := []byte(commit.String() + "\n")
	f := map[string][]byte{
		"HEAD": []byte("ref: " + branch + "\n"), "config": []byte(settings), branch: at, "index": index,
		agent.BaseRef: at, agent.BaseFile: []byte(base + "\n"),
	}
	name := "objects/pack/pack-" + hex.EncodeToString(p.sum())
	f[name+".pack"], f[name+".idx"] = p.pack, p.idx
	for name, rows := range map[string][]string{"shallow": p.shallow, "info/grafts": p.grafts} {
		if len(rows) > 0 {
			f[name] = []byte(strings.Join(rows, "\n") + "\n")
		}
	}
	return f
}

// Reviewed tells whether the branch of a stack stands on a commit, or a folder is
// still as it was.
func (s *Source) Reviewed(ctx context.Context, org, name, commit string) error {
	head, err := s.Head(ctx, org, name)
	if err != nil || head == commit {
		return err
	}
	gone := fmt.Errorf("commit %q of %s: %w", commit, name, agent.ErrNotFound)
	st, err := s.find(org, name)
	if err != nil {
		return err
	}
	if st.Repository == "" {
		return gone
	}
	r, c, err := s.open(st.Repository, name, commit)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	found, err := standsOn(ctx, r, plumbing.NewHash(head), c, c.Committer.When.AddDate(0, 0, -1))
	if err == nil && !found { // its own clock may have been ahead of all that came after it
		found, err = standsOn(ctx, r, plumbing.NewHash(head), c, time.Time{})
	}
	if err == nil && !found {
		err = gone
	}
	return err
}

// standsOn walks back from the head, newest first, and not past a day: it saves
// reading the whole history where clocks were right.
func standsOn(ctx context.Context, st *filesystem.Storage, head plumbing.Hash, want *object.Commit, since time.Time) (bool, error) {
	line, seen := newest{}, map[plumbing.Hash]bool{}
	line.add(st, head, seen)
	for !line.empty() && len(seen) < mostObjects {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		c := line.next()
		if c.Hash == want.Hash {
			return true, nil
		}
		if c.Committer.When.Before(since) {
			continue
		}
		for _, p := range c.ParentHashes {
			line.add(st, p, seen)
		}
	}
	return false, nil
}
