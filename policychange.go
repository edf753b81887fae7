package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

func (p *policyQuery) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff FILE [FILE]", Short: "Show what a policy file would change, in the one in force or in another file (exit 1: something)", Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error {
				was := o.snap
				var err error
				if len(args) == 2 {
					if was, _, err = fileSnapshot(c.Context(), o, args[0]); err != nil {
						return err
					}
				}
				now, _, err := fileSnapshot(c.Context(), o, args[len(args)-1])
				if err != nil {
					return err
				}
				lines := rbac.Diff(was.Describe(), now.Describe())
				for _, l := range lines {
					_, _ = fmt.Fprintln(c.OutOrStdout(), l)
				}
				if len(lines) > 0 {
					return &coded{code: exitFound}
				}
				return nil
			})
		},
	}
}

// fileSnapshot is the policy as it would be with the file's, and the file's text.
func fileSnapshot(ctx context.Context, o *opened, file string) (*rbac.Snapshot, []byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, &coded{exitUse, fmt.Errorf("read policy: %w", err)}
	}
	s, err := textSnapshot(ctx, o, file, text)
	return s, text, err
}

func textSnapshot(ctx context.Context, o *opened, file string, text []byte) (*rbac.Snapshot, error) {
	org := o.cfg.Orgs[o.org]
	p, warnings, err := config.ParsePolicy(file, text, org)
	if err != nil {
		return nil, &coded{exitUse, err}
	}
	for _, w := range warnings {
		_, _ = fmt.Fprintln(os.Stderr, "warning:", w)
	}
	org.Policy = p
	rules, err := rulesOf(ctx, org, o.db, o.org)
	if err != nil {
		return nil, &coded{exitUse, err}
	}
	s, err := rbac.NewSnapshot(o.org, rules)
	if err != nil {
		return nil, &coded{exitUse, err}
	}
	return s, nil
}

func (p *policyQuery) logCommand() *cobra.Command {
	return &cobra.Command{
		Use: "log", Short: "Show when the policy changed, from where, by whom and why, newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(o *opened) error {
				if o.db == nil {
					return &coded{exitFailed, errors.New("nothing has run here yet, so nothing is on record")}
				}
				const most = 100
				written, err := o.db.PolicyTexts(c.Context(), o.org, most)
				if err != nil {
					return &coded{exitFailed, err}
				}
				loaded, err := o.db.Policies(c.Context(), o.org, most)
				if err != nil {
					return &coded{exitFailed, err}
				}
				all := slices.Concat(written, loaded)
				slices.SortStableFunc(all, func(a, b store.PolicyVersion) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
				for _, v := range all[:min(most, len(all))] {
					what := fmt.Sprintf("in force: %.12s, from %s", v.Hash, v.Source)
					if v.By != "" {
						what = fmt.Sprintf("version %d written by %s: %s", v.N, v.By, v.Why)
					}
					_, _ = fmt.Fprintln(c.OutOrStdout(), v.At.Format(time.RFC3339), what)
				}
				return nil
			})
		},
	}
}

func (p *policyQuery) applyCommand() *cobra.Command {
	var by, why string
	c := &cobra.Command{
		Use: "apply FILE", Short: "Write the next version of a policy that is kept in the database", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error { return applyPolicy(c.Context(), o, args[0], by, why, c.OutOrStdout()) })
		},
	}
	c.Flags().StringVar(&by, "by", "", "administrator who changes it, by id")
	c.Flags().StringVar(&why, "because", "", "reason")
	_ = c.MarkFlagRequired("by")
	_ = c.MarkFlagRequired("because")
	return c
}

// applyPolicy checks the whole before it writes: half a policy never serves.
func applyPolicy(ctx context.Context, o *opened, file, by, why string, out io.Writer) error {
	org := o.cfg.Orgs[o.org]
	if org.PolicyFrom != config.FromDatabase {
		return &coded{exitUse, fmt.Errorf("the policy of %s stands in a file: change it there, or set orgs.%s.policy to database", o.org, o.org)}
	}
	if o.db == nil {
		return &coded{exitFailed, errors.New("there is no database yet: start interlock serve once")}
	}
	if strings.TrimSpace(why) == "" {
		return &coded{exitUse, errors.New("a change needs a reason: --because")}
	}
	was, some, err := o.db.PolicyText(ctx, o.org)
	if err != nil {
		return &coded{exitFailed, err}
	}
	now, text, err := fileSnapshot(ctx, o, file)
	if err != nil {
		return err
	}
	judge := o.snap
	if !some {
		judge = now // the first one names its own administrators
	}
	if !administrator(judge, by) {
		return &coded{exitUse, fmt.Errorf("%q is no administrator of %s", by, o.org)}
	}
	for _, l := range rbac.Diff(o.snap.Describe(), now.Describe()) {
		_, _ = fmt.Fprintln(out, l)
	}
	n, err := o.db.SetPolicyText(ctx, o.org, was.N, store.PolicyVersion{By: by, Why: why, At: time.Now().UTC(), Text: text})
	if err != nil {
		return &coded{exitFailed, fmt.Errorf("write policy: %w", err)}
	}
	_, _ = fmt.Fprintf(out, "version %d is in force at the next decision\n", n)
	return nil
}
