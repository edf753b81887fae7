package git

import (
	"bytes"
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/plumbing/object"

	"interlock/agent"
)

// invented is the history of a folder that has none: one commit, of what it is now.
// The same files are the same commit.
func invented(files map[string][]byte, base string) (map[string][]byte, error) {
	w := newWriter()
	root, all, err := planted(w, files)
	if err != nil {
		return nil, err
	}
	who := object.Signature{Name: "Interlock", Email: "interlock@localhost", When: agent.SownAt().UTC()}
	c := &object.Commit{Author: who, Committer: who, TreeHash: root, Message: "The folder as it is\n"}
	at, err := put(w, plumbing.CommitObject, c)
	if err != nil {
		return nil, err
	}
	idx, err := encoded(all)
	if err != nil {
		return nil, err
	}
	return folder(w.finish(), idx, at, base), nil
}

// planted packs files and their folders, the deepest first.
func planted(w *writer, files map[string][]byte) (root plumbing.Hash, all []*index.Entry, err error) {
	dirs := map[string][]object.TreeEntry{".": nil}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := plumbing.ComputeHash(plumbing.BlobObject, files[name])
		w.plain(h, plumbing.BlobObject, files[name])
		all = append(all, entry(name, h, filemode.Regular, int64(len(files[name]))))
		dirs[path.Dir(name)] = append(dirs[path.Dir(name)], object.TreeEntry{Name: path.Base(name), Mode: filemode.Regular, Hash: h})
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			dirs[path.Dir(d)] = slices.Clip(dirs[path.Dir(d)]) // a folder may hold nothing but folders
		}
	}
	deepest := slices.SortedFunc(maps.Keys(dirs), func(a, b string) int { return cmp.Compare(depth(b), depth(a)) })
	for _, d := range deepest {
		entries := dirs[d]
		slices.SortFunc(entries, func(a, b object.TreeEntry) int {
			return byName(a.Name, b.Name, a.Mode == filemode.Dir, b.Mode == filemode.Dir)
		})
		h, err := put(w, plumbing.TreeObject, &object.Tree{Entries: entries})
		if err != nil {
			return h, nil, err
		}
		if root = h; d != "." {
			dirs[path.Dir(d)] = append(dirs[path.Dir(d)], object.TreeEntry{Name: path.Base(d), Mode: filemode.Dir, Hash: h})
		}
	}
	return root, all, nil
}

func depth(dir string) int {
	if dir == "." {
		return 0
	}
	return 1 + strings.Count(dir, "/")
}

// put packs an object that go-git can write.
func put(w *writer, kind plumbing.ObjectType, o interface {
	Encode(plumbing.EncodedObject) error
},
) (plumbing.Hash, error) {
	m := &plumbing.MemoryObject{}
	if err := o.Encode(m); err != nil {
		return plumbing.ZeroHash, err
	}
	r, err := m.Reader()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		return plumbing.ZeroHash, err
	}
	w.plain(m.Hash(), kind, b.Bytes())
	return m.Hash(), nil
}
