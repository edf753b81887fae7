package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// applets makes one link for every program that busybox can be, where no other
// program has the name. An image that is based on another one is left as it is.
func (b *build) applets(ctx context.Context) error {
	if b.o.Base != "" {
		return nil
	}
	box := b.busybox()
	if box == "" {
		b.gap("busybox", errors.New("none was had, so the image has no shell"), "name a static one: --tool busybox=PATH")
		return nil
	}
	names, err := b.list(ctx, b.tree.nodes[box].data)
	if err != nil {
		b.gap("busybox", err, "start from an image that has a shell: --base NAME")
		return ctx.Err()
	}
	has := map[string]bool{}
	for _, p := range b.tree.programs() {
		has[p] = true
	}
	for _, name := range names {
		if has[name] {
			continue
		}
		if err := b.tree.symlink("usr/bin/"+name, "/"+box); err != nil {
			return err
		}
	}
	return nil
}

// busybox is where the tree has it. Without one, this machine's is taken if it is
// static.
func (b *build) busybox() string {
	for _, at := range []string{binDir + "/busybox", "usr/bin/busybox"} {
		if n := b.tree.nodes[at]; n != nil && n.data != nil {
			return at
		}
	}
	for _, file := range []string{"/bin/busybox", "/usr/bin/busybox"} {
		data, err := b.spool.open(file)
		if err != nil {
			continue
		}
		if loader, err := program(data, b.arch); err != nil || loader != "" {
			continue
		}
		at := "usr/bin/busybox"
		if err := b.tree.file(at, data, true); err != nil {
			continue
		}
		b.parts = append(b.parts, Part{Name: "busybox", Source: "this machine's own", SHA256: data.sha, License: "GPL-2.0-only", Note: b.standIn("busybox-static"), at: at})
		return at
	}
	return ""
}

// list asks busybox for its applets, which only it can tell.
func (b *build) list(ctx context.Context, data *blob) ([]string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != b.arch {
		return nil, fmt.Errorf("busybox cannot be asked on %s/%s what it can do", runtime.GOOS, runtime.GOARCH)
	}
	dir, err := os.MkdirTemp(b.o.Cache, "busybox-")
	if err != nil {
		return nil, fmt.Errorf("copy busybox: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "busybox")
	if err := copyTo(file, data.all()); err != nil {
		return nil, fmt.Errorf("copy busybox: %w", err)
	}
	out, err := run(ctx, dir, file, "--list")
	if err != nil {
		return nil, fmt.Errorf("ask busybox what it can do: %w", err)
	}
	return applets(string(out)), nil
}

var goodApplet = regexp.MustCompile(`^(\[|\[\[|[a-z0-9][a-z0-9._-]*)$`)

// applets reads busybox's own list.
func applets(text string) (names []string) {
	for _, name := range strings.Fields(text) {
		if goodApplet.MatchString(name) && name != "busybox" && path.Base(name) == name {
			names = append(names, name)
		}
	}
	return names
}

func copyTo(file string, r io.Reader) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700) //nolint:gosec // in our own folder
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
