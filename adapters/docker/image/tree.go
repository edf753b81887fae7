package image

import (
	"archive/tar"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the file system of an image in the making. It is kept in memory, with
// the contents in a spool, so that nothing of it ever lies on this machine's own
// file system: no owner, no mode and no link of a package can do harm here.
type tree struct{ nodes map[string]*node }

// node is a folder, a file or a symbolic link. Nothing else gets into an image.
type node struct {
	kind byte // of archive/tar
	exec bool
	link string // of a symbolic link
	data *blob  // of a file; hard links share it
}

func newTree() *tree { return &tree{nodes: map[string]*node{}} }

// sorted are all paths, parents first.
func (t *tree) sorted() []string { return slices.Sorted(maps.Keys(t.nodes)) }

// hops is how many symbolic links one path may lead over, as in Linux.
const hops = 40

// resolve follows symbolic links inside the tree, which end at its root. The last
// part of the path is followed only if that is asked for.
func (t *tree) resolve(name string, last bool) (string, error) {
	todo := parts(name)
	at := ""
	for left := hops; len(todo) > 0; {
		next := strings.TrimPrefix(path.Join("/", at, todo[0]), "/")
		todo = todo[1:]
		n := t.nodes[next]
		if n == nil || n.kind != tar.TypeSymlink || (len(todo) == 0 && !last) {
			at = next
			continue
		}
		if left--; left < 0 {
			return "", fmt.Errorf("%s leads over too many links", name)
		}
		if path.IsAbs(n.link) {
			at = ""
		}
		todo = append(parts(n.link), todo...)
	}
	return at, nil
}

func parts(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '/' })
}

// find looks a path up over all links; nil is not there.
func (t *tree) find(name string) *node {
	at, err := t.resolve(name, true)
	if err != nil {
		return nil
	}
	return t.nodes[at]
}

// put adds n, and the folders that it is in. A folder that is a link already (as
// /bin is to /usr/bin) stays one.
func (t *tree) put(name string, n *node) error {
	clean := path.Clean(strings.TrimPrefix(name, "/"))
	if !filepath.IsLocal(clean) || strings.ContainsAny(clean, "\x00\\") {
		return fmt.Errorf("%q is no path in an image", name)
	}
	at, err := t.resolve(clean, false)
	if err != nil || at == "" {
		return err
	}
	if err := t.folders(path.Dir(at)); err != nil {
		return err
	}
	old := t.nodes[at]
	switch {
	case old != nil && n.kind == tar.TypeDir && old.kind != tar.TypeReg:
		return nil
	case old != nil && old.kind == tar.TypeDir && n.kind != tar.TypeDir:
		return fmt.Errorf("%s is a folder already", at)
	}
	t.nodes[at] = n
	return nil
}

// folders makes a folder, whose path leads over no link, and those that it is in.
func (t *tree) folders(dir string) error {
	for ; dir != "." && dir != "/"; dir = path.Dir(dir) {
		switch n := t.nodes[dir]; {
		case n == nil:
			t.nodes[dir] = &node{kind: tar.TypeDir}
		case n.kind != tar.TypeDir:
			return fmt.Errorf("%s is no folder", dir)
		}
	}
	return nil
}

func (t *tree) dir(name string) error { return t.put(name, &node{kind: tar.TypeDir}) }

func (t *tree) symlink(name, to string) error {
	return t.put(name, &node{kind: tar.TypeSymlink, link: to})
}

func (t *tree) file(name string, b *blob, exec bool) error {
	return t.put(name, &node{kind: tar.TypeReg, data: b, exec: exec})
}

// below are the paths under a folder, sorted.
func (t *tree) below(dir string) (all []string) {
	at, err := t.resolve(dir, true)
	if err != nil {
		return nil
	}
	for _, p := range t.sorted() {
		if strings.HasPrefix(p, at+"/") {
			all = append(all, p)
		}
	}
	return all
}

// searchPath is where programs are looked for in an image, the first one first.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// programs are the names that can be run without a path.
func (t *tree) programs() []string {
	found := map[string]bool{}
	for _, dir := range strings.Split(searchPath, ":") {
		at, err := t.resolve(dir, true)
		if err != nil {
			continue
		}
		for _, p := range t.below(dir) {
			if n := t.find(p); path.Dir(p) == at && n != nil && n.kind == tar.TypeReg && n.exec {
				found[path.Base(p)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
