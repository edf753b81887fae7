package image

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// packages adds Debian's packages. Into an image that has a system of its own they
// are not mixed: that would tear its libraries apart.
func (b *build) packages(ctx context.Context) error {
	if b.o.Base != "" {
		return b.lacking()
	}
	d := debian{cache: filepath.Join(b.o.Cache, "debs"), arch: b.arch}
	var names []string
	unusable := d.usable(ctx)
	for _, name := range b.o.Spec.Debian {
		if unusable != nil {
			b.gap(name, unusable, "start from an image that has it (--base NAME), or build on a Debian machine")
			continue
		}
		if err := d.known(ctx, name); err != nil {
			b.gap(name, err, "correct the name, or run apt-get update on this machine")
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ctx.Err()
	}
	b.o.Log.InfoContext(ctx, "fetching Debian packages", "packages", strings.Join(names, " "))
	debs, err := d.fetch(ctx, names)
	if err != nil {
		for _, name := range names {
			b.gap(name, err, "run apt-get update on this machine, and try again")
		}
		return ctx.Err()
	}
	b.note(debs, names)
	if err := b.tree.unpack(ctx, debs, b.spool); err != nil {
		return err
	}
	return b.tree.certificates(b.spool)
}

// note lists packages among the parts.
func (b *build) note(debs []deb, asked []string) {
	for _, d := range debs {
		p := Part{Name: d.name, Version: d.version, Source: "Debian package", SHA256: d.sha, Debian: true, Needed: true}
		for _, name := range asked {
			if only, _, _ := strings.Cut(name, "="); only == d.name {
				p.Needed, p.check = false, []string{d.name, "--version"}
			}
		}
		b.parts = append(b.parts, p)
	}
}

// lacking tells which packages the base image should have had.
func (b *build) lacking() error {
	list, err := b.tree.installed()
	if err != nil {
		return err
	}
	has := map[string]bool{"ca-certificates": b.tree.find(bundle) != nil}
	for _, s := range list {
		has[s["Package"]] = true
	}
	for _, p := range b.tree.programs() {
		has[p] = true
	}
	has["busybox-static"] = has["busybox-static"] || has["sh"]
	for _, name := range b.o.Spec.Debian {
		if only, _, _ := strings.Cut(name, "="); !has[only] {
			b.gap(name, fmt.Errorf("the base image %s does not have it", b.o.Base), "put it into the base image: packages are not mixed into a system that is not this machine's")
		}
	}
	return nil
}
