package main

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"interlock/adapters/console"
	"interlock/adapters/slack"
	"interlock/adapters/teams"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// wireChat builds inbox, outbox and the built-in chat.
func (a *app) wireChat(o options) error {
	a.in = &bot.Inbox{Queue: a.db, Control: a.control, Records: a.db, Room: a.room, Who: a.who, Bills: a.db, Spending: a.spending, Models: a.models}
	a.in.Policy, a.in.Links, a.in.LinkKey = a.gate, a.db, a.linkKey
	a.in.Threads, a.in.Drifts, a.in.Alike, a.in.Stacks, a.in.Upcoming = a.db, a.db, a.db.Alike, a.namedStacks, a.upcoming
	a.in.Vet, a.in.Refs, a.in.Freezes, a.in.Schedules = a.vet, a.db, a.db, dial{a}
	a.in.Oldest = a.db.Waits
	a.out = &bot.Outbox{Rows: a.db, Platforms: map[string]bot.Platform{}, Orgs: a.orgs(), Wake: a.db.Wrote(), Log: a.log}
	a.in.Rota, a.out.Lost = a.oncall.rotas(), a.in.Lost
	a.out.Deciders, a.out.Copies, a.out.Title = a.deciders, a.in.Copies, a.title
	if err := errors.Join(a.wireSlack(), a.wireTeams()); err != nil {
		return err
	}
	if a.cfg.Console.Off {
		return nil
	}
	org := consoleOrg(a.cfg)
	var err error
	a.console, err = console.New(console.Options{
		Messages: a.db, Changed: a.db.Changed, Org: org, Channels: a.channels(org),
		People: func(ctx context.Context) ([]rbac.Actor, error) { return a.people(ctx, org) }, RoleOf: a.roleOf,
		Key: consoleKey(a.keys[org]), Once: a.db, Demo: o.demo, Remote: a.cfg.Console.Remote, Hosts: a.cfg.Console.Hosts,
		Checklist: o.checklist, Prompts: o.prompts, Log: a.log,
	})
	if err != nil {
		return fmt.Errorf("build console: %w", err)
	}
	a.out.Platforms[console.Name] = a.console
	return nil
}

// consoleOrg is whose page the console is.
func consoleOrg(cfg config.Config) string {
	return cmp.Or(cfg.Console.Org, slices.Min(slices.Collect(maps.Keys(cfg.Orgs))))
}

// title is a room as people know it: its platform, and its name in configuration.
func (a *app) title(room string) string {
	platform, id, _ := strings.Cut(room, ":")
	name := map[string]string{slack.Name: "Slack", teams.Name: "Teams", console.Name: "the page"}[platform]
	for _, o := range a.cfg.Orgs {
		if c, ok := o.Channels[room]; ok && c.Title != "" {
			id = c.Title
		}
	}
	return cmp.Or(name, platform) + ", " + id
}

// namedStacks are an Org's, as people see them.
func (a *app) namedStacks(org string) (all []bot.Stack) {
	o := a.cfg.Orgs[org]
	for _, name := range slices.Sorted(maps.Keys(o.Stacks)) {
		s := o.Stacks[name]
		all = append(all, bot.Stack{Name: name, Environment: s.Environment, Rooms: s.Rooms()})
	}
	return all
}

// linkKey signs the codes by which people join their accounts.
func (a *app) linkKey(org string) []byte { return a.derived(org, "links") }

// cardKey signs what buttons carry where a client could make one up.
func (a *app) cardKey(org string) []byte { return a.derived(org, "cards") }

// consoleKey signs the page's cookies, forms and links; it is made of an Org's key.
func consoleKey(key []byte) []byte { return derived(key, "console") }

func (a *app) derived(org, purpose string) []byte { return derived(a.keys[org], purpose) }

func derived(key []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, key, nil, purpose, sha256.Size)
	if err != nil {
		return nil // never: the size is one that HKDF makes
	}
	return key
}

// channels are the console's, with those that a stack names.
func (a *app) channels(org string) []console.Channel {
	o := a.cfg.Orgs[org]
	titles := map[string]string{}
	for key, c := range o.Channels {
		if id, ok := strings.CutPrefix(key, "console:"); ok {
			titles[id] = c.Title
		}
	}
	topics := map[string]string{}
	for name, st := range o.Stacks {
		for _, key := range st.Rooms() {
			if id, ok := strings.CutPrefix(key, "console:"); ok {
				titles[id] += "" // a room that only a stack names is a channel too
				topics[id] = strings.Trim(topics[id]+", "+name, ", ")
			}
		}
	}
	if len(titles) == 0 {
		titles["general"] = ""
	}
	var all []console.Channel
	for _, id := range slices.Sorted(maps.Keys(titles)) {
		title := titles[id]
		if title == "" {
			title = id
		}
		all = append(all, console.Channel{ID: id, Title: title, Topic: topics[id]})
	}
	return all
}

// people are those who may sign in at the console: by their identities there,
// as long as they are not off.
func (a *app) people(ctx context.Context, org string) (who []rbac.Actor, err error) {
	s := a.snapshot(ctx, org)
	if s == nil {
		return nil, fmt.Errorf("the policy of %s could not be read", org)
	}
	all := s.Rules().People
	for _, id := range slices.Sorted(maps.Keys(all)) {
		p := all[id]
		for _, in := range p.Chat {
			if in.Platform == console.Name && !p.Off {
				who = append(who, rbac.Actor{Org: org, Platform: console.Name, ID: in.ID, Name: p.Name})
			}
		}
	}
	return who, nil
}

// roleOf is for display only.
func (a *app) roleOf(x rbac.Actor) string {
	s := a.policies.last(x.Org)
	return strings.Join(s.Roles(s.Resolve(x).ID), ", ")
}

// addAdmin makes the first person of an Org that has none.
func (a *app) addAdmin(ctx context.Context, org, name string) (rbac.Actor, error) {
	id := slug(name)
	if id == "" {
		return rbac.Actor{}, fmt.Errorf("the name %q has no letters a to z or digits", name)
	}
	p := store.Person{ID: id, Name: name, Roles: []string{"admin"}, Chat: []string{"console:" + id}}
	if err := a.db.AddPerson(ctx, org, p); err != nil {
		return rbac.Actor{}, fmt.Errorf("add %s: %w", id, err)
	}
	return rbac.Actor{Org: org, Platform: "console", ID: id, Name: name}, nil
}

// slug makes an id of a name: what is no letter a to z and no digit parts words.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}
