package agent

import (
	"context"
	"fmt"
	"maps"
	"path"
	"time"
)

// Seed fills the folder Dir of a session's workspace the first time it is
// used. Files is called only then.
//
// Names below .git are the folder that Git keeps its history in. A sandbox puts
// them at HistoryDir, where nobody meets them who searches or packs the code, and
// a file .git in their place; all other files get the time SownAt.
type Seed struct {
	Dir   string
	Files func() (map[string][]byte, error)
	// At gives the same of another commit, one that was reviewed; any other is
	// ErrNotFound. Nil is a seed of which there is only one.
	At func(commit string) (map[string][]byte, error)
}

// historyDir is the folder of a workspace with the history of all its seeds.
const historyDir = ".history"

// HistoryDir is where the folder .git of a seed is, below /work.
func HistoryDir(dir string) string { return path.Join(historyDir, dir) }

// SownAt is the time of the files of every seed. An index of Git that is made
// before them then knows them as they are, and nothing has to be read again.
func SownAt() time.Time { return time.Unix(1_000_000_000, 0) }

// Historian is a Stacks that knows how code came to be. History is the folder
// .git, by path below it, of a work tree with the Files of that commit and nothing
// changed: within a limit of size, without hooks, remotes or any setting of
// where it comes from. Reviewed is ErrNotFound for a commit that the newest
// reviewed one does not stand on.
type Historian interface {
	History(ctx context.Context, org, name, commit string) (map[string][]byte, error)
	Reviewed(ctx context.Context, org, name, commit string) error
}

// Code is the Seed of a stack's code at a commit, and at the newest reviewed one
// when none is named. Where stacks are a Historian, it is a work tree of Git.
func Code(ctx context.Context, stacks Stacks, org, name, commit string) *Seed {
	c := code{ctx, stacks, org, name}
	return &Seed{Dir: name, At: c.again, Files: func() (map[string][]byte, error) {
		at := commit
		if at == "" {
			var err error
			if at, err = stacks.Head(ctx, org, name); err != nil {
				return nil, fmt.Errorf("find newest commit: %w", err)
			}
		}
		return c.at(at)
	}}
}

// code is the source of a seed. It lives as long as the call that the seed is for.
type code struct {
	ctx       context.Context //nolint:containedctx // of the call
	stacks    Stacks
	org, name string
}

func (c code) at(commit string) (map[string][]byte, error) {
	files, err := c.stacks.Files(c.ctx, c.org, c.name, commit)
	h, ok := c.stacks.(Historian)
	if err != nil || !ok {
		return files, err
	}
	history, err := h.History(c.ctx, c.org, c.name, commit)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	all := maps.Clone(files)
	for name, b := range history {
		all[path.Join(".git", name)] = b
	}
	return all, nil
}

// again is what a session's work is put back onto. The session itself says which
// commit that is, so only what was reviewed is given.
func (c code) again(commit string) (map[string][]byte, error) {
	h, ok := c.stacks.(Historian)
	if !ok {
		return nil, ErrNotFound
	}
	if err := h.Reviewed(c.ctx, c.org, c.name, commit); err != nil {
		return nil, err
	}
	return c.at(commit)
}

// BaseRef and BaseFile, below a history, name the commit that a session began with:
// as Git names it, and as its stack does.
const (
	BaseRef  = "refs/interlock/base"
	BaseFile = "interlock/base"
)
