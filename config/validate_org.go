package config

import "slices"

func (c *checker) org(key string, o Org) {
	if m := o.Spending.Month; m < 0 || m > 1e9 {
		c.report(join(key, "spending.month"), "must be from 0, which is no cap, to 1000000000")
	}
	if o.PolicyFrom == "" {
		c.policy(key, o)
	}
	c.notify(join(key, "notify"), o)
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
	c.schedules(key, o)
	c.escalation(key, o)
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
