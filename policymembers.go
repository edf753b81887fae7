package main

import (
	"bufio"
	"context"
	"encoding/json"
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

// membersCommand feeds groups that are kept elsewhere: whoever can list a user
// group of a chat, or a group of an identity provider, pipes it in.
func (p *policyQuery) membersCommand() *cobra.Command {
	var w memberList
	c := &cobra.Command{
		Use: "members SOURCE", Short: "Show or write who is in a group of a chat (slack:T1/S1) or of an identity provider (oidc:NAME)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error {
				return members(c.Context(), o, args[0], w, c.InOrStdin(), c.OutOrStdout())
			})
		},
	}
	c.Flags().StringVar(&w.file, "set", "", "file with one member a line, as slack:T1/U1 or person:ID, in place of who was there; - is standard input")
	c.Flags().StringVar(&w.by, "by", "", "administrator who writes it, by id")
	c.Flags().StringVar(&w.why, "because", "", "reason")
	c.Flags().BoolVar(&w.empty, "empty", false, "the list may be empty: then nobody is in the group")
	c.MarkFlagsRequiredTogether("set", "by", "because")
	return c
}

// memberList is a list that somebody writes.
type memberList struct {
	file, by, why string
	empty         bool
}

func members(ctx context.Context, o *opened, source string, w memberList, stdin io.Reader, out io.Writer) error {
	if o.db == nil {
		return &coded{exitFailed, errors.New("there is no database yet: start interlock serve once")}
	}
	now, _, _, err := readPolicy(ctx, o.cfg, *o.file, o.db, o.org)
	if err != nil {
		return &coded{exitUse, err}
	}
	if known := sources(now); !slices.Contains(known, source) {
		return &coded{exitUse, fmt.Errorf("no group of %s names %q; named are: %s", o.org, source, strings.Join(known, ", "))}
	}
	all, err := o.db.Members(ctx, o.org, time.Time{})
	if err != nil {
		return &coded{exitFailed, err}
	}
	was := all[source]
	if w.file == "" {
		for _, m := range was {
			_, _ = fmt.Fprintln(out, m)
		}
		return nil
	}
	return w.write(ctx, o, source, was, stdin, out)
}

// write keeps the list, and on record who wrote it and why, when it changed what
// is in force. A source that fails must not empty a group, so an empty list is asked
// for by name.
func (w memberList) write(ctx context.Context, o *opened, source string, was []string, stdin io.Reader, out io.Writer) error {
	if err := o.mayChange(w.by, w.why); err != nil {
		return err
	}
	list, err := readMembers(w.file, stdin)
	switch {
	case err != nil:
		return &coded{exitUse, err}
	case len(list) == 0 && !w.empty:
		return &coded{exitUse, errors.New("the list is empty, and nothing was changed: if nobody is to be in the group, say --empty")}
	}
	for _, l := range rbac.Diff(was, list) {
		_, _ = fmt.Fprintln(out, l)
	}
	if err := w.keep(ctx, o, source, list); err != nil {
		return &coded{exitFailed, err}
	}
	_, _ = fmt.Fprintf(out, "%d in %s, %d of them nobody here; it counts at the next decision, and for a day\n", len(list), source, strangers(o.snap, list))
	return nil
}

func (w memberList) keep(ctx context.Context, o *opened, source string, list []string) error {
	if err := o.db.SetMembers(ctx, o.org, source, list); err != nil {
		return err
	}
	return recordPolicy(ctx, o, "members of "+source+" written", w.by, w.why)
}

// recordPolicy keeps on record who changed what is in force, and why, also when a process
// that runs has loaded it before; what changed nothing leaves no trace.
func recordPolicy(ctx context.Context, o *opened, what, by, why string) error {
	rules, err := policyOf(ctx, o.cfg, o.db, o.org)
	if err != nil {
		return err
	}
	snap, err := rbac.NewSnapshot(o.org, rules)
	if err != nil {
		return err
	}
	body, err := json.Marshal(snap.Rules())
	if err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	v := store.PolicyVersion{Hash: snap.Version(), Source: fmt.Sprintf("%s by %s: %s", what, by, oneLine(why)), At: time.Now().UTC(), Rules: body}
	if v.Hash != o.snap.Version() {
		v.By = by
	}
	return o.db.RecordPolicy(ctx, o.org, v)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// mayChange refuses who changes something here without being an administrator, or without
// a reason, and what nothing has run on yet.
func (o *opened) mayChange(by, why string) error {
	switch {
	case o.db == nil:
		return &coded{exitFailed, errors.New("there is no database yet: start interlock serve once")}
	case strings.TrimSpace(why) == "":
		return &coded{exitUse, errors.New("a change needs a reason: --because")}
	case !administrator(o.snap, by):
		return &coded{exitUse, fmt.Errorf("%q is no administrator of %s", by, o.org)}
	}
	return nil
}

// administrator tells whether somebody may change the policy.
func administrator(s *rbac.Snapshot, id string) bool {
	p, known := s.Person(id)
	return known && !p.Off && slices.Contains(s.Roles(id), "admin")
}

// sources are the groups elsewhere that an Org's groups name.
func sources(o config.Org) (all []string) {
	for _, g := range o.Groups {
		all = append(all, g.Chat...)
		for _, name := range g.OIDC {
			all = append(all, "oidc:"+name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// readMembers reads one member a line; a line that is none refuses the whole list,
// because half of one would take rights away or leave them.
func readMembers(file string, stdin io.Reader) (list []string, err error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file) //nolint:gosec // the administrator names it
		if err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		m := strings.TrimSpace(lines.Text())
		if m == "" || strings.HasPrefix(m, "#") {
			continue
		}
		if _, err := config.ParseIdentity(m); err != nil {
			return nil, fmt.Errorf("line %d: %q is no member: write slack:T1/U1 or person:ID", n, m)
		}
		list = append(list, m)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// strangers counts members who are no people of the policy: their group gives them nothing.
func strangers(s *rbac.Snapshot, list []string) (n int) {
	for _, m := range list {
		in, err := config.ParseIdentity(m)
		a := s.Resolve(rbac.Actor{Org: s.Org(), Platform: in.Platform, Tenant: in.Tenant, ID: in.ID})
		if _, known := s.Person(a.ID); err != nil || a.Platform != "person" || !known {
			n++
		}
	}
	return n
}
