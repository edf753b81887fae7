package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"interlock/bot/notify"
	"interlock/config"
	"interlock/rbac"
)

func notifyCommand(file *string) *cobra.Command {
	c := &cobra.Command{Use: "notify", Short: "Look after what is told to whom"}
	var org string
	test := &cobra.Command{
		Use: "test [TARGET]", Short: "Send a test message to a target, or to all services (exit 3: one was not reached)", Args: cobra.MaximumNArgs(1),
		Long: "TARGET is as in the configuration: service:NAME, person:ID, chain:NAME, or a room such as slack:C0123456789.",
		RunE: func(c *cobra.Command, args []string) error {
			cfg, log, err := load(*file)
			if err != nil {
				return err
			}
			t := tester{cfg: cfg, out: c.OutOrStdout(), queue: func(ctx context.Context, n notify.Notice) error {
				keys, err := orgKeys(cfg)
				if err != nil {
					return err
				}
				db, err := openStore(ctx, cfg, keys, 0, log)
				if err != nil {
					return err
				}
				return errors.Join(db.PutNotice(ctx, n), db.Close())
			}}
			return t.test(c.Context(), org, args)
		},
	}
	test.Flags().StringVar(&org, "org", "", "organisation (default: the one that there is)")
	c.AddCommand(test)
	return c
}

// tester sends test messages: to services itself, to the chats by the process that serves.
type tester struct {
	cfg   config.Config
	out   io.Writer
	queue func(ctx context.Context, n notify.Notice) error
}

func (t tester) test(ctx context.Context, org string, args []string) error {
	if org == "" && len(t.cfg.Orgs) == 1 {
		org = slices.Collect(maps.Keys(t.cfg.Orgs))[0]
	}
	o, ok := t.cfg.Orgs[org]
	if !ok {
		return &coded{exitUse, fmt.Errorf("which organisation: name one with --org; there are %s", strings.Join(slices.Sorted(maps.Keys(t.cfg.Orgs)), ", "))}
	}
	targets := args
	if len(args) == 0 {
		targets = services(o)
	} else if err := t.cfg.Target(org, args[0]); err != nil {
		return &coded{exitUse, err}
	}
	if len(targets) == 0 {
		return &coded{exitUse, errors.New("there is no service in notify.services: name a target, such as slack:C0123456789 or person:ID")}
	}
	failed := false
	for _, target := range targets {
		says, err := t.one(ctx, org, o, target)
		if err != nil {
			failed, says = true, "not sent: "+err.Error()+". Mend its entry in notify.services, or the service, and try again"
		}
		if _, err := fmt.Fprintf(t.out, "%s: %s\n", target, says); err != nil {
			return &coded{exitFailed, err}
		}
	}
	if failed {
		return &coded{code: exitFailed}
	}
	return nil
}

// one tests one target, and says what was done.
func (t tester) one(ctx context.Context, org string, o config.Org, target string) (string, error) {
	n := testNotice(org, rand.Text(), target)
	name, ok := strings.CutPrefix(target, "service:")
	if !ok {
		return "queued: the process that serves sends it at once, or when it starts", t.queue(ctx, n)
	}
	s, err := newSender(o.Notify.Services[name], nil)
	if err != nil {
		return "", err
	}
	m := notify.Message{Notice: n, ID: n.ID, Count: 1}
	if err := s.Send(ctx, m); err != nil || !o.Notify.Services[name].Pages() {
		return "sent", err
	}
	m.Step = notify.Resolve
	return "sent, and resolved", s.Send(ctx, m)
}

// services are an Org's, as targets.
func services(o config.Org) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(o.Notify.Services)) {
		all = append(all, "service:"+name)
	}
	return all
}

func testNotice(org, id string, to ...string) notify.Notice {
	return notify.Notice{
		ID: id, Org: org, Type: notify.Test, Severity: notify.Usual(notify.Test), Title: "This is a test", Key: notify.Test + "/" + id, At: time.Now().UTC(),
		Body: "Interlock reaches you here. Nothing has happened.", To: to,
	}
}

// testNotices queues a test to who asks and to each service. Whom a service called is
// told at once that it is over.
func (a *app) testNotices(ctx context.Context, org, id string, who rbac.Actor) (told []string, err error) {
	o, to, paged := a.cfg.Orgs[org], []string{}, []string{}
	if len(a.oncall.reach(ctx, org, "person:"+who.ID).Rooms) > 0 {
		to, told = append(to, "person:"+who.ID), append(told, "you")
	}
	for _, s := range services(o) {
		name := strings.TrimPrefix(s, "service:")
		to, told = append(to, s), append(told, name)
		if o.Notify.Services[name].Pages() {
			paged = append(paged, s)
		}
	}
	if len(to) == 0 {
		return nil, nil
	}
	n := testNotice(org, "test/"+id, to...)
	if err := a.db.PutNotice(ctx, n); err != nil || len(paged) == 0 {
		return told, err
	}
	n.ID, n.To, n.Step = n.ID+"/over", paged, notify.Resolve
	return told, a.db.PutNotice(ctx, n)
}
