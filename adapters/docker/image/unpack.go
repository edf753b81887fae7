package image

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	osexec "os/exec"
	"path"
	"strings"
)

// merged are the folders that Debian has had below /usr for years.
func merged() []string { return []string{"bin", "sbin", "lib", "lib64"} }

// lay makes the outline of an image that is based on nothing.
func (t *tree) lay() error {
	for _, d := range merged() {
		if err := t.dir("usr/" + d); err != nil {
			return err
		}
		if err := t.symlink(d, "usr/"+d); err != nil {
			return err
		}
	}
	return nil
}

// wanted leaves out what only people read.
func wanted(name string) bool {
	for _, dir := range []string{"usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bash-completion", "usr/share/doc-base"} {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			return false
		}
	}
	doc, ok := strings.CutPrefix(name, "usr/share/doc/")
	return !ok || path.Base(doc) == "copyright" || !strings.Contains(doc, "/")
}

// unpack adds packages to the tree, and the record of them. No script of a package
// is run: what is needed of their work is done by settle.
func (t *tree) unpack(ctx context.Context, debs []deb, s *spool) error {
	var record bytes.Buffer
	for _, p := range debs {
		control, err := run(ctx, "", "dpkg-deb", "-f", p.file)
		if err != nil {
			return fmt.Errorf("read package %s: %w", p.name, err)
		}
		fmt.Fprintf(&record, "%s\nStatus: install ok installed\n\n", bytes.TrimSpace(control))
		if err := t.contents(ctx, p, s); err != nil {
			return fmt.Errorf("unpack %s: %w", p.name, err)
		}
	}
	if record.Len() == 0 {
		return nil
	}
	b, err := s.add(&record)
	if err != nil {
		return err
	}
	return t.file(statusPath, b, false)
}

func (t *tree) contents(ctx context.Context, p deb, s *spool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := osexec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", p.file) //nolint:gosec // a file of our own cache
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	err = t.read(out, s, wanted)
	if err == nil {
		_, err = io.Copy(io.Discard, out) // what an archive is filled up with
	}
	if err != nil {
		cancel()
		_ = c.Wait()
		return err
	}
	if err := c.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(stderr.String()))
	}
	return nil
}

// bundle is where programs look for the certificates that they trust.
const bundle = "etc/ssl/certs/ca-certificates.crt"

// certificates does what the package's own script would: one file of all.
func (t *tree) certificates(s *spool) error {
	var all bytes.Buffer
	for _, p := range t.below("usr/share/ca-certificates") {
		n := t.nodes[p]
		if n.kind != tar.TypeReg || path.Ext(p) != ".crt" {
			continue
		}
		b, err := n.data.atMost(1 << 20)
		if err != nil {
			return fmt.Errorf("read %s: %w", p, err)
		}
		all.Write(bytes.TrimSpace(b))
		all.WriteByte('\n')
	}
	if all.Len() == 0 || t.find(bundle) != nil {
		return nil
	}
	b, err := s.add(&all)
	if err != nil {
		return err
	}
	return t.file(bundle, b, false)
}
