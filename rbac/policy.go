package rbac

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The platforms of actors that are no chat's: a person as Resolve gives it, and
// a schedule.
const (
	personal  = "person"
	scheduled = "schedule"
)

// Snapshot is the policy of one Org at one moment. It is immutable and safe for
// concurrent use. It depends on time only by raises, freezes and who is away.
type Snapshot struct{ *orgPolicy }

var (
	_ Policy = (*Snapshot)(nil)
	_ Source = (*Snapshot)(nil)
)

// orgPolicy is what a Snapshot decides by, prepared once.
type orgPolicy struct {
	OrgRules
	org, version string
	people       map[Subject]string  // chat identity to person
	held         map[string][]string // by person: "role:NAME" and "group:NAME"
	roles        map[string][]string // by person: names, their own and those of their groups
	rulers       map[string]rulers   // by person
	schedule     rulers
	deputyOf     map[string][]string // by person: whom they stand in for, by id in order
	admins       []string            // who can help with what was denied, by id in order
	approve      []string            // who may approve anything at all
	glass        []string            // who may break any glass
}

// NewSnapshot prepares an Org's policy, whole or not at all: a rule that cannot
// be understood is an error, because Casbin would take it for no rule.
func NewSnapshot(org string, r OrgRules) (*Snapshot, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("organisation %s: %w", org, err)
	}
	version, err := r.version()
	if err != nil {
		return nil, err
	}
	o := &orgPolicy{
		OrgRules: r, org: org, version: version, people: map[Subject]string{}, held: map[string][]string{}, roles: map[string][]string{},
		rulers: map[string]rulers{}, deputyOf: map[string][]string{},
	}
	b, err := newBuilder(org, r)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(r.People)) {
		if err := o.add(b, id); err != nil {
			return nil, fmt.Errorf("rules of %s: %w", id, err)
		}
	}
	o.schedule, err = b.of(ofRole + scheduled)
	if err != nil {
		return nil, fmt.Errorf("rules of schedules: %w", err)
	}
	return &Snapshot{o}, nil
}

// version names the rules by their content.
func (o OrgRules) version() (string, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("write rules: %w", err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// add prepares one person.
func (o *orgPolicy) add(b *builder, id string) error {
	p := o.People[id]
	for _, a := range p.Chat {
		a.Org = o.org
		o.people[a.Subject()] = id
	}
	o.roles[id], o.held[id] = o.holds(id, p)
	all, err := b.of(append(slices.Clone(o.held[id]), ofPerson+id)...)
	if err != nil {
		return err
	}
	o.rulers[id] = all
	if p.Deputy != "" {
		o.deputyOf[p.Deputy] = append(o.deputyOf[p.Deputy], id)
	}
	o.sort(id, all)
	return nil
}

// holds are the roles and groups of a person.
func (o *orgPolicy) holds(id string, p Person) (roles, held []string) {
	roles = slices.Clone(p.Roles)
	for _, name := range slices.Sorted(maps.Keys(o.Groups)) {
		if g := o.Groups[name]; slices.Contains(g.Members, id) {
			roles = append(roles, g.Roles...)
			held = append(held, ofGroup+name)
		}
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	for _, r := range roles {
		held = append(held, ofRole+r)
	}
	return roles, held
}

// sort remembers whom a refusal or a card could name, so that a decision does
// not ask about everybody.
func (o *orgPolicy) sort(id string, r rulers) {
	if o.People[id].Off {
		return
	}
	if slices.Contains(o.roles[id], "admin") {
		o.admins = append(o.admins, id)
	}
	if r.everMay(actApprove) {
		o.approve = append(o.approve, id)
	}
	if r.everMay(actBreak) {
		o.glass = append(o.glass, id)
	}
}

// Org is whose policy it is.
func (s *Snapshot) Org() string { return s.org }

// Version names the rules by their content: the hex SHA-256 of them.
func (s *Snapshot) Version() string { return s.version }

// Rules are what it decides by; they must not be changed.
func (s *Snapshot) Rules() OrgRules { return s.OrgRules }

// Policy is the Snapshot itself, for its own Org.
func (s *Snapshot) Policy(_ context.Context, org string) (Policy, error) {
	if s == nil || org != s.org {
		return nil, fmt.Errorf("no policy for organisation %q", org)
	}
	return s, nil
}

// Ceilings are those of the profile, the environment, the role and the channel.
// What nobody configured is at observe.
func (s *Snapshot) Ceilings(_ context.Context, r Request) ([]Ceiling, error) {
	if err := s.mine(r); err != nil {
		return nil, err
	}
	at := r.at()
	limits := []Ceiling{
		s.raised(Ceiling{Tier: s.Profiles[r.Profile].Tier, Of: "profile " + or(r.Profile, "(none)")}, "profile "+r.Profile, at),
		s.roleCeiling(s.Resolve(r.Actor), at),
		s.raised(Ceiling{Tier: s.Channels[r.Channel].Tier, Of: "channel " + s.title(r.Channel)}, "channel "+r.Channel, at),
	}
	for _, env := range s.environments(r.Action) {
		limits = append(limits, s.raised(Ceiling{Tier: s.Environments[env], Of: "environment " + env}, "environment "+env, at))
	}
	return limits, nil
}

// Room is the ceiling of a channel now.
func (s *Snapshot) Room(room string) Tier {
	return s.raised(Ceiling{Tier: s.Channels[room].Tier}, "channel "+room, time.Now()).Tier
}

func (s *Snapshot) mine(r Request) error {
	if s == nil || r.Org != s.org {
		return fmt.Errorf("no policy for organisation %q", r.Org)
	}
	return nil
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

// roleCeiling is the highest of a person's roles.
func (o *orgPolicy) roleCeiling(who Actor, at time.Time) Ceiling {
	if who.Platform == scheduled {
		return Ceiling{Tier: Observe, Of: "schedule " + who.ID}
	}
	c := Ceiling{Tier: Observe, Of: "somebody who is not known here"}
	p, ok := o.People[who.ID]
	if who.Platform != personal || !ok {
		return c
	}
	for _, role := range o.roles[who.ID] {
		if own := o.raised(Ceiling{Tier: roleTiers[role]}, ofRoleCeiling+role, at); own.Tier > c.Tier {
			c = own
		}
	}
	c.Of = "the role of " + p.Name
	return c
}

// ofRoleCeiling begins the name of a role's ceiling in a Raise.
const ofRoleCeiling = "role "

// Rule is the lower of what the rules say of the person, of what the profile's
// tool list and the stack's rooms say of the action, and of what the rules for
// approvals ask for.
func (s *Snapshot) Rule(_ context.Context, who Actor, v Verb, r Request) (Decision, error) {
	if err := s.mine(r); err != nil {
		return Decision{}, err
	}
	who = s.Resolve(who)
	d, err := s.decide(who, v, r, nil)
	d.Person, d.Policy = who.Subject(), s.version
	return d, err
}

func (s *Snapshot) decide(who Actor, v Verb, r Request, m memo) (Decision, error) {
	switch d := s.fits(who, v, r); {
	case who.Org != r.Org:
		return denied("another organisation's"), nil
	case who.Outsider != "":
		return denied(who.Name + " is " + who.Outsider + " here"), nil
	case d.Outcome != Allow:
		return d, nil
	case v == Approve:
		return s.approver(who, r, m)
	}
	d, err := s.rule(who, v, r, m)
	if v == Do && err == nil && d.Outcome == Allow {
		d = d.And(s.approvals(r.Action))
		d.Frozen = s.frozen(r)
	}
	return d, err
}

// approver judges who wants to approve, with the needs that they count for.
func (s *Snapshot) approver(who Actor, r Request, m memo) (Decision, error) {
	if s.involved(who, Approve, r) {
		return denied("who asked, or answered what led here, may not approve"), nil
	}
	as, d, err := s.stands(s, who, r, m)
	if err != nil || len(as) == 0 {
		return d, err
	}
	fits, why := s.counts(as, r)
	if why != "" {
		return denied(why + ", which " + s.People[who.ID].Name + " is not"), nil
	}
	d.Needs = fits
	return d, nil
}

// fits asks what does not depend on the person's rights.
func (o *orgPolicy) fits(who Actor, v Verb, r Request) Decision {
	st, known := o.Stacks[r.Action.Stack]
	switch {
	case v != Do && v != Approve && v != Break:
		return denied("no right is called " + string(v))
	case r.Action.Stack != "" && !known:
		return denied("there is no stack " + r.Action.Stack)
	case r.Action.Effect <= Unknown || r.Action.Effect > Destroy:
		return denied("nobody has said what this would do")
	case v != Do || speech(r.Action):
		return allow
	case who.Platform != scheduled && !o.Profiles[r.Profile].Tools.May(r.Action.Tool):
		return denied(fmt.Sprintf("profile %s does not allow tool %s", or(r.Profile, "(none)"), r.Action.Tool))
	case r.Action.Stack != "" && !slices.Contains(st.Rooms, r.Channel):
		return denied(r.Action.Stack + " is spoken of in " + o.titles(st.Rooms) + " only")
	}
	return allow
}

// rule asks Casbin.
func (o *orgPolicy) rule(who Actor, v Verb, r Request, m memo) (Decision, error) {
	p, known := o.People[who.ID]
	judges, name, roles := o.rulers[who.ID], p.Name, o.roles[who.ID]
	switch {
	case who.Platform == scheduled:
		judges, name, roles = o.schedule, "schedule "+who.ID, []string{scheduled}
	case who.Platform != personal || !known:
		return denied("you are not known here"), nil
	}
	what := act(v, r.Action)
	ok, by, err := judges.may(object(r.Action), what, m)
	switch {
	case err != nil:
		return Decision{}, err
	case p.Off:
		return denied(name + " is switched off here"), nil
	case by != nil && by.Eft == "deny":
		return denied(fmt.Sprintf("a rule denies %s to %s (%s)%s", or(by.Act, what), name, by.Object, reason(by))), nil
	case !ok:
		return denied(fmt.Sprintf("%s may not %s: roles are %s", name, what, or(strings.Join(roles, ", "), "none"))), nil
	}
	d := allow
	d.Reasons = []string{fmt.Sprintf("%s may %s as %s", name, what, or(strings.Join(roles, ", "), "named by a rule"))}
	return d, nil
}

func reason(l *Line) string {
	if l == nil || l.Because == "" {
		return ""
	}
	return ": " + l.Because
}

// spoken are the words that people can say; they are no tool's, and change
// nothing by themselves.
var spoken = []string{actAsk, actAnswer, actStop, actFreeze, actThaw}

// speech tells whether an action is only said. It names no stack.
func speech(a Action) bool {
	freezes := a.Tool == actFreeze || a.Tool == actThaw
	return a.Effect == Read && a.Stack == "" && (a.Environment == "" || freezes) && slices.Contains(spoken, a.Tool)
}

// act is the word of the rules.
func act(v Verb, a Action) string {
	switch {
	case v == Approve:
		return actApprove
	case v == Break:
		return actBreak
	case speech(a):
		return a.Tool
	}
	return a.Effect.String()
}

// theOrg is what an action touches that is about nothing in particular.
const theOrg = "org"

func object(a Action) string {
	switch {
	case a.Stack != "":
		return ofStack + a.Stack
	case a.Environment != "":
		return ofEnv + a.Environment
	}
	return theOrg
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
