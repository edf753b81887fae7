package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"interlock/adapters/docker"
	"interlock/adapters/git"
	"interlock/agent"
	"interlock/agent/redact"
	"interlock/agent/tools"
	"interlock/config"
)

func scanCommand(file *string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "scan STACK", Short: "Compare one stack's code with the real world (exit 1: it drifted)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, log, err := load(*file)
			if err != nil {
				return err
			}
			return scanStack(c.Context(), cfg, log, args[0], asJSON, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func scanStack(ctx context.Context, cfg config.Config, log *slog.Logger, stack string, asJSON bool, out io.Writer) (err error) {
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
	return scanOnce(ctx, cfg, box, once{box, o, log}, stack, asJSON, out)
}

// scanOnce runs the same tool as a schedule does, without a store.
func scanOnce(ctx context.Context, cfg config.Config, box *docker.Sandbox, in agent.Sandbox, stack string, asJSON bool, out io.Writer) error {
	org, err := orgOf(cfg, stack)
	if err != nil {
		return err
	}
	set, err := agent.NewToolset(tools.All(tools.Deps{Stacks: git.New(cfg.Orgs), Box: box, Mirror: mirror(cfg)})...)
	if err != nil {
		return &coded{exitFailed, err}
	}
	t, _ := set.Tool("drift_scan")
	args, err := json.Marshal(map[string]string{"stack": stack})
	if err != nil {
		return &coded{exitFailed, err}
	}
	call := rand.Text()
	session := "scan-" + call
	res, err := t.Run(ctx, agent.Env{Org: org, Session: session, Box: in, Tell: func(string) {}},
		agent.ToolCall{ID: call, Tool: "drift_scan", Args: args})
	secrets, rerr := redact.New()
	if rerr == nil {
		agent.Clean(secrets.Text, &res)
	}
	err = errors.Join(err, rerr, box.Drop(context.WithoutCancel(ctx), org, session), box.Close())
	switch {
	case err != nil:
		return &coded{exitFailed, err}
	case res.Failed || res.Scan == nil:
		return &coded{exitFailed, errors.New(stack + " was not scanned: " + res.Text)}
	}
	return printScan(out, *res.Scan, asJSON)
}

func orgOf(cfg config.Config, stack string) (string, error) {
	for name, o := range cfg.Orgs {
		if _, ok := o.Stacks[stack]; ok {
			return name, nil
		}
	}
	return "", &coded{exitUse, fmt.Errorf("no stack %q in the configuration", stack)}
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
