package image

import (
	"archive/tar"
	"bytes"
	"io"
	"slices"
	"testing"
)

func testSpool(tb testing.TB) *spool {
	tb.Helper()
	s, err := newSpool(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	s.limit = 1 << 20
	tb.Cleanup(func() { _ = s.close() })
	return s
}

func testText(tb testing.TB, s *spool, text string) *blob {
	tb.Helper()
	b, err := s.text(text)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestTreePut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		put, want string // a want of "" is refused
	}{
		"plain":          {"etc/hosts", "etc/hosts"},
		"from the root":  {"/etc/hosts", "etc/hosts"},
		"over a link":    {"bin/sh", "usr/bin/sh"},
		"over two links": {"sbin/x", "usr/bin/x"},
		"up":             {"../etc/x", ""},
		"up inside":      {"etc/../../x", ""},
		"onto a folder":  {"usr/bin", ""},
		"below a file":   {"etc/file/x", ""},
		"in a circle":    {"round/x", ""},
		"out by a link":  {"out/x", "etc/x"}, // a link cannot leave: its root is the tree's
		"with a null":    {"a\x00b", ""},
	} {
		s, tr := testSpool(t), newTree()
		if err := tr.lay(); err != nil {
			t.Fatal(err)
		}
		for _, l := range [][2]string{{"usr/sbin2", "/bin"}, {"round", "round2"}, {"round2", "/round"}, {"out", "../../../etc"}} {
			if err := tr.symlink(l[0], l[1]); err != nil {
				t.Fatal(err)
			}
		}
		delete(tr.nodes, "sbin")
		if err := tr.symlink("sbin", "usr/sbin2"); err != nil {
			t.Fatal(err)
		}
		if err := tr.file("etc/file", testText(t, s, "x"), false); err != nil {
			t.Fatal(err)
		}
		before := len(tr.nodes)
		err := tr.file(c.put, testText(t, s, "new"), true)
		n := tr.nodes[c.want]
		if c.want == "" && (err == nil || len(tr.nodes) != before) || c.want != "" && (err != nil || n == nil || n.kind != tar.TypeReg) {
			t.Errorf("%s: %q: %v, %v", name, c.put, err, tr.sorted())
		}
	}
}

func TestFolderStaysLink(t *testing.T) {
	t.Parallel()
	tr := newTree()
	if err := tr.lay(); err != nil {
		t.Fatal(err)
	}
	if err := tr.dir("lib/x"); err != nil {
		t.Fatal(err)
	}
	if err := tr.dir("lib"); err != nil {
		t.Fatal(err)
	}
	if tr.nodes["lib"].kind != tar.TypeSymlink || tr.nodes["usr/lib/x"] == nil {
		t.Errorf("%v", tr.sorted())
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	s, tr := testSpool(t), newTree()
	if err := tr.lay(); err != nil {
		t.Fatal(err)
	}
	for name, exec := range map[string]bool{"bin/sh": true, "usr/local/bin/tofu": true, "usr/bin/data": false, "usr/lib/git-core/git-add": true, "usr/bin/deep/x": true, "opt/x": true} {
		if err := tr.file(name, testText(t, s, name), exec); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"usr/bin/ash": "sh", "usr/bin/gone": "nowhere", "usr/bin/dash": "/bin/ash"} {
		if err := tr.symlink(name, to); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := tr.programs(), []string{"ash", "dash", "sh", "tofu"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// layerOf is a tree as bytes.
func layerOf(tb testing.TB, t *tree) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := t.write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// entries reads a layer again.
func entries(tb testing.TB, layer []byte) (all []*tar.Header) {
	tb.Helper()
	for in := tar.NewReader(bytes.NewReader(layer)); ; {
		h, err := in.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, h)
	}
}
