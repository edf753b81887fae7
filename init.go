package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/config"
)

func initCommand() *cobra.Command {
	var noScan bool
	c := &cobra.Command{
		Use: "init [FOLDER]", Short: "Look for stacks, write interlock.yaml at tier observe, scan one", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return initialise(c.Context(), dir, !noScan, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&noScan, "no-scan", false, "do not scan a stack")
	return c
}

// initialise never overwrites a configuration, and what it writes can only look.
func initialise(ctx context.Context, dir string, scan bool, out io.Writer) error {
	file := filepath.Join(dir, "interlock.yaml")
	if _, err := os.Stat(file); err == nil {
		return &coded{exitUse, fmt.Errorf("%s is there already: edit it, or move it away first", file)}
	}
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return &coded{exitUse, fmt.Errorf("%s is no folder: name the one that holds your OpenTofu code", dir)}
	}
	found, err := findStacks(dir)
	if err != nil {
		return &coded{exitUse, fmt.Errorf("look for stacks: %w", err)}
	}
	if len(found) == 0 {
		return &coded{exitUse, fmt.Errorf("no stack below %s: a stack is a folder of .tf files with a backend, a provider or a state", dir)}
	}
	if err := os.WriteFile(file, []byte(initialConfig(found, isRepository(dir))), 0o600); err != nil {
		return &coded{exitFailed, err}
	}
	_, _ = fmt.Fprintf(out, "Wrote %s with %d stack(s), all at tier observe: it can look, and change nothing.\n", file, len(found))
	for _, s := range found {
		_, _ = fmt.Fprintf(out, "  %s in %s\n", s.name, s.dir)
	}
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		return &coded{exitFailed, err}
	}
	if scan {
		firstScan(ctx, cfg, file, found[0].name, out)
	}
	_, err = fmt.Fprintf(out, "\nNext: interlock serve --config %s\n", file)
	return err
}

// firstScan shows what a scan says; a scan that fails does not fail init.
func firstScan(ctx context.Context, cfg config.Config, file, stack string, out io.Writer) {
	err := scanStack(ctx, cfg, logger(cfg.Log), initialOrg, stack, false, out)
	var c *coded
	if err != nil && (!errors.As(err, &c) || c.code != exitFound) {
		_, _ = fmt.Fprintf(out, "\n%s could not be scanned yet: %v\nIf it lacks a provider: interlock providers fetch --config %s\n", stack, err, file)
	}
}

func isRepository(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ".git"))
	return err == nil
}

// candidate is a folder that looks like a stack.
type candidate struct{ name, dir, state string }

// mostStacks is how many one init writes.
const mostStacks = 200

// root tells a root module from one that others call: it says where its state
// is, or it configures a provider.
var root = regexp.MustCompile(`(?m)^\s*(backend\s+"|cloud\s*\{|provider\s+")`)

func findStacks(dir string) (found []candidate, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if n := d.Name(); p != "." && (strings.HasPrefix(n, ".") || n == "node_modules" || n == "modules") {
			return fs.SkipDir
		}
		is, state := looksLikeStack(os.DirFS(dir), p)
		if is && len(found) < mostStacks {
			found = append(found, candidate{stackName(dir, p, found), p, state})
		}
		return nil
	})
	return found, err
}

func looksLikeStack(fsys fs.FS, dir string) (is bool, state string) {
	if _, err := fs.Stat(fsys, path.Join(dir, "terraform.tfstate")); err == nil {
		is, state = true, dir
	}
	files, err := fs.Glob(fsys, path.Join(dir, "*.tf"))
	if err != nil {
		return false, ""
	}
	for _, f := range files {
		if b, err := fs.ReadFile(fsys, f); err == nil && root.Match(b) {
			is = true
		}
	}
	return is && len(files) > 0, state
}

// stackName is the last part of the folder, with more of it when that is taken.
func stackName(dir, p string, taken []candidate) string {
	if p == "." {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "stack"
		}
		p = filepath.Base(abs)
	}
	parts := strings.Split(p, "/")
	for n := 1; n <= len(parts); n++ {
		name := slug(strings.Join(parts[len(parts)-n:], "-"))
		if name != "" && !slices.ContainsFunc(taken, func(c candidate) bool { return c.name == name }) {
			return name
		}
	}
	return fmt.Sprintf("stack-%d", len(taken)+1)
}

// initialOrg is the name of the only Org of a first configuration.
const initialOrg = "default"

func initialConfig(found []candidate, repository bool) string {
	var b strings.Builder
	b.WriteString(`# Written by interlock init. Everything is at tier observe: it can look, and
# change nothing. docs/configuration.md says what each key means.
data_dir: .interlock
orgs:
  ` + initialOrg + `:
    people: {} # the first one who signs in becomes admin
    environments:
      main: {tier: observe} # gated lets approved changes through
    channels:
      "console:infra": {tier: observe}
    stacks:
`)
	for _, s := range found {
		where := "path: ."
		if repository {
			where = "repository: ."
		}
		fmt.Fprintf(&b, "      %s:\n        %s\n        directory: %q\n        environment: main\n        channel: \"console:infra\"\n", s.name, where, s.dir)
		if s.state != "" {
			fmt.Fprintf(&b, "        state: %q\n", s.state)
		}
	}
	b.WriteString("    schedules:\n")
	for _, s := range found {
		fmt.Fprintf(&b, "      %s-drift: {kind: drift, stack: %s, cron: \"0 6 * * *\", timezone: UTC}\n", s.name, s.name)
	}
	return b.String()
}
