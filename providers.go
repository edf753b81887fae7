package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/adapters/git"
	"interlock/adapters/registry"
	"interlock/agent"
	"interlock/config"
)

// mirror is the folder of fetched providers. It may be missing.
func mirror(cfg config.Config) string {
	return cmp.Or(cfg.Sandbox.Providers, filepath.Join(cfg.DataDir, "providers"))
}

// providersCommand is about what OpenTofu needs from outside. It runs apart from
// what serves, and reads no secret.
func providersCommand(file *string) *cobra.Command {
	c := &cobra.Command{Use: "providers", Short: "Look after the providers of OpenTofu that sandboxes use"}
	platform := "linux_" + runtime.GOARCH
	f := &cobra.Command{
		Use: "fetch [STACK...]", Short: "Fetch what the lock files of stacks name, and verify what is there (exit 1: something is refused)",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, _, err := config.LoadBlind(configFile(*file), os.Environ())
			if err != nil {
				return &coded{exitUse, err}
			}
			return fetchProviders(c.Context(), cfg, registry.New(registry.Options{}), platform, args, c.OutOrStdout())
		},
	}
	f.Flags().StringVar(&platform, "platform", platform, "OS_ARCH of the sandboxes")
	c.AddCommand(f)
	return c
}

// fetchProviders fills the mirror for the named stacks, or for all.
func fetchProviders(ctx context.Context, cfg config.Config, c *registry.Client, platform string, named []string, out io.Writer) error {
	defer c.Close()
	stacks, err := chosen(cfg, named)
	if err != nil {
		return &coded{exitUse, err}
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return &coded{exitFailed, fmt.Errorf("make data folder: %w", err)}
	}
	m, err := registry.Open(registry.Folder{Path: mirror(cfg), Platform: platform}, c)
	if no := (*registry.RefusedError)(nil); errors.As(err, &no) {
		return &coded{exitUse, err}
	}
	if err != nil {
		return &coded{exitFailed, err}
	}
	f := fetching{code: git.New(cfg.Orgs), mirror: m, out: out}
	for _, s := range stacks {
		f.stack(ctx, s.org, s.name)
	}
	if err := errors.Join(ctx.Err(), m.Close()); err != nil {
		return &coded{exitFailed, err}
	}
	switch {
	case f.refused > 0:
		return &coded{code: exitFound}
	case f.failed > 0:
		return &coded{code: exitFailed}
	}
	return nil
}

type orgStack struct{ org, name string }

// chosen are the stacks of all organisations that have one of the names, or all.
func chosen(cfg config.Config, named []string) (all []orgStack, err error) {
	left := slices.Clone(named)
	for _, org := range slices.Sorted(maps.Keys(cfg.Orgs)) {
		for _, name := range slices.Sorted(maps.Keys(cfg.Orgs[org].Stacks)) {
			if len(named) == 0 || slices.Contains(named, name) {
				all = append(all, orgStack{org, name})
				left = slices.DeleteFunc(left, func(n string) bool { return n == name })
			}
		}
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("no stack %q in the configuration", left[0])
	}
	return all, nil
}

// fetching is one run of the command. It goes on after what is refused, so that one
// run tells all.
type fetching struct {
	code            agent.Stacks
	mirror          *registry.Mirror
	out             io.Writer
	refused, failed int
}

func (f *fetching) stack(ctx context.Context, org, name string) {
	st, all, err := f.locked(ctx, org, name)
	if err != nil {
		f.tell(name, "", "", err)
		return
	}
	for _, l := range all {
		if ctx.Err() != nil {
			return
		}
		f.provider(ctx, st, l)
	}
}

// locked reads the lock file of the reviewed code.
func (f *fetching) locked(ctx context.Context, org, name string) (st agent.Stack, all []registry.Locked, err error) {
	if st, err = f.code.Stack(ctx, org, name); err != nil {
		return st, nil, err
	}
	commit, err := f.code.Head(ctx, org, name)
	if err != nil {
		return st, nil, err
	}
	files, err := f.code.Files(ctx, org, name, commit)
	if err != nil {
		return st, nil, err
	}
	file := path.Join(st.Directory, registry.LockFile)
	text, there := files[file]
	if !there {
		return st, nil, &registry.RefusedError{Why: fmt.Sprintf("there is no %s at %.12s: run tofu providers lock -platform=%s there, and bring the file through review", file, commit, f.mirror.Platform)}
	}
	if all, err = registry.ParseLock(text); err != nil {
		return st, nil, &registry.RefusedError{Why: fmt.Sprintf("at %.12s: %s", commit, err), Err: err}
	}
	return st, all, nil
}

func (f *fetching) provider(ctx context.Context, st agent.Stack, l registry.Locked) {
	what := fmt.Sprintf("%s %s %s", l.Provider, l.Version, f.mirror.Platform)
	if !slices.ContainsFunc(st.Providers, func(p string) bool { return strings.EqualFold(p, l.Provider.String()) }) {
		f.tell(st.Name, "", what, &registry.RefusedError{Why: fmt.Sprintf("the stack may not use it: name it in orgs.%s.stacks.%s.providers", st.Org, st.Name)})
		return
	}
	r, err := f.mirror.Fetch(ctx, l)
	if err == nil && r.Useless {
		err = &registry.RefusedError{Why: fmt.Sprintf("it is in the mirror, but OpenTofu will not take it: the lock file has no h1 hash for %[1]s. Run tofu providers lock -platform=%[1]s, and bring the file through review", f.mirror.Platform)}
	}
	if r.Signer != "" {
		what += ", signed by " + r.Signer
	} else if r.State != registry.Kept && err == nil {
		what += ", not signed: the registry knows no key of its author"
	}
	f.tell(st.Name, r.State, what, err)
}

// tell prints one line, and counts what is wrong.
func (f *fetching) tell(stack string, s registry.State, what string, err error) {
	word := string(s)
	if err != nil {
		word = "failed"
		if no := (*registry.RefusedError)(nil); errors.As(err, &no) {
			word = "refused"
			f.refused++
		} else {
			f.failed++
		}
		what = strings.TrimPrefix(what+": "+strings.ReplaceAll(err.Error(), "\n", "; "), ": ")
	}
	_, _ = fmt.Fprintf(f.out, "%-8s %s  %s\n", word, stack, what)
}
