package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"interlock/adapters/docker"
	"interlock/adapters/docker/image"
	"interlock/config"
)

// buildFlags are how an image is asked for.
type buildFlags struct {
	tag, base, with, sbom string
	tools                 []string
	limit                 time.Duration
	asJSON                bool
}

// sandboxBuildCommand makes the image that tools run in, without any registry.
func sandboxBuildCommand(file *string) *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use: "build", Short: "Make the image that tools run in, and say what is in it (exit 1: a tool in it does not run)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return buildImage(c.Context(), *file, f, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&f.tag, "tag", "interlock-sandbox:latest", "name of the image")
	c.Flags().StringVar(&f.base, "base", "", "image of the engine to start from (default: none)")
	c.Flags().StringVar(&f.with, "with", "", "file that says what goes in (default: the built-in list)")
	c.Flags().StringArrayVar(&f.tools, "tool", nil, "NAME=PATH: put this program in, under this name (can be repeated)")
	c.Flags().StringVar(&f.sbom, "sbom", "", "write the list of parts to this file (CycloneDX 1.6)")
	c.Flags().DurationVar(&f.limit, "limit", 8*time.Minute, "the longest that the build of one tool may take")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print as JSON")
	return c
}

func buildImage(ctx context.Context, file string, f buildFlags, out io.Writer) error {
	spec, err := f.spec()
	if err != nil {
		return &coded{exitUse, err}
	}
	cfg, log, err := load(file)
	if err != nil {
		return err
	}
	host, err := findEngine(ctx, cfg, log)
	if err != nil {
		return &coded{exitFailed, err}
	}
	r, err := image.Build(ctx, image.Options{
		Host: host, Tag: f.tag, Base: f.base, Spec: spec, Limit: f.limit, Version: version, Log: log,
	})
	if refused := (*image.RefusedError)(nil); errors.As(err, &refused) {
		return &coded{exitUse, err}
	}
	if err == nil && f.sbom != "" {
		err = os.WriteFile(f.sbom, r.List, 0o644) //nolint:gosec // for everybody to read
	}
	if err == nil {
		err = tellImage(out, r, f.asJSON)
	}
	if err != nil {
		return &coded{exitFailed, err}
	}
	if !r.Works() {
		return &coded{code: exitFound}
	}
	return nil
}

// findEngine is the address of the engine that the configuration names, if it
// answers.
func findEngine(ctx context.Context, cfg config.Config, log *slog.Logger) (string, error) {
	box, err := docker.New(docker.Options{Engine: cfg.Sandbox.Engine, DataDir: cfg.DataDir, Instance: cfg.DataDir, Log: log})
	if err != nil {
		return "", err
	}
	e, err := box.Ping(ctx)
	return e.Host, errors.Join(err, box.Close())
}

// spec is what goes in, by the flags.
func (f buildFlags) spec() (s image.Spec, err error) {
	if f.with == "" {
		s, err = image.Default()
	} else {
		s, err = image.Load(f.with)
	}
	if err != nil {
		return s, err
	}
	paths := map[string]string{}
	for _, t := range f.tools {
		name, path, ok := strings.Cut(t, "=")
		if !ok || name == "" || path == "" {
			return s, fmt.Errorf("--tool %s: write NAME=PATH", t)
		}
		paths[name] = path
	}
	return s.With(paths), nil
}

func tellImage(out io.Writer, r image.Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	needed := 0
	for _, p := range r.Included {
		if p.Needed {
			needed++
			continue
		}
		fmt.Fprintf(out, "in      %-16s %-24s %s  sha256 %.12s\n", p.Name, or(p.Version, "version not known"), p.Source+note(p.Note), p.SHA256)
	}
	if needed > 0 {
		fmt.Fprintf(out, "        and %d Debian packages that these need\n", needed)
	}
	for _, g := range r.Missing {
		fmt.Fprintf(out, "NOT IN  %-16s %s\n        %-16s do: %s\n", g.Name, g.Reason, "", g.Do)
	}
	_, err := fmt.Fprintf(out, "%s  %s\nlayer %s, %d MB\nlist of parts %s, in the image at %s\n", r.Tag, r.ID, r.Layer, r.Size/1e6, r.SBOM, image.SBOMPath)
	return err
}

func note(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
