package rbac

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The platforms of actors that are no chat's: a person as Resolve gives it, and
// a schedule.
const (
	personal  = "person"
	scheduled = "schedule"
)

// Snapshot is the policy of every Org at one moment. It is immutable and safe
// for concurrent use.
type Snapshot struct{ orgs map[string]*orgPolicy }

var _ Policy = (*Snapshot)(nil)

type orgPolicy struct {
	OrgRules
	people   map[Subject]string // chat identity to person
	rulers   map[string]rulers  // by person
	schedule rulers
	admins   []string // who can help with what was denied, by id in order
	approve  []string // who may approve anything at all
}

// NewPolicy builds a Snapshot, whole or not at all: a rule that cannot be
// understood is an error, because Casbin would take it for no rule.
func NewPolicy(r Rules) (*Snapshot, error) {
	s := &Snapshot{orgs: map[string]*orgPolicy{}}
	for name, rules := range r.Orgs {
		if err := rules.check(); err != nil {
			return nil, fmt.Errorf("organisation %s: %w", name, err)
		}
		o, err := newOrgPolicy(name, rules)
		if err != nil {
			return nil, fmt.Errorf("organisation %s: %w", name, err)
		}
		s.orgs[name] = o
	}
	return s, nil
}

func newOrgPolicy(org string, r OrgRules) (*orgPolicy, error) {
	o := &orgPolicy{OrgRules: r, people: map[Subject]string{}, rulers: map[string]rulers{}}
	b := newBuilder(org, r)
	for _, id := range slices.Sorted(maps.Keys(r.People)) {
		for _, a := range r.People[id].Chat {
			a.Org = org
			o.people[a.Subject()] = id
		}
		all, err := b.of(id, r.People[id].Roles)
		if err != nil {
			return nil, fmt.Errorf("rules of %s: %w", id, err)
		}
		o.rulers[id] = all
		o.sort(id, all)
	}
	schedule, err := b.roles([]string{scheduled})
	o.schedule = rulers{schedule}
	return o, err
}

// sort remembers whom a refusal or a card could name, so that a decision does
// not ask about everybody.
func (o *orgPolicy) sort(id string, r rulers) {
	p := o.People[id]
	if !p.Off && slices.Contains(p.Roles, "admin") {
		o.admins = append(o.admins, id)
	}
	if !p.Off && r.everMay(actApprove) {
		o.approve = append(o.approve, id)
	}
}

// Ceilings are those of the profile, the environment, the role and the channel.
// What nobody configured is at observe.
func (s *Snapshot) Ceilings(_ context.Context, r Request) ([]Ceiling, error) {
	o, err := s.org(r.Org)
	if err != nil {
		return nil, err
	}
	limits := []Ceiling{
		{o.Profiles[r.Profile].Tier, "profile " + or(r.Profile, "(none)")},
		o.roleCeiling(s.Resolve(r.Actor)),
		{o.Channels[r.Channel].Tier, "channel " + o.title(r.Channel)},
	}
	for _, env := range o.environments(r.Action) {
		limits = append(limits, Ceiling{o.Environments[env], "environment " + env})
	}
	return limits, nil
}

// environments are the one that the action names and the one that its stack
// belongs to: a tool that names a milder one gains nothing.
func (o *orgPolicy) environments(a Action) (envs []string) {
	if a.Environment != "" {
		envs = append(envs, a.Environment)
	}
	if st, ok := o.Stacks[a.Stack]; ok && st.Environment != a.Environment {
		envs = append(envs, st.Environment)
	}
	return envs
}

func (o *orgPolicy) roleCeiling(who Actor) Ceiling {
	if who.Platform == scheduled {
		return Ceiling{Observe, "schedule " + who.ID}
	}
	c := Ceiling{Observe, "somebody who is not known here"}
	p, ok := o.People[who.ID]
	if who.Platform != personal || !ok {
		return c
	}
	c.Of = "the role of " + p.Name
	for _, role := range p.Roles {
		c.Tier = max(c.Tier, roleTiers[role])
	}
	return c
}

// Rule is the lower of what the rules say of the person and of what the
// profile's tool list and the stack's rooms say of the action.
func (s *Snapshot) Rule(_ context.Context, who Actor, v Verb, r Request) (Decision, error) {
	o, err := s.org(r.Org)
	if err != nil {
		return Decision{}, err
	}
	if who = s.Resolve(who); who.Org != r.Org {
		return denied("another organisation's"), nil
	}
	if d := o.fits(who, v, r); d.Outcome != Allow {
		return d, nil
	}
	return o.rule(who, v, r)
}

// fits asks what does not depend on the person's rights.
func (o *orgPolicy) fits(who Actor, v Verb, r Request) Decision {
	st, known := o.Stacks[r.Action.Stack]
	speech := act(Do, r.Action) != r.Action.Effect.String()
	switch {
	case v != Do && v != Approve:
		return denied("no right is called " + string(v))
	case r.Action.Stack != "" && !known:
		return denied("there is no stack " + r.Action.Stack)
	case r.Action.Effect <= Unknown || r.Action.Effect > Destroy:
		return denied("nobody has said what this would do")
	case v == Approve || speech:
		return allow
	case who.Platform != scheduled && !o.Profiles[r.Profile].Tools.May(r.Action.Tool):
		return denied(fmt.Sprintf("profile %s does not allow tool %s", or(r.Profile, "(none)"), r.Action.Tool))
	case r.Action.Stack != "" && !slices.Contains(st.Rooms, r.Channel):
		return denied(r.Action.Stack + " is spoken of in " + o.titles(st.Rooms) + " only")
	}
	return allow
}

// rule asks Casbin.
func (o *orgPolicy) rule(who Actor, v Verb, r Request) (Decision, error) {
	p, known := o.People[who.ID]
	judges, name := o.rulers[who.ID], p.Name
	switch {
	case who.Platform == scheduled:
		judges, name, p.Roles = o.schedule, "schedule "+who.ID, []string{scheduled}
	case who.Platform != personal || !known:
		return denied("you are not known here"), nil
	}
	what := act(v, r.Action)
	ok, by, err := judges.may(object(r.Action), what)
	switch {
	case err != nil:
		return Decision{}, err
	case by != nil && p.Off:
		return denied(name + " is switched off here"), nil
	case by != nil:
		return denied(fmt.Sprintf("a rule denies %s to %s (%s)", or(by.Act, what), name, by.Object)), nil
	case !ok:
		return denied(fmt.Sprintf("%s may not %s: roles are %s", name, what, or(strings.Join(p.Roles, ", "), "none"))), nil
	}
	d := allow
	d.Reasons = []string{fmt.Sprintf("%s may %s as %s", name, what, or(strings.Join(p.Roles, ", "), "named by a rule"))}
	return d, nil
}

// act is the word of the rules. To speak is no tool's: it names no stack and
// changes nothing by itself.
func act(v Verb, a Action) string {
	switch {
	case v == Approve:
		return actApprove
	case a.Effect == Read && a.Stack == "" && a.Environment == "" && slices.Contains([]string{actAsk, actAnswer, actStop}, a.Tool):
		return a.Tool
	}
	return a.Effect.String()
}

func object(a Action) string {
	switch {
	case a.Stack != "":
		return ofStack + a.Stack
	case a.Environment != "":
		return ofEnv + a.Environment
	}
	return "org"
}

func (s *Snapshot) org(name string) (*orgPolicy, error) {
	if s == nil || s.orgs[name] == nil {
		return nil, fmt.Errorf("no policy for organisation %q", name)
	}
	return s.orgs[name], nil
}

func (o *orgPolicy) title(room string) string {
	return or(o.Channels[room].Title, or(room, "(none)"))
}

func (o *orgPolicy) titles(rooms []string) string {
	all := make([]string, len(rooms))
	for i, r := range rooms {
		all[i] = o.title(r)
	}
	return or(strings.Join(all, " and "), "no channel")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
