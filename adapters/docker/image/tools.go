package image

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// binDir is where tools go; it is before Debian's own on the search path.
const binDir = "usr/local/bin"

func (b *build) tools(ctx context.Context) error {
	for _, t := range b.o.Spec.Tools {
		if err := t.check(); err != nil {
			return err
		}
		if t.For != "" && slices.Contains(b.tree.programs(), t.For) {
			continue
		}
		if err := b.tool(ctx, t); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// tool adds one tool, from the first place that has it. What a person named must
// be there and be right; what only the table names may be missing.
func (b *build) tool(ctx context.Context, t Tool) error {
	if t.Path != "" {
		if err := b.program(t, t.Path, "the file "+filepath.Base(t.Path)); err != nil {
			return &RefusedError{What: "the tool " + t.Name + " (" + t.Path + ")", Why: err.Error()}
		}
		return nil
	}
	if file := b.cached(t.Cached); file != "" && madeOf(t, file) {
		if err := b.program(t, file, t.source("built by the setup script")); err == nil {
			return nil
		}
	}
	if t.Module == "" {
		b.gap(t.Name, errors.New("nothing in the cache folder is it"), "run scripts/setup.sh "+t.Name+", or name a program: --tool "+t.Name+"=PATH")
		return nil
	}
	b.o.Log.InfoContext(ctx, "building a tool, unless it was built before", "tool", t.Name, "version", t.Version, "limit", b.o.Limit)
	g := gobuild{cache: filepath.Join(b.o.Cache, "tools"), arch: b.arch, limit: b.o.Limit}
	file, err := g.have(ctx, t)
	if err == nil {
		err = b.program(t, file, t.source("built here"))
	}
	if err != nil {
		do := "name a program of your own: --tool " + t.Name + "=PATH"
		if errors.Is(err, context.DeadlineExceeded) {
			do = "run it again, with more time if need be (--limit 30m), or " + do
		}
		b.gap(t.Name, err, do)
	}
	return nil
}

func (t Tool) source(how string) string { return "Go module " + t.Module + ", " + how }

// cached is the newest file in the cache folder that a pattern matches.
func (b *build) cached(pattern string) (newest string) {
	if pattern == "" {
		return ""
	}
	files, _ := filepath.Glob(filepath.Join(b.o.Cache, strings.ReplaceAll(pattern, "ARCH", b.arch)))
	var best os.FileInfo
	for _, f := range files {
		if fi, err := os.Stat(f); err == nil && fi.Mode().IsRegular() && (best == nil || fi.ModTime().After(best.ModTime())) {
			newest, best = f, fi
		}
	}
	return newest
}

// madeOf says whether a program tells that it is of the tool's module and version.
func madeOf(t Tool, file string) bool {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return false
	}
	m := tool(info)
	return m.Path == t.Module && m.Version == t.Version
}

// program puts a program into the tree, under the tool's name.
func (b *build) program(t Tool, file, source string) error {
	data, err := b.spool.open(file)
	if err != nil {
		return err
	}
	if t.SHA256 != "" && t.SHA256 != data.sha {
		return fmt.Errorf("its SHA-256 is %s, not %s", data.sha, t.SHA256)
	}
	if _, err := program(data, b.arch); err != nil {
		return err
	}
	p := Part{Name: t.Name, Version: t.Version, Source: source, SHA256: data.sha, License: t.License, at: path.Join(binDir, t.Name)}
	if t.Path == "" {
		p.module = t.Module
	}
	if info, err := buildinfo.Read(data); err == nil && p.Version == "" {
		p.Version = tool(info).Version
	}
	if len(t.Check) > 0 {
		p.check = append([]string{t.Name}, t.Check...)
	}
	if err := b.tree.file(p.at, data, true); err != nil {
		return err
	}
	if t.For != "" {
		p.Note = b.standIn(t.For)
		if err := b.tree.symlink(path.Join(binDir, t.For), t.Name); err != nil {
			return err
		}
	}
	b.parts = append(b.parts, p)
	return nil
}

// files adds further files. A program among them must be one for the engine.
func (b *build) files(context.Context) error {
	for _, f := range b.o.Spec.Files {
		if err := b.extra(f); err != nil {
			return &RefusedError{What: "the file " + f.From, Why: err.Error()}
		}
	}
	return nil
}

func (b *build) extra(f File) error {
	data, err := b.spool.open(f.From)
	if err != nil {
		return err
	}
	if f.SHA256 != "" && f.SHA256 != data.sha {
		return fmt.Errorf("its SHA-256 is %s, not %s", data.sha, f.SHA256)
	}
	fi, err := os.Stat(f.From)
	if err != nil {
		return err
	}
	to := strings.TrimPrefix(path.Clean(f.To), "/")
	p := Part{Name: "/" + to, Source: "the file " + filepath.Base(f.From), SHA256: data.sha, at: to}
	if info, err := buildinfo.Read(data); err == nil {
		p.Version = tool(info).Version
	}
	b.parts = append(b.parts, p)
	return b.tree.file(to, data, fi.Mode()&0o111 != 0)
}

// loaders refuses what would not start: a program that is linked against libraries
// which the image does not have.
func (b *build) loaders() error {
	for _, p := range b.parts {
		n := b.tree.nodes[p.at]
		if p.at == "" || n == nil || n.data == nil || !n.exec {
			continue
		}
		loader, err := program(n.data, b.arch)
		if err != nil || loader == "" || b.tree.find(loader) != nil {
			continue // a script, or all is there
		}
		return &RefusedError{What: p.Name, Why: "it needs " + loader + ", which the image does not have: take one that is linked statically, or a base image with its libraries"}
	}
	return nil
}
