package config

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

func (c *checker) approvals(key string, r *rights) {
	a := r.Approvals
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
	seen := map[string]int{}
	for i, rule := range a.Rules {
		k := join(join(key, "rules"), strconv.Itoa(i))
		c.name(join(k, "name"), "an approval rule", rule.Name)
		if first, there := seen[rule.Name]; there && rule.Name != "" {
			c.report(join(k, "name"), "%s is called %s too", c.rule(join(key, "rules"), first), shown(rule.Name))
		} else {
			seen[rule.Name] = i
		}
		c.approvalRule(k, rule, r)
	}
}

func (c *checker) approvalRule(key string, rule ApprovalRule, r *rights) {
	for _, e := range rule.Environments {
		known(c, join(key, "environments"), "environment", e, r.Environments)
	}
	for _, s := range rule.Stacks {
		known(c, join(key, "stacks"), "stack", s, r.Stacks)
	}
	for _, e := range rule.Effects {
		c.known(join(key, "effects"), "effect", e, effects)
	}
	for _, k := range rule.Kinds {
		if _, err := path.Match(k, ""); err != nil || k == "" {
			c.report(join(key, "kinds"), "%s is no pattern: * stands for any characters, ? for one", shown(k))
		}
	}
	for _, f := range rule.From {
		c.subject(join(key, "from"), f, r.Org)
	}
	if rule.Resources < 0 {
		c.report(join(key, "resources"), "must be 0 or more")
	}
	if rule.Need < 0 {
		c.report(join(key, "need"), "must be 0, which is 1, or more")
	}
	if rule.Expiry != 0 && (rule.Expiry < shortest || rule.Expiry > longest) {
		c.report(join(key, "expiry"), "must be between 1m and 24h")
	}
	if slices.Contains(rule.Effects, "read") {
		c.warn(key, "asks people before anything is read: each plan and each scan waits for them")
	}
	if rule.Destroys && len(rule.Effects) > 0 && !slices.Contains(rule.Effects, "destroy") {
		c.warn(key, "can never match: what destroys something has the effect destroy, which is not among its effects")
	}
	if all := c.targets(key, rule, r.Org); len(r.People) > 0 {
		c.quorum(key, rule, all, r)
	}
}

// targets are what a rule can be about. It warns of a rule that can never match.
func (c *checker) targets(key string, rule ApprovalRule, o Org) (all []target) {
	envs := rule.Environments
	if len(envs) == 0 {
		envs = names(o.Environments)
	}
	if len(rule.Stacks) == 0 {
		for _, env := range envs {
			all = append(all, target{env: env})
		}
	}
	for _, s := range names(o.Stacks) {
		if env := o.Stacks[s].Environment; slices.Contains(envs, env) && (len(rule.Stacks) == 0 || slices.Contains(rule.Stacks, s)) {
			all = append(all, target{env, s})
		}
	}
	apart := len(all) == 0
	all = slices.DeleteFunc(all, func(t target) bool { return !o.asked(t.env, rule) })
	switch {
	case len(rule.Environments)+len(rule.Stacks) == 0 || !o.knows(rule):
	case apart:
		c.warn(key, "can never match: none of its stacks is in one of its environments")
	case len(all) == 0:
		c.warn(key, "can never match: no tier there reaches its effects, which are live changes when none is named")
	}
	return all
}

// knows tells whether there is all that a rule names.
func (o Org) knows(rule ApprovalRule) bool {
	there := !slices.ContainsFunc(rule.Effects, func(e string) bool { return !slices.Contains(effects, e) })
	for _, e := range rule.Environments {
		_, known := o.Environments[e]
		there = there && known
	}
	for _, s := range rule.Stacks {
		_, known := o.Stacks[s]
		there = there && known
	}
	return there
}

// asked tells whether one of a rule's effects can happen in an environment.
func (o Org) asked(env string, rule ApprovalRule) bool {
	all := rule.Effects
	if len(all) == 0 {
		all = []string{"change", "destroy"}
	}
	_, known := o.Environments[env]
	return known && slices.ContainsFunc(all, func(e string) bool { return o.reaches(env, e) })
}

// quorum refuses what too few people can meet, and warns when it takes all of
// them: nobody approves what they asked for.
func (c *checker) quorum(key string, rule ApprovalRule, all []target, r *rights) {
	if len(all) == 0 {
		return
	}
	fewest := slices.MinFunc(all, func(a, b target) int {
		return len(r.approvers(a, rule.From)) - len(r.approvers(b, rule.From))
	})
	who, need := r.approvers(fewest, rule.From), max(1, rule.Need)
	if len(who) < need {
		c.report(key, "needs %d people, and %d can approve in %s (%s): what it is about could never run", need, len(who), fewest, list(who))
	}
	if len(who) != need {
		return
	}
	askers := r.askers(fewest)
	asking := slices.DeleteFunc(slices.Clone(who), func(id string) bool { return !slices.Contains(askers, id) })
	if len(asking) > 0 {
		c.warn(key, "needs all %d who can approve in %s (%s): what %s asks for can never run", need, fewest, list(who), strings.Join(asking, " or "))
	}
}
