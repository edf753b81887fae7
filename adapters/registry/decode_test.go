package registry

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent/egress"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"9.9.9.9", "140.82.121.4", "2606:4700::1111"} {
		if !egress.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is refused", a)
		}
	}
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "168.63.129.16", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.0.2.1", "192.168.0.1",
		"198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:9.9.9.9", "64:ff9b::a00:1",
		"fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%x", "ff02::1", "2001::1", "2001:db8::1", "2002:a00:1::", "3fff::1",
	} {
		if egress.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is taken for public", a)
		}
	}
	if egress.Public(netip.Addr{}) {
		t.Error("no address is taken for public")
	}
}

func TestSumOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"AA  x\nbb  f.zip\n": "bb", "bb *f.zip": "bb", "BB  f.zip\nbb  f.zip\n": "bb",
		"bb  f.zip\ncc  f.zip\n": "", "bb f.zip x": "", "f.zip": "", "bb  xf.zip": "", "": "",
	} {
		if got, ok := sumOf([]byte(text), "f.zip"); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

// An archive of anybody puts nothing beside its folder, and nothing but plain files
// in it that nobody may write.
func FuzzUnpack(f *testing.F) {
	for _, name := range []string{"terraform-provider-x", "../x", "/x", "a/b"} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte("body"))
		}
		if err != nil || z.Close() != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		dir := t.TempDir()
		in := filepath.Join(dir, "in")
		if err := os.Mkdir(in, 0o700); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(in)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = root.Close() }()
		const most = 1 << 20
		err = unpack(bytes.NewReader(archive), int64(len(archive)), root, Provider{Type: "x"}, most)
		if outside, _ := os.ReadDir(dir); len(outside) != 1 {
			t.Fatalf("outside: %v", outside)
		}
		size := int64(0)
		walk := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, werr error) error {
			if werr != nil || d.IsDir() {
				return werr
			}
			fi, werr := d.Info()
			if werr == nil && err == nil && (!fi.Mode().IsRegular() || fi.Mode().Perm()&0o222 != 0) {
				t.Errorf("%s is %v", name, fi.Mode())
			}
			size += fi.Size()
			return werr
		})
		if walk != nil || size > most {
			t.Errorf("%d bytes, %v", size, walk)
		}
	})
}

// What an archive says of itself is read into memory only when it is short.
func TestUnpackReadsNoLongList(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 100 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint("x", i), Comment: strings.Repeat("c", 60_000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	long := b.Bytes()
	commented := append(bytes.Clone(long[:len(long)-2]), 1, 0, 'x')
	lying := bytes.Clone(long)
	copy(lying[len(lying)-10:], []byte{1, 0, 0, 0})
	for name, archive := range map[string][]byte{
		"long": long, "behind": append(bytes.Clone(long), "more"...), "commented": commented, "lying": lying, "short": []byte("PK\x05\x06"), "none": nil,
	} {
		var counted readCounter
		counted.ReaderAt = bytes.NewReader(archive)
		err := unpack(&counted, int64(len(archive)), nil, Provider{Type: "x"}, 1<<20)
		if _, refused := errors.AsType[*RefusedError](err); !refused || counted.n > endSize {
			t.Errorf("%s: %v after %d bytes", name, err, counted.n)
		}
	}
}

type readCounter struct {
	io.ReaderAt
	n int
}

func (r *readCounter) ReadAt(b []byte, at int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, at)
	r.n += n
	return n, err
}

// What a registry says is a link to somewhere, or refused.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"providers.v1":"/v1/"}`))
	f.Add([]byte(`{"os":"linux","arch":"amd64","filename":"f","download_url":"https://a/b","shasum":"` + string(bytes.Repeat([]byte("ab"), 32)) + `","shasums_url":"/s","shasums_signature_url":"/g"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if u, err := parseServices(b); err == nil && (u == nil || u.String() == "") {
			t.Errorf("%q gives no address", b)
		}
		if r, err := parseRelease(b, "linux", "amd64"); err == nil && (len(r.Sum) != 64 || r.Archive == "" || r.Filename == "") {
			t.Errorf("%q gives %+v", b, r)
		}
		_, _ = sumOf(b, "f.zip")
		if _, err := (release{}).signer(b, b); err == nil {
			t.Error("nobody signed")
		}
	})
}
