package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"interlock/agent"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
)

// wirePolicy builds what decides, and loads each Org once: a product that starts
// with a policy that cannot serve would refuse everything.
func (a *app) wirePolicy(ctx context.Context, file string) error {
	a.policies = newPolicies(a.cfg, file, a.db, a.log)
	a.gate = &rbac.Enforcer{Source: &rbac.Watch{Version: a.policies.version, Load: a.policies.load, Failed: a.refused}}
	for _, org := range a.orgs() {
		if _, err := a.gate.Source.Policy(ctx, org); err != nil {
			return fmt.Errorf("load policy of %s: %w", org, err)
		}
	}
	return nil
}

// refused tells the operator of a policy that cannot serve; the one before stays.
func (a *app) refused(ctx context.Context, org string, err error) {
	a.log.ErrorContext(ctx, "the changed policy is refused, the one before stays in force", "org", org, "error", err)
}

// snapshot is the policy in force, or nil.
func (a *app) snapshot(ctx context.Context, org string) *rbac.Snapshot {
	p, err := a.gate.Source.Policy(ctx, org)
	if err != nil {
		return nil
	}
	s, _ := p.(*rbac.Snapshot)
	return s
}

// who is the person behind a chat identity, by the policy of this moment.
func (a *app) who(ctx context.Context, x rbac.Actor) rbac.Actor {
	return a.snapshot(ctx, x.Org).Resolve(x)
}

// room is what policy says of a channel; one that is not named is at observe.
func (a *app) room(ctx context.Context, org, room string) bot.Room {
	s := a.snapshot(ctx, org)
	if s == nil {
		return bot.Room{Profile: defaultProfile}
	}
	profile := a.policies.org(org).Channels[room].Profile
	if profile == "" {
		profile = defaultProfile
	}
	return bot.Room{Tier: s.Room(room), Profile: profile}
}

// patience is how long people of an Org are waited for.
func (a *app) patience(org string) agent.Patience {
	p := a.policies.org(org).Approvals
	from, until, zone, err := p.Quiet.Parse()
	if err != nil {
		zone = nil // validation refuses it; without quiet hours nothing waits longer than it should
	}
	return agent.Patience{Expiry: p.Expiry, Next: p.Next, Quiet: agent.Quiet{From: from, Until: until, Zone: zone}}
}

// limits are how much the people of an Org may ask for.
func (a *app) limits(org string) agent.Limits {
	l := a.policies.org(org).Limits
	limit := func(c config.Limit) agent.Limit { return agent.Limit{Runs: c.Runs, Tokens: c.Tokens} }
	return agent.Limits{Person: limit(l.Person), Channel: limit(l.Channel), Org: limit(l.Org)}
}

// ladder is whom to call for an approval: the owners of the stack who may, then
// the others who may, then administrators.
func (a *app) ladder(ctx context.Context, r rbac.Request) (rungs [][]string) {
	s := a.snapshot(ctx, r.Org)
	if s == nil {
		return nil
	}
	owners := s.Rules().Stacks[r.Action.Stack].Owners
	var first, then, seen []string
	for _, c := range a.gate.Who(ctx, rbac.Approve, r) {
		seen = append(seen, c.Name)
		if slices.Contains(owners, c.ID) {
			first = append(first, c.Name)
		} else {
			then = append(then, c.Name)
		}
	}
	admins := slices.DeleteFunc(s.Whom(ctx, rbac.Do, r), func(n string) bool { return slices.Contains(seen, n) })
	for _, rung := range [][]string{first, then, admins} {
		if len(rung) > 0 {
			rungs = append(rungs, rung)
		}
	}
	return rungs
}

// glass tells whether anybody may break the glass of a call.
func (a *app) glass(ctx context.Context, r rbac.Request) bool {
	return len(a.gate.Who(ctx, rbac.Break, r)) > 0
}

// rooms hear of an emergency on a stack, or of a freeze of an environment.
func (a *app) rooms(org string, act rbac.Action) (all []agent.Thread) {
	seen := map[string]bool{}
	for name, st := range a.cfg.Orgs[org].Stacks {
		about := act.Stack == name || act.Stack == "" && (act.Environment == st.Environment || act.Environment == agent.AllEnvironments)
		for _, room := range st.Rooms() {
			if platform, channel, _ := strings.Cut(room, ":"); about && !seen[room] {
				seen[room] = true
				all = append(all, agent.Thread{Platform: platform, Channel: channel})
			}
		}
	}
	slices.SortFunc(all, func(x, y agent.Thread) int { return strings.Compare(x.Room(), y.Room()) })
	return all
}

// environments are those of an Org, sorted.
func (a *app) environments(org string) []string {
	return slices.Sorted(maps.Keys(a.policies.org(org).Environments))
}
