package config

import (
	"path"
	"slices"
	"strconv"
)

func (c *checker) approvals(key string, o Org) {
	a := o.Approvals
	if a.Expiry < shortest || a.Expiry > longest {
		c.report(join(key, "expiry"), "must be between 1m and 24h")
	}
	if a.Next < 0 || a.Next > 0 && a.Next < shortest {
		c.report(join(key, "next"), "must be 0, which calls nobody else, or at least 1m")
	}
	from, until, zone, err := a.Quiet.Parse()
	switch {
	case err != nil:
		c.report(join(key, "quiet"), "%v", err)
	case zone != nil && from == until:
		c.report(join(key, "quiet"), "from and until must differ: nobody could be reached at any time")
	}
	seen := map[string]bool{}
	for i, r := range a.Rules {
		k := join(join(key, "rules"), strconv.Itoa(i))
		c.name(join(k, "name"), "an approval rule", r.Name)
		if seen[r.Name] && r.Name != "" {
			c.report(join(k, "name"), "there are two rules called %s", shown(r.Name))
		}
		seen[r.Name] = true
		c.approvalRule(k, r, o)
	}
}

func (c *checker) approvalRule(key string, r ApprovalRule, o Org) {
	for _, e := range r.Environments {
		c.known(join(key, "environments"), "environment", e, names(o.Environments))
	}
	for _, s := range r.Stacks {
		c.known(join(key, "stacks"), "stack", s, names(o.Stacks))
	}
	for _, e := range r.Effects {
		c.known(join(key, "effects"), "effect", e, effects)
	}
	for _, k := range r.Kinds {
		if _, err := path.Match(k, ""); err != nil || k == "" {
			c.report(join(key, "kinds"), "%s is no pattern: * stands for any characters, ? for one", shown(k))
		}
	}
	for _, f := range r.From {
		c.who(join(key, "from"), f, o)
	}
	if r.Resources < 0 || r.Need < 0 {
		c.report(key, "resources and need must be 0 or more")
	}
	if r.Expiry != 0 && (r.Expiry < shortest || r.Expiry > longest) {
		c.report(join(key, "expiry"), "must be between 1m and 24h")
	}
	c.unmatched(key, r, o)
	c.quorum(key, r, o)
}

// unmatched warns of a rule that can never match.
func (c *checker) unmatched(key string, r ApprovalRule, o Org) {
	if len(r.Effects) > 0 && !slices.ContainsFunc(r.Effects, func(e string) bool { return e != "read" }) {
		c.warn(key, "can never match: reading needs no approval")
	}
	if len(r.Stacks) > 0 && len(r.Environments) > 0 && !slices.ContainsFunc(r.Stacks, func(s string) bool { return slices.Contains(r.Environments, o.Stacks[s].Environment) }) {
		c.warn(key, "can never match: none of its stacks is in one of its environments")
	}
	live := len(r.Effects) == 0 || !slices.ContainsFunc(r.Effects, func(e string) bool { return e != "change" && e != "destroy" })
	if live && len(r.Environments) > 0 && !slices.ContainsFunc(r.Environments, func(e string) bool { return o.Environments[e].Tier == "gated" || o.lifted(e) }) {
		c.warn(key, "can never match: none of its environments is at tier gated, so nothing live changes there")
	}
}

// quorum refuses what too few people can meet, and warns when it takes all of them:
// nobody approves what they asked for.
func (c *checker) quorum(key string, r ApprovalRule, o Org) {
	if o.outside(r.From) {
		return // more people may be in it than this file names
	}
	envs := r.Environments
	if len(envs) == 0 {
		envs = names(o.Environments)
	}
	for _, env := range envs {
		if _, known := o.Environments[env]; !known {
			continue
		}
		var who []string
		for _, id := range o.approvers(env) {
			if len(r.From) == 0 || o.is(id, r.From) {
				who = append(who, id)
			}
		}
		switch need := max(1, r.Need); {
		case len(who) < need:
			c.report(key, "needs %d people, and %d can approve in %s (%s): nothing could ever run", need, len(who), env, list(who))
			return
		case len(who) == need:
			c.warn(key, "needs all %d who can approve in %s (%s): what one of them asks for can never run", need, env, list(who))
			return
		}
	}
}
