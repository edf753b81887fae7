package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// readFolder reads a plain folder, confined to it, and names its content.
func readFolder(ctx context.Context, dir string) (id string, files map[string][]byte, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", nil, fmt.Errorf("open folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	files, left := map[string][]byte{}, int64(mostBytes)
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir():
			if n := d.Name(); n == ".git" || n == ".terraform" {
				return fs.SkipDir
			}
			return nil
		case strings.Contains(path.Base(p), ".tfstate"):
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s: %w", p, errLink)
		}
		if len(files) == mostFiles {
			return errTooMuch
		}
		if files[p], err = readFile(root, p, left); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		left -= int64(len(files[p]))
		return nil
	})
	if err != nil {
		return "", nil, fmt.Errorf("read folder: %w", err)
	}
	return "dir-" + hash(files), files, nil
}

func readFile(root *os.Root, name string, most int64) (b []byte, err error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe put there meanwhile must not block
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(errLink, err, f.Close())
	}
	b, err = io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err == nil && int64(len(b)) > most {
		err = errTooMuch
	}
	return b, err
}

// hash is over names and contents; lengths keep two trees from giving the same bytes.
func hash(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(files[name]))
		_, _ = h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
