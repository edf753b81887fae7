package git

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // of a pack
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// cachedPacks is how many commits of one repository have their packs at hand.
const cachedPacks = 2

// cache keeps the packs of one repository, a folder for each commit. What is in it
// is never changed; one that cannot be read is made anew.
type cache struct{ dir, repository string }

func (c cache) folder() string {
	sum := sha256.Sum256([]byte(c.repository))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:12]))
}

func (c cache) read(commit plumbing.Hash) (p packed, ok bool) {
	if c.dir == "" {
		return p, false
	}
	root, err := os.OpenRoot(filepath.Join(c.folder(), commit.String()))
	if err != nil {
		return p, false
	}
	defer func() { _ = root.Close() }()
	all := map[string][]byte{}
	for _, name := range []string{"pack", "idx", "shallow", "grafts", "sum"} {
		if all[name], err = root.ReadFile(name); err != nil {
			return p, false
		}
	}
	p = packed{all["pack"], all["idx"], rows(all["shallow"]), rows(all["grafts"])}
	return p, len(p.pack) >= packHead+sha1.Size && string(all["sum"]) == p.digest()
}

func rows(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(string(b), "\n")
}

// digest tells a pack that was written whole: a machine can stop in the middle.
func (p packed) digest() string {
	h := sha256.New()
	for name, b := range p.files() {
		fmt.Fprintln(h, name, len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// files are what is written of a pack, in this order.
func (p packed) files() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		_ = yield("pack", p.pack) && yield("idx", p.idx) &&
			yield("shallow", []byte(strings.Join(p.shallow, "\n"))) && yield("grafts", []byte(strings.Join(p.grafts, "\n")))
	}
}

// write is there whole or not at all.
func (c cache) write(commit plumbing.Hash, p packed) error {
	if c.dir == "" {
		return nil
	}
	if err := os.MkdirAll(c.folder(), 0o700); err != nil {
		return fmt.Errorf("keep pack: %w", err)
	}
	fresh, err := os.MkdirTemp(c.folder(), ".new-")
	if err != nil {
		return fmt.Errorf("keep pack: %w", err)
	}
	for name, b := range p.files() {
		err = errors.Join(err, os.WriteFile(filepath.Join(fresh, name), b, 0o400))
	}
	err = errors.Join(err, os.WriteFile(filepath.Join(fresh, "sum"), []byte(p.digest()), 0o400))
	at := filepath.Join(c.folder(), commit.String())
	if err == nil {
		err = errors.Join(os.RemoveAll(at), os.Rename(fresh, at))
	}
	if err != nil {
		return fmt.Errorf("keep pack: %w", errors.Join(err, os.RemoveAll(fresh)))
	}
	return c.forget()
}

// forget lets go of all but the newest.
func (c cache) forget() error {
	all, err := os.ReadDir(c.folder())
	if err != nil {
		return fmt.Errorf("list packs: %w", err)
	}
	slices.SortFunc(all, func(a, b os.DirEntry) int { return cmp.Compare(age(b), age(a)) })
	for _, old := range all[min(cachedPacks, len(all)):] {
		err = errors.Join(err, os.RemoveAll(filepath.Join(c.folder(), old.Name())))
	}
	return err
}

func age(e os.DirEntry) int64 {
	i, err := e.Info()
	if err != nil {
		return 0
	}
	return i.ModTime().UnixNano()
}
