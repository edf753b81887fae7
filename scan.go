package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/adapters/docker"
	"interlock/adapters/git"
	"interlock/agent"
	"interlock/agent/tools"
	"interlock/config"
)

func scanCommand(file *string) *cobra.Command {
	var org string
	var asJSON bool
	c := &cobra.Command{
		Use: "scan STACK", Short: "Compare one stack's code with the real world (exit 1: it drifted)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, log, err := load(*file)
			if err != nil {
				return err
			}
			if org, err = orgOf(cfg, org, args[0]); err != nil {
				return &coded{exitUse, err}
			}
			return scanStack(c.Context(), cfg, log, org, args[0], asJSON, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&org, "org", "", "organisation (default: the only one that has the stack)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func scanStack(ctx context.Context, cfg config.Config, log *slog.Logger, org, stack string, asJSON bool, out io.Writer) error {
	clean, err := redactor(cfg, log)
	if err != nil {
		return &coded{exitFailed, err}
	}
	dir, err := os.MkdirTemp("", "interlock-") // beside a process that serves
	if err != nil {
		return &coded{exitFailed, err}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	o, err := openOutlet(ctx, cfg, dir)
	if err != nil {
		return &coded{exitFailed, err}
	}
	defer func() { _ = o.close() }()
	box, err := newSandbox(cfg, o.path, log)
	if err != nil {
		return &coded{exitFailed, err}
	}
	res, err := scanOnce(ctx, cfg, box, once{box, o, log}, org, stack)
	agent.Clean(clean, &res)
	switch {
	case err != nil:
		return &coded{exitFailed, err}
	case res.Failed || res.Scan == nil:
		return &coded{exitFailed, errors.New(stack + " was not scanned: " + res.Text)}
	}
	return printScan(out, *res.Scan, asJSON)
}

// scanOnce runs the same tool as a schedule does, without a store.
func scanOnce(ctx context.Context, cfg config.Config, box *docker.Sandbox, in agent.Sandbox, org, stack string) (res agent.ToolResult, err error) {
	defer func() { err = errors.Join(err, box.Close()) }()
	set, err := agent.NewToolset(tools.All(tools.Deps{Stacks: git.New(cfg.Orgs), Box: box, Mirror: mirror(cfg)})...)
	if err != nil {
		return res, err
	}
	t, _ := set.Tool("drift_scan")
	args, err := json.Marshal(map[string]string{"stack": stack})
	if err != nil {
		return res, err
	}
	call := rand.Text()
	session := "scan-" + call
	res, err = t.Run(ctx, agent.Env{Org: org, Session: session, Box: in, Tell: func(string) {}},
		agent.ToolCall{ID: call, Tool: "drift_scan", Args: args})
	return res, errors.Join(err, box.Drop(context.WithoutCancel(ctx), org, session))
}

// orgOf is the Org that was asked for, or else the only one that has the stack.
func orgOf(cfg config.Config, org, stack string) (string, error) {
	all := slices.Sorted(maps.Keys(cfg.Orgs))
	if org != "" && !slices.Contains(all, org) {
		return "", fmt.Errorf("no organisation %q; there are %s", org, strings.Join(all, ", "))
	}
	in := slices.DeleteFunc(all, func(name string) bool {
		_, there := cfg.Orgs[name].Stacks[stack]
		return !there || org != "" && org != name
	})
	switch len(in) {
	case 0:
		return "", fmt.Errorf("no stack %q in %s", stack, cmp.Or(org, "the configuration"))
	case 1:
		return in[0], nil
	}
	return "", fmt.Errorf("which %s: %s each have one; name an organisation with --org", stack, strings.Join(in, " and "))
}

func printScan(out io.Writer, s agent.ScanNews, asJSON bool) error {
	var err error
	if asJSON {
		err = json.NewEncoder(out).Encode(s)
	} else {
		_, err = fmt.Fprintf(out, "%s at %s: %d finding(s)\n", s.Stack, s.Commit, len(s.New))
		for _, f := range s.New {
			_, _ = fmt.Fprintf(out, "  %s %s, code %s, real %s\n", f.Resource, f.Attribute, f.Code, f.Real)
		}
		if p := s.Pending; p != nil && p.Changes() {
			_, _ = fmt.Fprintf(out, "  pending in the code: %s\n", p.Counts())
		}
	}
	switch {
	case err != nil:
		return &coded{exitFailed, err}
	case len(s.New) > 0:
		return &coded{code: exitFound}
	}
	return nil
}
