package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
)

// unlinkCommand undoes what two confirmations in chats have joined.
func (p *policyQuery) unlinkCommand() *cobra.Command {
	var by, why string
	c := &cobra.Command{
		Use: "unlink ACCOUNT", Short: "Take an account (slack:T1/U1) that was joined in chat, with link, from its person", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error { return unlink(c.Context(), o, args[0], by, why, c.OutOrStdout()) })
		},
	}
	c.Flags().StringVar(&by, "by", "", "administrator who takes it, by id")
	c.Flags().StringVar(&why, "because", "", "reason")
	_ = c.MarkFlagRequired("by")
	_ = c.MarkFlagRequired("because")
	return c
}

func unlink(ctx context.Context, o *opened, account, by, why string, out io.Writer) error {
	if err := o.mayChange(by, why); err != nil {
		return err
	}
	i, err := config.ParseIdentity(account)
	if err != nil {
		return &coded{exitUse, fmt.Errorf("%q is no account: write slack:T1/U1", account)}
	}
	a := rbac.Actor{Platform: i.Platform, Tenant: i.Tenant, ID: i.ID}
	linked, err := o.db.Identities(ctx, o.org)
	if err != nil {
		return &coded{exitFailed, err}
	}
	person := linkedTo(linked, a)
	if person == "" {
		return &coded{exitUse, o.notLinked(linked, a)}
	}
	switch err := o.db.Unlink(ctx, o.org, person, a); {
	case errors.Is(err, agent.ErrNotFound):
		return &coded{exitUse, fmt.Errorf("somebody else took %s from %s just now", account, person)}
	case err != nil:
		return &coded{exitFailed, err}
	}
	if err := recordPolicy(ctx, o, fmt.Sprintf("account %s taken from %s", account, person), by, why); err != nil {
		return &coded{exitFailed, fmt.Errorf("%s is %s's no more, but who took it is not on record: %w", account, person, err)}
	}
	_, _ = fmt.Fprintf(out, "%s is not %s any more, from the next decision on\n", account, person)
	return nil
}

func linkedTo(linked map[string][]rbac.Actor, a rbac.Actor) string {
	for person, all := range linked {
		if slices.Contains(all, a) {
			return person
		}
	}
	return ""
}

// notLinked says where an account belongs that nobody has joined, and which were.
func (o *opened) notLinked(linked map[string][]rbac.Actor, a rbac.Actor) error {
	name := rbac.Identity(a)
	a.Org = o.org
	if who := o.snap.Resolve(a); who.Platform == "person" {
		return fmt.Errorf("%s is %s by configuration: take it out of people.%s.chat", name, who.ID, who.ID)
	}
	var all []string
	for person, own := range linked {
		for _, one := range own {
			all = append(all, rbac.Identity(one)+" ("+person+")")
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("%s is nobody's, and no account was joined in chat in %s", name, o.org)
	}
	slices.Sort(all)
	return fmt.Errorf("%s is nobody's; joined in chat are: %s", name, strings.Join(all, ", "))
}
