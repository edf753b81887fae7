package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"interlock/agent"
)

// indexOf is the index of a work tree in which nothing was changed yet: it holds the
// time and the size that the files will have, so that Git need not read them.
func indexOf(ctx context.Context, st *filesystem.Storage, c *object.Commit) ([]byte, error) {
	t, err := c.Tree()
	if err != nil {
		return nil, fmt.Errorf("read tree: %w", err)
	}
	var all []*index.Entry
	walk := object.NewTreeWalker(t, true, nil)
	defer walk.Close()
	for n := 0; ; n++ {
		name, e, err := walk.Next()
		switch {
		case errors.Is(err, io.EOF) && name != "":
			return nil, fmt.Errorf("%s: folder cannot be read", name)
		case errors.Is(err, io.EOF):
			return encoded(all)
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case n == mostFiles:
			return nil, errTooMuch
		case !safe(name):
			return nil, fmt.Errorf("%q: %w", name, errName)
		case e.Mode == filemode.Dir:
			continue
		}
		size, err := st.EncodedObjectSize(e.Hash)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		mode := filemode.Regular
		if e.Mode == filemode.Executable {
			mode = e.Mode
		}
		all = append(all, entry(name, e.Hash, mode, size))
	}
}

func entry(name string, h plumbing.Hash, mode filemode.FileMode, size int64) *index.Entry {
	return &index.Entry{Name: name, Hash: h, Mode: mode, Size: uint32(size), ModifiedAt: agent.SownAt()} //nolint:gosec // Git keeps 32 bits
}

func encoded(all []*index.Entry) ([]byte, error) {
	var b bytes.Buffer
	if err := index.NewEncoder(&b).Encode(&index.Index{Version: 2, Entries: all}); err != nil {
		return nil, fmt.Errorf("write index: %w", err)
	}
	return b.Bytes(), nil
}
