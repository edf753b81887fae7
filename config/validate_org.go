package config

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func (c *checker) org(key string, o Org) {
	if m := o.Spending.Month; m < 0 || m > 1e9 {
		c.report(join(key, "spending.month"), "must be from 0, which is no cap, to 1000000000")
	}
	if o.PolicyFrom == "" {
		c.policy(key, o)
	}
	for _, name := range names(o.Stacks) {
		k := join(join(key, "stacks"), shown(name))
		c.name(k, "a stack", name)
		c.stack(k, o.Stacks[name], o)
	}
	for _, name := range names(o.Profiles) {
		k := join(join(key, "profiles"), shown(name))
		c.name(k, "a profile", name)
		c.profile(k, o.Profiles[name])
	}
	for _, name := range names(o.Schedules) {
		k := join(join(key, "schedules"), shown(name))
		c.name(k, "a schedule", name)
		c.schedule(k, o.Schedules[name], o)
	}
}

// policy checks who may do what; key is empty when it stands in a file of its own.
func (c *checker) policy(key string, o Org) {
	c.people(join(key, "people"), o)
	c.groups(join(key, "groups"), o)
	for _, name := range names(o.Environments) {
		k := join(join(key, "environments"), shown(name))
		c.name(k, "an environment", name)
		if name == "all" {
			c.report(k, "all is what a freeze calls every environment: choose another name")
		}
		c.oneOf(join(k, "tier"), "tier", o.Environments[name].Tier, tiers)
		c.approvable(k, name, o)
	}
	for _, name := range names(o.Channels) {
		k, ch := join(join(key, "channels"), shown(name)), o.Channels[name]
		c.room(k, name)
		c.oneOf(join(k, "tier"), "tier", ch.Tier, tiers)
		c.oneOf(join(k, "profile"), "profile", ch.Profile, names(o.Profiles))
	}
	c.rules(join(key, "rules"), o)
	c.raises(join(key, "raises"), o)
	c.approvals(join(key, "approvals"), o)
	c.limits(join(key, "limits"), o.Limits)
}

// people checks that a chat identity belongs to one person: two people behind
// one would make four eyes of one pair.
func (c *checker) people(key string, o Org) {
	owner := map[Identity]string{}
	for _, id := range names(o.People) {
		k, p := join(key, shown(id)), o.People[id]
		c.name(k, "a person", id)
		for _, r := range p.Roles {
			if r == "" {
				c.report(join(k, "roles"), "holds an empty role")
			}
			c.oneOf(join(k, "roles"), "role", r, roles)
		}
		c.away(join(k, "away"), id, p.Away, o)
		for _, text := range p.Chat {
			if i, err := ParseIdentity(text); err != nil {
				c.report(join(k, "chat"), "%s: %v", shown(text), err)
			} else if i.Platform == "person" || i.Platform == "schedule" {
				c.report(join(k, "chat"), "%s: no chat is called %s", shown(text), i.Platform)
			} else if !o.ours(i) {
				c.report(join(k, "chat"), "%s is of none of the workspaces of this organisation (%s)", shown(text), list(o.Workspaces))
			}
		}
		for _, i := range p.Identities(id) {
			if other, taken := owner[i]; taken && other != id {
				c.report(join(k, "chat"), "%s is also %s: an identity belongs to one person", i.text(), other)
			}
			owner[i] = id
		}
	}
}

func (i Identity) text() string {
	if i.Tenant == "" {
		return i.Platform + ":" + i.ID
	}
	return i.Platform + ":" + i.Tenant + "/" + i.ID
}

// approvable warns of an environment whose changes wait for somebody who is
// not there. Nobody approves what they asked for.
func (c *checker) approvable(key, name string, o Org) {
	if o.Environments[name].Tier != "gated" {
		return
	}
	who := o.approvers(name)
	switch len(who) {
	case 0:
		c.warn(key, "nobody may approve changes in %s: give somebody the role approver or admin", shown(name))
	case 1:
		c.warn(key, "only %s may approve changes in %s: what needs two approvals, and what %s asks for, can never run", who[0], shown(name), who[0])
	}
}

// room checks "platform:channel".
func (c *checker) room(key, name string) {
	platform, channel, ok := strings.Cut(name, ":")
	if !ok || !word.MatchString(platform) || channel == "" || strings.ContainsFunc(channel, unprintable) {
		c.report(key, `a channel must be "platform:channel", for example "slack:C0123456789"`)
	}
}

func (c *checker) profile(key string, p Profile) {
	c.oneOf(join(key, "tier"), "tier", p.Tier, tiers)
	if slices.Contains(p.Allow, "") || slices.Contains(p.Deny, "") {
		c.report(key, "names an empty tool")
	}
	b, k := p.Budget, join(key, "budget")
	c.positive(join(k, "steps"), b.Steps > 0)
	c.positive(join(k, "tokens"), b.Tokens > 0)
	c.positive(join(k, "cost"), b.Cost > 0 && b.Cost <= 1e9)
	c.positive(join(k, "tool_calls"), b.ToolCalls > 0)
	c.positive(join(k, "plan_runs"), b.PlanRuns > 0)
	c.positive(join(k, "wall_time"), b.WallTime > 0)
}

func (c *checker) schedule(key string, s Schedule, o Org) {
	if s.Kind == "" {
		c.report(join(key, "kind"), "must name a kind; known: %s", list(kinds))
	}
	c.oneOf(join(key, "kind"), "kind", s.Kind, kinds)
	if s.Stack == "" {
		c.report(join(key, "stack"), "must name a stack; known: %s", list(names(o.Stacks)))
	}
	c.oneOf(join(key, "stack"), "stack", s.Stack, names(o.Stacks))
	if err := comesDue(s.Cron); err != nil {
		c.report(join(key, "cron"), "%s: %v", shown(s.Cron), err)
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "Local" {
		c.report(join(key, "timezone"), "no time zone %s; write it as Europe/Berlin or UTC", shown(s.Timezone))
	}
}

// comesDue refuses what the cron parser panics on, a time zone inside the
// expression (robfig/cron issues 470 and 554), and what never comes due.
func comesDue(expr string) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("is not a cron expression")
		}
	}()
	if strings.Contains(expr, "TZ=") {
		return errors.New("the time zone stands in timezone, not in cron")
	}
	s, err := cron.ParseStandard(expr)
	if err == nil && s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return errors.New("never comes due")
	}
	return err
}
