package notify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"interlock/agent"
	"interlock/config"
)

// Rules are one Org's, ready to match. The zero value sends nothing.
type Rules struct {
	rules  []Rule
	people map[string]wish
	admins []string
	stacks map[string]config.Stack
	pagers map[string]bool // services that page people
	mail   string          // the service by which persons get mail
}

// Rule sends what matches to its targets.
type Rule struct {
	config.NotifyRule
	quiet agent.Quiet
}

// wish is what one person wants.
type wish struct {
	config.Preference
	quiet agent.Quiet
}

// Compile reads what configuration has checked.
func Compile(o config.Org) (Rules, error) {
	r := Rules{people: map[string]wish{}, admins: o.Notify.Admins, stacks: o.Stacks, pagers: map[string]bool{}}
	for i, c := range o.Notify.Rules {
		q, err := quiet(c.Quiet)
		if err != nil {
			return Rules{}, fmt.Errorf("rule %d: %w", i+1, err)
		}
		r.rules = append(r.rules, Rule{c, q})
	}
	for id, p := range o.Notify.People {
		q, err := quiet(p.Quiet)
		if err != nil {
			return Rules{}, fmt.Errorf("person %s: %w", id, err)
		}
		r.people[id] = wish{p, q}
	}
	for name, s := range o.Notify.Services {
		r.pagers[name] = s.Pages()
		if s.Kind == config.Mail && (r.mail == "" || name < r.mail) {
			r.mail = name
		}
	}
	return r, nil
}

func quiet(c config.Quiet) (agent.Quiet, error) {
	from, until, zone, err := c.Parse()
	return agent.Quiet{From: from, Until: until, Zone: zone}, err
}

// Any tells whether anything can be sent at all: without, no notice need be kept.
func (r Rules) Any() bool { return len(r.rules)+len(r.admins) > 0 }

// matches tells whether a rule is about a notice, as far as it names anything.
func (c Rule) matches(n Notice) bool {
	return c.types(n) && c.severe(n) && c.about(n)
}

func (c Rule) types(n Notice) bool { return len(c.Types) == 0 || anyOf(c.Types, n.Type) }

func (c Rule) severe(n Notice) bool { return n.Severity.Rank() >= max(1, Severity(c.Severity).Rank()) }

func (c Rule) about(n Notice) bool {
	return (len(c.Stacks) == 0 || n.Stack != "" && anyOf(c.Stacks, n.Stack)) &&
		(len(c.Environments) == 0 || slices.Contains(c.Environments, n.Environment)) &&
		(len(c.Teams) == 0 || slices.Contains(c.Teams, n.Team))
}

// sends tells whether a rule sends a notice to one of its targets. What ends an incident
// goes wherever incidents are known by their key: whether it began there is asked later.
func (r Rules) sends(c Rule, to string, n Notice) bool {
	name, service := strings.CutPrefix(to, toService)
	switch {
	case n.ends() && r.follows(to):
		return c.about(n)
	case service && r.pagers[name]:
		return c.pages(n)
	}
	return c.matches(n)
}

// follows tells whether a target knows incidents, which begin and end: a service that
// pages people, or a chain.
func (r Rules) follows(to string) bool {
	name, service := strings.CutPrefix(to, toService)
	return service && r.pagers[name] || strings.HasPrefix(to, toChain)
}

// pages tells whether a rule sends a notice to a service that pages people. Only what
// is urgent does, unless the rule itself names what.
func (c Rule) pages(n Notice) bool {
	named := len(c.Types) > 0 || c.Severity != ""
	return c.matches(n) && (named || n.Severity == Urgent)
}

func anyOf(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, s)
		return err == nil && ok
	})
}

// shown tells whether a room may read about a notice: its stack is spoken of there,
// or it happened there, or nowhere.
func (r Rules) shown(n Notice, room string) bool {
	if n.Stack != "" {
		return slices.Contains(r.stacks[n.Stack].Rooms(), room)
	}
	return n.Thread == (agent.Thread{}) || n.Thread.Room() == room
}

// complete adds what configuration knows of the stack.
func (r Rules) complete(n Notice) Notice {
	if s, ok := r.stacks[n.Stack]; ok {
		n.Team = s.Team
		if n.Environment == "" {
			n.Environment = s.Environment
		}
	}
	return n
}

// The kinds of targets, as configuration writes them. Anything else is a room.
const (
	toPerson  = "person:"
	toService = "service:"
	toChain   = "chain:"
)

func person(target string) (id string, ok bool) { return strings.CutPrefix(target, toPerson) }

func isService(target string) bool { return strings.HasPrefix(target, toService) }
