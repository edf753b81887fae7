package image

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// build is one image in the making.
type build struct {
	o      Options
	engine engine
	arch   string
	tree   *tree
	spool  *spool
	parts  []Part
	gaps   []Gap
}

func (b *build) gap(name string, reason error, do string) {
	b.gaps = append(b.gaps, Gap{Name: name, Reason: reason.Error(), Do: do})
}

// standIn notes that something else does the work of what could not be had.
func (b *build) standIn(name string) string {
	b.gaps = slices.DeleteFunc(b.gaps, func(g Gap) bool { return g.Name == name })
	return "stands in for " + name
}

// fill puts everything into the tree. The order counts: a stand-in is for what is
// not there, and an applet of busybox for what nothing else brought.
func (b *build) fill(ctx context.Context) error {
	for _, step := range []func(context.Context) error{b.base, b.packages, b.tools, b.files, b.applets, b.outline} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return b.loaders()
}

func (b *build) base(ctx context.Context) error {
	if b.o.Base == "" {
		return b.tree.lay()
	}
	b.o.Log.InfoContext(ctx, "reading the base image", "image", b.o.Base)
	id, err := b.engine.export(ctx, b.o.Base, b.tree, b.spool)
	if err == nil {
		b.parts = append(b.parts, Part{Name: b.o.Base, Version: id, Source: "base image, in the engine", SHA256: strings.TrimPrefix(id, "sha256:")})
	}
	return err
}

// outline adds what every sandbox expects, unless it is there already.
func (b *build) outline(context.Context) error {
	for _, d := range []string{"tmp", "work", "etc", "dev", "proc", "sys"} {
		if err := b.tree.dir(d); err != nil {
			return err
		}
	}
	for _, name := range []string{"passwd", "group", "tofu.rc"} {
		if b.tree.find("etc/"+name) != nil {
			continue
		}
		text, err := etc.ReadFile("etc/" + name)
		if err != nil {
			return err
		}
		data, err := b.spool.text(string(text))
		if err != nil {
			return err
		}
		if err := b.tree.file("etc/"+name, data, false); err != nil {
			return err
		}
	}
	return nil
}

// finish makes the image of the tree, gives it to the engine and tries it.
func (b *build) finish(ctx context.Context) (r Report, err error) {
	programs := strings.Join(b.tree.programs(), ",")
	list, err := b.tree.bom(b.parts)
	if err != nil {
		return r, err
	}
	data, err := b.spool.text(string(list))
	if err != nil {
		return r, err
	}
	if err := b.tree.file(SBOMPath, data, false); err != nil {
		return r, err
	}
	r = Report{Tag: b.o.Tag, SBOM: "sha256:" + data.sha, List: list}
	f, err := os.CreateTemp(b.o.Cache, "layer-")
	if err != nil {
		return r, fmt.Errorf("make layer: %w", err)
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }()
	layer, size, err := pack(b.tree, f)
	if err != nil {
		return r, fmt.Errorf("make layer: %w", err)
	}
	r.Layer, r.Size = "sha256:"+layer, size
	conf, err := json.Marshal(newRecipe(b.arch, layer, map[string]string{ToolsLabel: programs, SBOMLabel: r.SBOM, VersionLabel: b.o.Version}))
	if err != nil {
		return r, fmt.Errorf("make image: %w", err)
	}
	b.o.Log.InfoContext(ctx, "giving the image to the engine", "tag", b.o.Tag, "bytes", size)
	if err := b.engine.load(ctx, b.o.Tag, conf, layer, size, f); err != nil {
		return r, err
	}
	if r.ID, err = b.engine.id(ctx, b.o.Tag, r.Layer); err != nil {
		return r, err
	}
	b.try(ctx, r.ID)
	r.Included, r.Missing = b.parts, append([]Gap{}, b.gaps...) // a list in JSON, even of nothing
	return r, ctx.Err()
}

// try runs what can tell its version. One that does not run is a gap, though it is
// in the image.
func (b *build) try(ctx context.Context, image string) {
	has := map[string]bool{}
	for _, p := range b.tree.programs() {
		has[p] = true
	}
	for i, p := range b.parts {
		if len(p.check) == 0 || !has[p.check[0]] {
			continue
		}
		said, err := b.engine.version(ctx, image, p.check...)
		if err != nil {
			b.gap(p.Name, fmt.Errorf("it is in the image and does not run: %w", err), "name another program for it: --tool "+p.Name+"=PATH")
			b.gaps[len(b.gaps)-1].Inside = true
			continue
		}
		b.parts[i].Says = said
	}
}
