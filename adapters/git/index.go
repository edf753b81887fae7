package git

import (
	"bytes"
	"context"
	"fmt"

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
	err = eachFile(ctx, t, func(name string, e object.TreeEntry) error {
		size, err := st.EncodedObjectSize(e.Hash)
		if err != nil {
			return err
		}
		mode := filemode.Regular
		if e.Mode == filemode.Executable {
			mode = e.Mode
		}
		all = append(all, entry(name, e.Hash, mode, size))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encoded(all)
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
