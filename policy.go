package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// policyCommand asks the policy, and changes one that is kept in the database.
func policyCommand(file *string) *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Ask who may do what, and why; test, compare and change it"}
	p := &policyQuery{file: file}
	c.PersistentFlags().StringVar(&p.org, "org", "", "organisation (default: the only one)")
	c.PersistentFlags().BoolVar(&p.json, "json", false, "answer in JSON")
	c.AddCommand(p.explainCommand(), p.whoCommand(), p.testCommand(), p.showCommand(), p.diffCommand(), p.logCommand(), p.applyCommand(), p.membersCommand(), p.unlinkCommand())
	return c
}

// policyQuery is one use of the command.
type policyQuery struct {
	file *string
	org  string
	json bool
}

// opened is an Org's policy, with the database when there is one.
type opened struct {
	cfg  config.Config
	file *string   // the main one
	db   *store.DB // nil when nothing has run here yet
	org  string
	snap *rbac.Snapshot
	gate *rbac.Enforcer
}

func (o *opened) close() error {
	if o.db == nil {
		return nil
	}
	return o.db.Close()
}

// with runs fn on the policy as it is now; without a database, on what files say.
func (p *policyQuery) with(ctx context.Context, fn func(o *opened) error) (err error) {
	cfg, log, err := load(*p.file)
	if err != nil {
		return err
	}
	o := &opened{cfg: cfg, file: p.file, org: p.org}
	if o.org == "" && len(cfg.Orgs) == 1 {
		o.org = slices.Collect(maps.Keys(cfg.Orgs))[0]
	}
	if _, ok := cfg.Orgs[o.org]; !ok {
		return &coded{exitUse, fmt.Errorf("no organisation %q: name one with --org", o.org)}
	}
	if kept(cfg) {
		keys, err := orgKeys(cfg)
		if err != nil {
			return &coded{exitFailed, err}
		}
		if o.db, err = openStore(ctx, cfg, keys, 0, log); err != nil {
			return &coded{exitFailed, err}
		}
	}
	defer func() { err = errors.Join(err, o.close()) }()
	rules, err := policyOf(ctx, cfg, o.db, o.org)
	if err != nil {
		return &coded{exitUse, err}
	}
	if o.snap, err = rbac.NewSnapshot(o.org, rules); err != nil {
		return &coded{exitUse, err}
	}
	o.gate = &rbac.Enforcer{Source: o.snap}
	return fn(o)
}

// kept tells whether there is a database to look into.
func kept(cfg config.Config) bool {
	if cfg.Database.URL.Set() {
		return true
	}
	_, err := os.Stat(filepath.Join(cfg.DataDir, "interlock.db"))
	return err == nil
}

func (p *policyQuery) explainCommand() *cobra.Command {
	var q question
	c := &cobra.Command{
		Use: "explain", Short: "Explain a decision: what decided, what would be needed, whom to ask", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(o *opened) error { return p.explain(c.Context(), o, q, c.OutOrStdout()) })
		},
	}
	f := c.Flags()
	f.StringVar(&q.Actor, "actor", "", "person's id, or an identity such as slack:T1/U1")
	f.StringVar(&q.Action, "action", "", "an effect, a tool, or ask, answer, stop, freeze, thaw, approve, break")
	f.StringVar(&q.Stack, "stack", "", "stack")
	f.StringVar(&q.Environment, "environment", "", "environment, when there is no stack")
	f.StringVar(&q.Channel, "channel", "", "channel (default: the stack's own)")
	f.StringVar(&q.Profile, "profile", defaultProfile, "profile")
	f.StringVar(&q.For, "for", "", "of approve and break: who asked")
	f.IntVar(&q.Resources, "resources", 0, "how many resources change")
	f.IntVar(&q.Destroys, "destroys", 0, "how many are destroyed or replaced")
	f.StringSliceVar(&q.Kinds, "kind", nil, "types of the resources")
	f.BoolVar(&q.Foreign, "foreign", false, "foreign text was read before")
	_ = c.MarkFlagRequired("actor")
	_ = c.MarkFlagRequired("action")
	return c
}

func (p *policyQuery) explain(ctx context.Context, o *opened, q question, out io.Writer) error {
	who, v, r, err := q.request(o)
	if err != nil {
		return &coded{exitUse, err}
	}
	x := o.gate.Explain(ctx, who, v, r)
	x.Needed = append(q.unknown(o), x.Needed...)
	if p.json {
		return answer(out, map[string]any{
			"decision": outcome(x.Decision), "approvals": x.Decision.Approvals, "reasons": x.Decision.Reasons, "because": x.Because,
			"needed": x.Needed, "ask": contactIDs(x.Ask), "policy": x.Decision.Policy,
		})
	}
	_, _ = fmt.Fprintln(out, outcome(x.Decision)+": "+x.Decision.Why())
	for _, part := range []struct {
		title string
		lines []string
	}{{"because", x.Because}, {"needed", x.Needed}, {"ask", contactLines(x.Ask)}} {
		for _, l := range part.lines {
			_, _ = fmt.Fprintf(out, "  %-8s %s\n", part.title, l)
		}
	}
	return nil
}

func outcome(d rbac.Decision) string {
	switch d.Outcome {
	case rbac.Allow:
		return "allow"
	case rbac.Ask:
		return fmt.Sprintf("ask %d", d.Approvals)
	}
	return "deny"
}

func answer(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

func contactIDs(all []rbac.Contact) []string {
	ids := []string{}
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

func contactLines(all []rbac.Contact) (lines []string) {
	for _, c := range all {
		lines = append(lines, c.String())
	}
	return lines
}

func (p *policyQuery) whoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "who VERB STACK|env/NAME", Short: "Name who can: approve, break, or an effect such as change; with ids to paste", Args: cobra.RangeArgs(2, 3),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error {
				q := question{Action: args[0], Stack: args[len(args)-1], Profile: defaultProfile, Actor: "nobody"}
				if env, ok := strings.CutPrefix(q.Stack, "env/"); ok {
					q.Stack, q.Environment = "", env
				}
				if wrong := q.unknown(o); len(wrong) > 0 {
					return &coded{exitUse, errors.New(strings.Join(wrong, "; "))}
				}
				_, v, r, err := q.request(o)
				if err != nil {
					return &coded{exitUse, err}
				}
				all := o.gate.Who(c.Context(), v, r)
				if p.json {
					return answer(c.OutOrStdout(), map[string]any{"who": contactIDs(all)})
				}
				for _, l := range contactLines(all) {
					_, _ = fmt.Fprintln(c.OutOrStdout(), l)
				}
				if len(all) == 0 {
					_, _ = fmt.Fprintln(c.OutOrStdout(), "nobody")
				}
				return nil
			})
		},
	}
}

func (p *policyQuery) showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the policy in force, one fact a line", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(o *opened) error {
				_, _ = fmt.Fprintln(c.OutOrStdout(), "version "+o.snap.Version())
				_, _ = fmt.Fprintln(c.OutOrStdout(), strings.Join(o.snap.Describe(), "\n"))
				return nil
			})
		},
	}
}
