package registry_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"interlock/adapters/registry"
	"interlock/adapters/registry/registrytest"
)

const (
	version  = "1.2.3"
	platform = "linux_amd64"
)

var dns = registry.Provider{Host: "registry.example", Namespace: "acme", Type: "dns"}

// scene is a world that has one provider, and a mirror that has none yet.
type scene struct {
	*registrytest.World
	dir     string
	archive []byte
	lock    registry.Locked
}

func members() []registrytest.Member {
	return []registrytest.Member{
		{Name: "terraform-provider-dns_v1.2.3", Body: "program"}, {Name: "LICENSE", Body: "free"}, {Name: "doc/a.md", Body: "a"}, {Name: "doc/run", Body: "r", Mode: 0o755},
	}
}

func newScene(t testing.TB, m ...registrytest.Member) *scene {
	t.Helper()
	w := registrytest.New(t, dns.Host, "files."+dns.Host, "other.example")
	if m == nil {
		m = members()
	}
	s := &scene{World: w, dir: filepath.Join(t.TempDir(), "data", "providers"), archive: registrytest.Zip(t, m...)}
	zh, h1 := registrytest.Hashes(t, s.archive)
	s.lock = registry.Locked{Provider: dns, Version: version, Hashes: []string{"h1:other=", h1, "zh:00", zh}}
	w.Publish(t, dns, version, platform, s.archive, nil)
	return s
}

func (s *scene) open(t testing.TB) *registry.Mirror {
	t.Helper()
	c := registry.New(s.Options())
	t.Cleanup(c.Close)
	m, err := registry.Open(registry.Folder{Path: s.dir, Platform: platform, Most: 1 << 20}, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s *scene) fetch(t testing.TB) (registry.Result, error) {
	t.Helper()
	m := s.open(t)
	r, err := m.Fetch(t.Context(), s.lock)
	if cerr := m.Close(); cerr != nil {
		t.Error(cerr)
	}
	return r, err
}

func (s *scene) place() string {
	return filepath.Join(s.dir, dns.Host, dns.Namespace, dns.Type, version, platform)
}

// has tells every file of the mirror and of the folder beside it, with its rights.
func (s *scene) has(t testing.TB) map[string]fs.FileMode {
	t.Helper()
	all := map[string]fs.FileMode{}
	err := filepath.WalkDir(filepath.Dir(s.dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		rel, _ := filepath.Rel(filepath.Dir(s.dir), p)
		all[rel] = fi.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// It must not run beside others: the mask is the process's.
func TestFetch(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	s := newScene(t)
	r, err := s.fetch(t)
	if err != nil || r != (registry.Result{State: registry.Fetched, Signer: s.Key.PrimaryKey.KeyIdString()}) {
		t.Fatalf("%+v, %v", r, err)
	}
	at := "providers/registry.example/acme/dns/1.2.3/linux_amd64/"
	want := map[string]fs.FileMode{
		"providers.work/lock": 0o600, at + "terraform-provider-dns_v1.2.3": 0o555, at + "LICENSE": 0o444, at + "doc/a.md": 0o444, at + "doc/run": 0o555,
	}
	if got := s.has(t); !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	for dir := filepath.Join(s.place(), "doc"); dir != filepath.Dir(s.dir); dir = filepath.Dir(dir) {
		if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", dir, fi.Mode(), err)
		}
	}
	asked := []string{
		"registry.example/.well-known/terraform.json", "registry.example/v1/providers/acme/dns/1.2.3/download/linux/amd64",
		"registry.example/sums", "registry.example/sums.sig", "files.registry.example/terraform-provider-dns_1.2.3_linux_amd64.zip",
	}
	if got := s.Asked(); !slices.Equal(got, asked) {
		t.Errorf("asked for %q", got)
	}
	if r, err := s.fetch(t); err != nil || r != (registry.Result{State: registry.Kept}) || len(s.Asked()) != len(asked) {
		t.Errorf("the second time: %+v, %v, asked %q", r, err, s.Asked())
	}
}

// Whatever was done to what is there, the next fetch notices and mends it.
func TestMends(t *testing.T) {
	t.Parallel()
	program := "terraform-provider-dns_v1.2.3"
	for name, tamper := range map[string]func(at string) error{
		"content": func(at string) error {
			return errors.Join(os.Chmod(filepath.Join(at, program), 0o700), os.WriteFile(filepath.Join(at, program), []byte("evil"), 0o700))
		},
		"more":       func(at string) error { return os.WriteFile(filepath.Join(at, "more"), nil, 0o600) },
		"less":       func(at string) error { return os.Remove(filepath.Join(at, "LICENSE")) },
		"renamed":    func(at string) error { return os.Rename(filepath.Join(at, "LICENSE"), filepath.Join(at, "license")) },
		"a link":     func(at string) error { return os.Symlink("LICENSE", filepath.Join(at, "link")) },
		"a pipe":     func(at string) error { return syscall.Mkfifo(filepath.Join(at, "pipe"), 0o600) },
		"elsewhere":  func(at string) error { return errors.Join(os.Rename(at, at+".x"), os.Symlink(at+".x", at)) },
		"not folder": func(at string) error { return errors.Join(os.RemoveAll(at), os.WriteFile(at, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			if _, err := s.fetch(t); err != nil {
				t.Fatal(err)
			}
			was := s.has(t)
			if err := tamper(s.place()); err != nil {
				t.Fatal(err)
			}
			if r, err := s.fetch(t); err != nil || r.State != registry.Mended {
				t.Errorf("%+v, %v", r, err)
			}
			got := s.has(t)
			maps.DeleteFunc(got, func(n string, _ fs.FileMode) bool { return strings.Contains(n, ".x/") }) // where the test put it
			if !maps.Equal(got, was) {
				t.Errorf("%v", got)
			}
			if b, err := os.ReadFile(filepath.Join(s.place(), program)); err != nil || string(b) != "program" {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}

// What cannot be had anew stays as it is, and is not called kept.
func TestTamperedAndNothingToMendWith(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	if _, err := s.fetch(t); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.place(), "LICENSE")); err != nil {
		t.Fatal(err)
	}
	clear(s.Answers)
	if r, err := s.fetch(t); err == nil || r.State != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// Which hashes a lock file has decides what can be checked, and what OpenTofu will
// say of it.
func TestHashes(t *testing.T) {
	t.Parallel()
	zh, h1 := registrytest.Hashes(t, registrytest.Zip(t, members()...))
	for name, c := range map[string]struct {
		hashes  []string
		useless bool
		again   bool // the archive is needed to check it again
	}{
		"both":            {[]string{zh, h1}, false, false},
		"unpacked":        {[]string{h1}, false, false},
		"packed":          {[]string{zh}, false, true},
		"other platforms": {[]string{zh, "h1:other="}, true, true},
	} {
		s := newScene(t)
		s.lock.Hashes = c.hashes
		r, err := s.fetch(t)
		if err != nil || r.State != registry.Fetched || r.Useless != c.useless {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		n := len(s.Asked())
		if r, err := s.fetch(t); err != nil || r.State != registry.Kept || r.Useless != c.useless || len(s.Asked()) > n != c.again {
			t.Errorf("%s again: %+v, %v", name, r, err)
		}
	}
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.open(t)
	if err := os.MkdirAll(s.dir+".work/new-1", 0o700); err != nil { // as of one that was killed
		t.Fatal(err)
	}
	if _, err := registry.Open(m.Folder, registry.New(s.Options())); !errors.Is(err, registry.ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	if r, err := m.Fetch(t.Context(), s.lock); err != nil || r.State != registry.Fetched {
		t.Errorf("%+v, %v", r, err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := s.fetch(t); err != nil || r.State != registry.Kept {
		t.Errorf("after it: %+v, %v", r, err)
	}
	if _, err := os.Stat(s.dir + ".work/new-1"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what was left by one that was killed is still there")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "linux", "../x_y", "linux_amd64/.."} {
		if _, err := registry.Open(registry.Folder{Path: t.TempDir(), Platform: p}, nil); err == nil {
			t.Errorf("platform %q is taken", p)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Open(registry.Folder{Path: file, Platform: platform}, nil); err == nil {
		t.Error("a file is taken for a mirror")
	}
}
