package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	service "interlock/adapters/notify"
	"interlock/adapters/notify/mail"
	"interlock/adapters/notify/opsgenie"
	"interlock/adapters/notify/pagerduty"
	"interlock/adapters/notify/webhook"
	"interlock/agent"
	"interlock/bot/notify"
	"interlock/config"
)

// noticesKept is how long what was told is kept beside the log, which keeps the events.
const noticesKept = 30 * 24 * time.Hour

// noticeRules reads who is told what, by Org.
func noticeRules(cfg config.Config) (map[string]notify.Rules, error) {
	all := map[string]notify.Rules{}
	for org, o := range cfg.Orgs {
		r, err := notify.Compile(o)
		if err != nil {
			return nil, fmt.Errorf("read rules of %s: %w", org, err)
		}
		all[org] = r
	}
	return all, nil
}

// tells is what the store asks of each event. An Org that has nobody to tell keeps no
// notices.
func tells(cfg config.Config) func(ev agent.Event) bool {
	return func(ev agent.Event) bool {
		n := cfg.Orgs[ev.Org].Notify
		return len(n.Rules)+len(n.Services) > 0 && notify.Tells(ev)
	}
}

// newSender speaks to one service.
func newSender(s config.Service, log *slog.Logger) (notify.Sender, error) {
	switch s.Kind {
	case config.Mail:
		return mail.New(s, mail.Options{Log: log})
	case config.PagerDuty:
		return pagerduty.New(s, service.Options{}), nil
	case config.Opsgenie:
		return opsgenie.New(s, service.Options{}), nil
	case config.Webhook:
		return webhook.New(s, service.Options{}), nil
	}
	return nil, fmt.Errorf("no kind of service %q", s.Kind) // configuration has refused it
}

// wireNotices builds what takes notices to rooms, persons, chains and services.
func (a *app) wireNotices() error {
	rules, err := noticeRules(a.cfg)
	if err != nil {
		return err
	}
	senders := map[string]notify.Sender{}
	for org, o := range a.cfg.Orgs {
		for name, s := range o.Notify.Services {
			if senders[org+"/"+name], err = newSender(s, a.log); err != nil {
				return fmt.Errorf("service %s of %s: %w", name, org, err)
			}
		}
	}
	a.router = &notify.Router{
		Notices: a.db, Bundles: a.db, Orgs: a.orgs(), Wake: a.db.Noticed(), Log: a.log,
		Rules: func(org string) notify.Rules { return rules[org] },
		Reach: func(ctx context.Context, org, id string) []string {
			return a.oncall.reach(ctx, org, "person:"+id).Rooms
		},
		Service: func(org, name string) notify.Sender { return senders[org+"/"+name] },
		Raise:   a.raise,
	}
	a.in.Mutes, a.in.Test = a.db, a.testNotices
	a.in.Unseen = func(ctx context.Context, org, room, why string) error {
		return a.db.PutNotice(ctx, notify.Unseen(org, room, why, time.Now(), a.admins(ctx, org)))
	}
	return nil
}

// route takes notices to their targets, in one process at a time of those that share the
// database: what is told once is decided by what was told before.
func (a *app) route(ctx context.Context) error {
	return a.db.Alone(ctx, "notices", func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return a.router.Run(ctx) })
		g.Go(func() error { return a.purgeNotices(ctx) })
		return g.Wait()
	})
}

// purgeNotices forgets old notices, once an hour.
func (a *app) purgeNotices(ctx context.Context) error {
	for {
		if err := a.db.PurgeNotices(ctx, time.Now().Add(-noticesKept)); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "purge notices", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Hour):
		}
	}
}

// raise is the job that has a chain told of a notice, or called off when the notice is an
// end.
func (a *app) raise(n notify.Notice, chain, id string) (agent.Job, bool) {
	if _, ok := a.cfg.Orgs[n.Org].Chains[chain]; !ok {
		return agent.Job{}, false
	}
	r := agent.Raise{
		Key: n.Key, Chain: chain, Title: n.Title, Text: n.Body, Facts: n.Facts, Severity: string(n.Severity), Stack: n.Stack, Environment: n.Environment, Hold: n.Hold,
	}
	if n.Step == notify.Resolve {
		r.Over = n.Title
	}
	if n.Hold == "" {
		r.Key = chain + "/" + n.Key // two chains that are told of the same thing are two alerts
	}
	if n.Thread != (agent.Thread{}) {
		r.Room = n.Thread.Room()
	}
	return r.Job(n.Org, id, n.ID), true
}

// serviceSecrets are those that the redactor must know.
func serviceSecrets(o config.Org) (all []config.Secret) {
	for _, s := range o.Notify.Services {
		all = append(all, s.Key, s.Password)
	}
	for _, r := range o.Rotas {
		all = append(all, r.Key)
	}
	return all
}
