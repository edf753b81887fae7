package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// epoch is the time of every file and of the image: when it was made is no part
// of what it is.
func epoch() time.Time { return time.Unix(0, 0).UTC() }

// write is the tree as one layer. The same tree gives the same bytes: names in
// order, one time, owner root, and one of three modes. What has the right to
// become somebody else, a device or a socket cannot be in a tree.
func (t *tree) write(w io.Writer) error {
	out := tar.NewWriter(w)
	first := map[*blob]string{}
	for _, name := range t.sorted() {
		n := t.nodes[name]
		h := n.header(name)
		if at, again := first[n.data]; n.data != nil && again {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, at, 0
		}
		if err := out.WriteHeader(h); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		first[n.data] = name
		if _, err := io.Copy(out, n.data.all()); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return out.Close()
}

func (n *node) header(name string) *tar.Header {
	h := &tar.Header{Typeflag: n.kind, Name: name, Mode: 0o644, ModTime: epoch()}
	switch n.kind {
	case tar.TypeDir:
		h.Name, h.Mode = name+"/", 0o755
		if name == "tmp" {
			h.Mode = 0o1777
		}
	case tar.TypeSymlink:
		h.Linkname, h.Mode = n.link, 0o777
	default:
		h.Size = n.data.Size()
		if n.exec {
			h.Mode = 0o755
		}
	}
	return h
}

// read adds what a tar archive holds and keep wants. Only folders, files and links
// are taken.
func (t *tree) read(r io.Reader, s *spool, keep func(name string) bool) error {
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "/"))
		if name == "." || !keep(name) {
			continue
		}
		if err := t.entry(name, h, in, s); err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
	}
}

func (t *tree) entry(name string, h *tar.Header, r io.Reader, s *spool) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return t.dir(name)
	case tar.TypeSymlink:
		return t.symlink(name, h.Linkname)
	case tar.TypeLink:
		at, err := t.resolve(h.Linkname, false)
		if err != nil {
			return err
		}
		to := t.nodes[at]
		if to == nil || to.kind == tar.TypeDir {
			return fmt.Errorf("%s is linked to %s, which is not there", name, h.Linkname)
		}
		return t.put(name, to)
	case tar.TypeReg:
		b, err := s.add(r)
		if err != nil {
			return err
		}
		return t.file(name, b, h.Mode&0o111 != 0)
	}
	return nil
}
