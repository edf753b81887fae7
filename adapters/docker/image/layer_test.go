package image

import (
	"archive/tar"
	"bytes"
	"path"
	"strings"
	"testing"
	"time"
)

// entry is one of a foreign archive, with all that must not come through.
type entry struct {
	name, link, body string
	kind             byte
	mode             int64
}

func archiveOf(tb testing.TB, all ...entry) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range all {
		h := &tar.Header{
			Name: e.name, Linkname: e.link, Typeflag: e.kind, Mode: e.mode, Size: int64(len(e.body)),
			Uid: 1000, Gid: 1000, Uname: "alice", Gname: "alice", ModTime: time.Unix(1700000000+int64(b.Len()), 0),
		}
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func all(string) bool { return true }

// What an archive says of owners, times, rights and devices is not believed.
func TestLayerIsPlain(t *testing.T) {
	t.Parallel()
	tr := newTree()
	in := archiveOf(t,
		entry{name: "./", kind: tar.TypeDir, mode: 0o700},
		entry{name: "./usr/bin/su", kind: tar.TypeReg, mode: 0o6755, body: "su"},
		entry{name: "usr/bin/again", kind: tar.TypeLink, link: "./usr/bin/su"},
		entry{name: "usr/bin/short", kind: tar.TypeSymlink, link: "su", mode: 0o777},
		entry{name: "etc/secret", kind: tar.TypeReg, mode: 0o600, body: "s"},
		entry{name: "dev/sda", kind: tar.TypeBlock, mode: 0o660},
		entry{name: "dev/null", kind: tar.TypeChar, mode: 0o666},
		entry{name: "run/pipe", kind: tar.TypeFifo, mode: 0o666},
		entry{name: "tmp", kind: tar.TypeDir, mode: 0o777},
	)
	if err := tr.read(bytes.NewReader(in), testSpool(t), all); err != nil {
		t.Fatal(err)
	}
	seen := map[string]*tar.Header{}
	for _, h := range entries(t, layerOf(t, tr)) {
		seen[path.Clean(h.Name)] = h
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(epoch()) || h.Mode&0o6000 != 0 || h.Mode&0o002 != 0 && h.Typeflag != tar.TypeSymlink && h.Name != "tmp/" {
			t.Errorf("%+v", h)
		}
	}
	for name, want := range map[string]struct {
		kind byte
		mode int64
	}{
		"usr": {tar.TypeDir, 0o755}, "usr/bin/again": {tar.TypeReg, 0o755}, "usr/bin/su": {tar.TypeLink, 0o755}, "usr/bin/short": {tar.TypeSymlink, 0o777},
		"etc/secret": {tar.TypeReg, 0o644}, "tmp": {tar.TypeDir, 0o1777},
	} {
		if h := seen[name]; h == nil || h.Typeflag != want.kind || h.Mode != want.mode {
			t.Errorf("%s: %+v", name, h)
		}
	}
	for _, name := range []string{"dev/sda", "dev/null", "run/pipe"} {
		if seen[name] != nil {
			t.Errorf("%s is in the layer", name)
		}
	}
}

// The order in which things come does not count.
func TestLayerIsReproducible(t *testing.T) {
	t.Parallel()
	files := []string{"b/2", "a/1", "b-c", "b/1", strings.Repeat("long/", 40) + "name"}
	make := func(order ...int) []byte {
		s, tr := testSpool(t), newTree()
		for _, i := range order {
			if err := tr.file(files[i], testText(t, s, files[i]), i%2 == 0); err != nil {
				t.Fatal(err)
			}
		}
		return layerOf(t, tr)
	}
	if !bytes.Equal(make(0, 1, 2, 3, 4), make(4, 2, 3, 1, 0)) {
		t.Error("two layers of the same files differ")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string][]byte{
		"up":             archiveOf(t, entry{name: "../../etc/passwd", kind: tar.TypeReg, body: "x"}),
		"link to nobody": archiveOf(t, entry{name: "a", kind: tar.TypeLink, link: "b"}),
		"cut":            archiveOf(t, entry{name: "a", kind: tar.TypeReg, body: strings.Repeat("x", 2000)})[:1000],
	} {
		if err := newTree().read(bytes.NewReader(in), testSpool(t), all); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// Whatever is read can be written, and what was written reads as the same again.
func FuzzRead(f *testing.F) {
	f.Add(archiveOf(f, entry{name: "a/b", kind: tar.TypeReg, body: "x", mode: 0o755}, entry{name: "c", kind: tar.TypeSymlink, link: "a"}, entry{name: "c/d", kind: tar.TypeReg}))
	f.Add(archiveOf(f, entry{name: "a", kind: tar.TypeSymlink, link: "/a"}, entry{name: "a/x", kind: tar.TypeReg}))
	f.Add(archiveOf(f, entry{name: "a", kind: tar.TypeReg, body: "x"}, entry{name: "b", kind: tar.TypeLink, link: "a"}, entry{name: "dev/x", kind: tar.TypeChar}))
	f.Fuzz(func(t *testing.T, in []byte) {
		tr := newTree()
		_ = tr.read(bytes.NewReader(in), testSpool(t), all)
		for name := range tr.nodes {
			if path.Clean("/"+name) != "/"+name {
				t.Fatalf("%q", name)
			}
		}
		var once bytes.Buffer
		if tr.write(&once) != nil { // a name or link that tar cannot say
			return
		}
		again := newTree()
		if err := again.read(bytes.NewReader(once.Bytes()), testSpool(t), all); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once.Bytes(), layerOf(t, again)) {
			t.Fatalf("%q reads as %q", tr.sorted(), again.sorted())
		}
	})
}
