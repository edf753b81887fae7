package tofu

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func archive(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(make([]byte, h.Size)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func plainFile(name string, size int64) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: size, Mode: 0o644}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	files, err := Unpack(archive(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./s/", Typeflag: tar.TypeDir},
		plainFile("./s/main.tf", 3), plainFile("README", 0),
		tar.Header{Name: "./s/.terraform/p", Typeflag: tar.TypeSymlink, Linkname: "/bin/sh"}, plainFile("./.git/config", 5),
	))
	if err != nil || len(files) != 2 || len(files["s/main.tf"]) != 3 || files["README"] == nil {
		t.Errorf("unpacked %v, %v", files, err)
	}
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

func TestUnpackZipped(t *testing.T) {
	t.Parallel()
	files, err := Unpack(zipped(t, archive(t, plainFile("./s/main.tf", 3))))
	if err != nil || len(files["s/main.tf"]) != 3 {
		t.Errorf("unpacked %v, %v", files, err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	var many []tar.Header
	for i := range workspaceCount + 1 {
		many = append(many, plainFile(fmt.Sprintf("f%d", i), 0))
	}
	var heavy []tar.Header
	for i := range workspaceBytes/workspaceFile + 1 {
		heavy = append(heavy, plainFile(fmt.Sprintf("f%d", i), workspaceFile))
	}
	whole := archive(t, plainFile("a", 2000))
	for name, b := range map[string][]byte{
		"leaves":        archive(t, plainFile("../a", 0)),
		"leaves inside": archive(t, plainFile("./a/../../b", 0)),
		"absolute":      archive(t, plainFile("/etc/passwd", 0)),
		"symlink":       archive(t, tar.Header{Name: "a.tf", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}),
		"hard link":     archive(t, tar.Header{Name: "a.tf", Typeflag: tar.TypeLink, Linkname: "b"}),
		"device":        archive(t, tar.Header{Name: "a.tf", Typeflag: tar.TypeChar}),
		"pipe":          archive(t, tar.Header{Name: "a.tf", Typeflag: tar.TypeFifo}),
		"control":       archive(t, plainFile("a\n.tf", 0)),
		"backslash":     archive(t, plainFile(`..\a`, 0)),
		"long path":     archive(t, plainFile(strings.Repeat("a/", 300)+"b", 0)),
		"twice":         archive(t, plainFile("a", 0), plainFile("./a", 0)),
		"large":         archive(t, plainFile("a", workspaceFile+1)),
		"many":          archive(t, many...),
		"heavy":         archive(t, heavy...),
		"bomb":          zipped(t, archive(t, plainFile(".git/pack", 2*workspaceBytes+1))),
		"zip cut":       zipped(t, whole)[:20],
		"cut":           whole[:1024],
		"no archive":    []byte(strings.Repeat("x", 1024)),
	} {
		if files, err := Unpack(b); err == nil {
			t.Errorf("%s: unpacked %d files", name, len(files))
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, plainFile("./s/main.tf", 3)))
	f.Add(archive(f, tar.Header{Name: "a.tf", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}))
	f.Add(archive(f, plainFile("../a", 0)))
	f.Add(zipped(f, archive(f, plainFile("a", 9))))
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := Unpack(b)
		if err != nil && files != nil {
			t.Fatal("refused, and yet some files came out")
		}
		total := 0
		for name, b := range files {
			if !fs.ValidPath(name) || name == "." {
				t.Fatalf("bad path %q", name)
			}
			total += len(b)
		}
		if total > workspaceBytes || len(files) > workspaceCount {
			t.Fatalf("%d files with %d bytes", len(files), total)
		}
	})
}
