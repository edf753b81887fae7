package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// debian fetches packages by the package sources that this machine trusts. It
// installs nothing here, needs no root, and runs no script of a package.
type debian struct {
	cache string // folder of the packages that were fetched
	arch  string // of the engine, which Debian calls the same
}

// deb is one package that was fetched.
type deb struct {
	name, version, sha, file string
}

// errNoDebian reports why there are no Debian packages on this machine at all.
var errNoDebian = errors.New("this machine has no Debian packages for the engine")

func (d debian) usable(ctx context.Context) error {
	for _, p := range []string{"apt-get", "apt-cache", "dpkg", "dpkg-deb"} {
		if _, err := osexec.LookPath(p); err != nil {
			return fmt.Errorf("%w: %s is missing", errNoDebian, p)
		}
	}
	out, err := run(ctx, "", "dpkg", "--print-architecture")
	if arch := strings.TrimSpace(string(out)); err != nil || arch != d.arch {
		return fmt.Errorf("%w: its packages are for %s, and the engine is %s", errNoDebian, arch, d.arch)
	}
	return nil
}

// known says why a package cannot be had; nil is that it can. A name may carry
// the wanted version behind a "=".
func (d debian) known(ctx context.Context, name string) error {
	if !debName.MatchString(name) {
		return &RefusedError{What: fmt.Sprintf("the package %q", name), Why: "a package is called NAME or NAME=VERSION"}
	}
	if _, err := run(ctx, "", "apt-cache", "show", "--no-all-versions", name); err != nil {
		return fmt.Errorf("the package lists of this machine do not name it: %w", err)
	}
	return nil
}

var debName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+(=[A-Za-z0-9.+:~-]+)?$`)

// fetch gives the packages, and all that they depend on, sorted by name.
func (d debian) fetch(ctx context.Context, names []string) ([]deb, error) {
	if len(names) == 0 {
		return nil, nil
	}
	versions, err := d.closure(ctx, names)
	if err != nil {
		return nil, err
	}
	all, err := d.describe(ctx, versions)
	if err != nil {
		return nil, err
	}
	if err := d.download(ctx, all); err != nil {
		return nil, err
	}
	return all, nil
}

// closure resolves the packages as for a machine on which nothing is installed.
// The answer is NAME=VERSION, sorted.
func (d debian) closure(ctx context.Context, names []string) ([]string, error) {
	if err := os.MkdirAll(d.cache, 0o700); err != nil {
		return nil, fmt.Errorf("make cache: %w", err)
	}
	none, err := os.CreateTemp(d.cache, "status-")
	if err != nil {
		return nil, fmt.Errorf("make cache: %w", err)
	}
	_ = none.Close()
	defer func() { _ = os.Remove(none.Name()) }()
	args := append([]string{"install", "-qq", "--print-uris", "--no-install-recommends", "-o", "Dir::State::status=" + none.Name(), "--"}, names...)
	out, err := run(ctx, "", "apt-get", args...)
	if err != nil {
		return nil, fmt.Errorf("find packages: %w", err)
	}
	return uris(string(out))
}

// uris reads what apt-get would download: 'URI' FILE SIZE HASH, a line each. The
// name of the file tells package and version.
func uris(text string) (all []string, err error) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || !strings.HasSuffix(f[1], ".deb") {
			continue
		}
		file, err := url.PathUnescape(f[1])
		part := strings.Split(file, "_")
		if err != nil || len(part) != 3 || !debName.MatchString(part[0]+"="+part[1]) {
			return nil, fmt.Errorf("find packages: %q names no package", f[1])
		}
		all = append(all, part[0]+"="+part[1])
	}
	slices.Sort(all)
	return all, nil
}

// describe looks up what each package must be like, in the signed lists.
func (d debian) describe(ctx context.Context, versions []string) ([]deb, error) {
	out, err := run(ctx, "", "apt-cache", append([]string{"show", "--no-all-versions", "--"}, versions...)...)
	if err != nil {
		return nil, fmt.Errorf("look up packages: %w", err)
	}
	list, err := stanzas(out)
	if err != nil {
		return nil, err
	}
	found := map[string]deb{}
	for _, s := range list {
		if sum, err := hex.DecodeString(s["SHA256"]); err != nil || len(sum) != sha256.Size {
			continue
		}
		p := deb{name: s["Package"], version: s["Version"], sha: s["SHA256"], file: filepath.Join(d.cache, s["SHA256"]+".deb")}
		found[p.name+"="+p.version] = p
	}
	for _, v := range versions {
		if _, ok := found[v]; !ok {
			return nil, fmt.Errorf("look up packages: the lists have no SHA-256 of %s", v)
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b deb) int { return strings.Compare(a.name, b.name) }), nil
}

// download fetches those that the cache lacks. A file counts only when it is what
// the lists say.
func (d debian) download(ctx context.Context, all []deb) error {
	var want []string
	for _, p := range all {
		if sumOf(p.file) != p.sha {
			want = append(want, p.name+"="+p.version)
		}
	}
	if len(want) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp(d.cache, "fetch-")
	if err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := run(ctx, dir, "apt-get", append([]string{"download", "-qq", "-o", "APT::Sandbox::User=root", "--"}, want...)...); err != nil {
		return fmt.Errorf("download packages: %w", err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	for _, f := range files {
		if err := os.Rename(f, filepath.Join(d.cache, sumOf(f)+".deb")); err != nil {
			return fmt.Errorf("keep package: %w", err)
		}
	}
	for _, p := range all {
		if sumOf(p.file) != p.sha {
			return fmt.Errorf("download packages: %s=%s is not what the lists say", p.name, p.version)
		}
	}
	return nil
}
