package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"interlock/agent"
)

// trapImage has links to settings of the kernel where its devices should be: an
// engine that follows them makes those writable (CVE-2025-31133, CVE-2025-52565).
const trapImage = "interlock-probe:links"

// probeImage runs in such an image.
func probeImage(ctx context.Context, p *prober) (through string, honest bool, err error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "dev/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "dev/null", Typeflag: tar.TypeSymlink, Linkname: "/proc/sys/kernel/core_pattern", Mode: 0o777},
		{Name: "dev/console", Typeflag: tar.TypeSymlink, Linkname: "/proc/sysrq-trigger", Mode: 0o777},
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o777},
		{Name: "work/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: ".interlock/", Typeflag: tar.TypeDir, Mode: 0o755},
	} {
		if err := w.WriteHeader(&h); err != nil {
			return "", false, err
		}
	}
	if err := w.Close(); err != nil {
		return "", false, err
	}
	made, err := p.cli.ImageImport(ctx, client.ImageImportSource{Source: &b, SourceName: "-"}, trapImage, client.ImageImportOptions{})
	if err != nil {
		return "", false, p.wrap("import image", err)
	}
	_, err = io.Copy(io.Discard, made)
	if err := errors.Join(err, made.Close()); err != nil {
		return "", false, fmt.Errorf("import image: %w", err)
	}
	defer func() {
		_, rerr := p.cli.ImageRemove(context.WithoutCancel(ctx), trapImage, client.ImageRemoveOptions{Force: true})
		if rerr != nil && !cerrdefs.IsNotFound(rerr) {
			err = errors.Join(err, p.wrap("remove image", rerr))
		}
	}()
	free, err := p.unheld(ctx, p.runner, "part", "devices")
	if err != nil {
		return "", false, err
	}
	honest = free.Code != 0
	c := p.part("devices", agent.InFresh)
	c.Image = trapImage
	out, err := p.Exec(ctx, c)
	if err != nil { // an engine that does not start it has refused it
		_, err = p.Image(ctx, trapImage)
		return "", honest, err
	}
	return hole(out.Code != 0 && out.Code != 126 && out.Code != 127, fmt.Sprintf("code %d", out.Code)), honest, nil
}
