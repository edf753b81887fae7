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
		c.egress(join(k, "egress"), o.Profiles[name].Egress, o)
	}
	for _, name := range names(o.Scopes) {
		k := join(join(key, "scopes"), shown(name))
		c.name(k, "a scope", name)
		if o.Scopes[name].File == "" {
			c.report(join(k, "file"), "must name the file that holds the secret")
		}
	}
	for _, name := range names(o.Schedules) {
		k := join(join(key, "schedules"), shown(name))
		c.name(k, "a schedule", name)
		c.schedule(k, o.Schedules[name], o)
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
