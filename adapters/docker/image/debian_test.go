package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakes are programs that answer as Debian's do: a package is a tar archive, and
// what is known of it lies beside it.
const fakes = `#!/bin/sh
set -e
cd "$FAKE_DEBIAN"
case "${0##*/} $*" in
"dpkg --print-architecture") echo "$FAKE_ARCH" ;;
"apt-cache show"*" -- "*) cat ./*.control; exit 0 ;;
"apt-cache show "*) for last; do :; done; cat "$last.control" ;;
"apt-get install "*) grep -q . "${6#*=}" && exit 9; cat uris ;;
"apt-get download "*) cp ./*.deb "$OLDPWD" ;;
"dpkg-deb -f "*) grep -v SHA256 "$(tar -tf "$2" | sed -n 's|^./bin/||p').control" ;;
"dpkg-deb --fsys-tarfile "*) cat "$2" ;;
*) echo "not expected: $0 $*" >&2; exit 9 ;;
esac
`

// debianHere makes this machine one of Debian, with the packages git and libgit,
// whose programs are both the given one.
func debianHere(t *testing.T, arch, program string) {
	t.Helper()
	bin, dir := t.TempDir(), t.TempDir()
	for _, name := range []string{"dpkg", "dpkg-deb", "apt-get", "apt-cache"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(fakes), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("FAKE_DEBIAN", dir)
	t.Setenv("FAKE_ARCH", arch)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var uris strings.Builder
	for _, p := range []struct{ name, version string }{{"git", "1:2.39"}, {"libgit", "7"}} {
		deb := string(archiveOf(t,
			entry{name: "./bin/" + p.name, kind: '0', mode: 0o4755, body: program},
			entry{name: "./usr/share/man/x.1", kind: '0', mode: 0o644},
			entry{name: "./usr/share/doc/" + p.name + "/copyright", kind: '0', body: "Format: x\n\nFiles: *\nLicense: GPL-2\n"},
			entry{name: "./usr/share/doc/" + p.name + "/changelog", kind: '0'},
			entry{name: "./usr/share/ca-certificates/" + p.name + ".crt", kind: '0', body: "certificate of " + p.name + "\n\n"},
		))
		sum := sha256.Sum256([]byte(deb))
		write(p.name+".deb", deb)
		write(p.name+".control", fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nSHA256: %s\n\n", p.name, p.version, arch, hex.EncodeToString(sum[:])))
		fmt.Fprintf(&uris, "'http://x/%s' %s_%s_%s.deb 1 SHA256:x\n", p.name, p.name, strings.ReplaceAll(p.version, ":", "%3a"), arch)
	}
	write("uris", uris.String())
}

func TestDebian(t *testing.T) {
	debianHere(t, "amd64", "a program")
	d := debian{cache: filepath.Join(t.TempDir(), "debs"), arch: "amd64"}
	if err := d.usable(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.known(t.Context(), "git"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"nonsense", "-o", "git -y", "../git"} {
		if err := d.known(t.Context(), name); err == nil {
			t.Errorf("%q is known", name)
		}
	}
	debs, err := d.fetch(t.Context(), []string{"git"})
	if err != nil || len(debs) != 2 || debs[0].name != "git" || debs[0].version != "1:2.39" || debs[1].name != "libgit" {
		t.Fatalf("%+v, %v", debs, err)
	}
	s, tr := testSpool(t), newTree()
	if err := tr.lay(); err != nil {
		t.Fatal(err)
	}
	if err := tr.unpack(t.Context(), debs, s); err != nil {
		t.Fatal(err)
	}
	if err := tr.certificates(s); err != nil {
		t.Fatal(err)
	}
	list, err := tr.installed()
	if err != nil || len(list) != 2 || tr.license("git") != "GPL-2" || !slices.Equal(tr.programs(), []string{"git", "libgit"}) {
		t.Errorf("%v, %v, %v", list, tr.programs(), err)
	}
	if b, err := tr.nodes[bundle].data.atMost(100); err != nil || string(b) != "certificate of git\ncertificate of libgit\n" {
		t.Errorf("%q, %v", b, err)
	}
	if tr.find("usr/share/man/x.1") != nil || tr.find("usr/share/doc/git/changelog") != nil {
		t.Errorf("%v", tr.sorted())
	}
}

// The second time nothing is fetched, unless the cache went bad.
func TestDebianCache(t *testing.T) {
	debianHere(t, "amd64", "a program")
	d := debian{cache: filepath.Join(t.TempDir(), "debs"), arch: "amd64"}
	debs, err := d.fetch(t.Context(), []string{"git"})
	if err != nil {
		t.Fatal(err)
	}
	deb := filepath.Join(os.Getenv("FAKE_DEBIAN"), "git.deb")
	if err := os.WriteFile(deb, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.fetch(t.Context(), []string{"git"}); err != nil {
		t.Errorf("from the cache: %v", err)
	}
	if err := os.WriteFile(debs[0].file, []byte("bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.fetch(t.Context(), []string{"git"}); err == nil || !strings.Contains(err.Error(), "not what the lists say") {
		t.Errorf("a wrong package is taken: %v", err)
	}
}

func TestNoDebian(t *testing.T) {
	debianHere(t, "amd64", "a program")
	if err := (debian{arch: "arm64"}).usable(t.Context()); err == nil || !strings.Contains(err.Error(), "arm64") {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := (debian{arch: "amd64"}).usable(t.Context()); err == nil || !strings.Contains(err.Error(), "apt-get is missing") {
		t.Errorf("%v", err)
	}
}

func TestBuildWithDebian(t *testing.T) {
	e := testEngine(t)
	arch, err := e.arch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(testTool(t))
	if err != nil {
		t.Fatal(err)
	}
	debianHere(t, arch, string(program))
	o := options(t, e)
	o.Spec.Debian, o.Spec.Tools = []string{"git", "nonsense"}, nil
	r, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range r.Included {
		if p.Debian {
			said[p.Name] = fmt.Sprint(p.Version, " ", p.Needed, " ", p.Says)
		}
	}
	if len(said) != 2 || said["git"] != "1:2.39 false tool 1.0 65532" || said["libgit"] != "7 true " {
		t.Errorf("%v", said)
	}
	if !slices.ContainsFunc(r.Missing, func(g Gap) bool { return g.Name == "nonsense" && !g.Inside }) {
		t.Errorf("%+v", r.Missing)
	}
	if seen := shape(t, r.List); seen["pkg:deb/debian/git@1%3A2.39?arch="+arch].Hashes == nil {
		t.Errorf("%s", r.List)
	}
}
