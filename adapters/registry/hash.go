package registry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/dirhash"
)

// hashOf is the "h1:" hash of a folder, over its files' names and contents. Whatever
// is neither a plain file nor a folder has no hash.
func hashOf(dir string) (hash string, err error) {
	fi, err := os.Lstat(dir)
	if err == nil && !fi.IsDir() {
		err = errors.New("it is no folder") // a link to one can lead elsewhere tomorrow
	}
	if err != nil {
		return "", fmt.Errorf("open folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("open folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	var files []string
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Type().IsRegular():
			files = append(files, name)
		case !d.IsDir():
			return fmt.Errorf("%s is no plain file", name)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read folder: %w", err)
	}
	return dirhash.Hash1(files, func(name string) (io.ReadCloser, error) { return root.Open(name) })
}
