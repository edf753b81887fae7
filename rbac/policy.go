package rbac

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// The platforms of actors that are no chat's: a person as Resolve gives it, and
// a schedule.
const (
	personal  = "person"
	scheduled = "schedule"
	speaking  = "speaking" // the role of a schedule that says words
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
	people       map[Actor]string    // chat identity to person
	held         map[string][]string // by person: "role:NAME" and "group:NAME"
	roles        map[string][]string // by person: names, their own and those of their groups
	rulers       map[string]rulers   // by person
	schedule     rulers              // of one that makes a call
	speaking     rulers              // of one that says words
	deputyOf     map[string][]string // by person: whom they stand in for, by id in order
	admins       []string            // who can help with what was denied, by id in order
	approve      []string            // who may approve anything at all
	glass        []string            // who may break any glass
}

// NewSnapshot prepares an Org's policy, whole or not at all: a rule that cannot
// be understood is an error, because Casbin would take it for no rule. What the
// caller does to r afterwards changes nothing.
func NewSnapshot(org string, r OrgRules) (*Snapshot, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("organisation %s: %w", org, err)
	}
	r, version, err := r.canonical()
	if err != nil {
		return nil, err
	}
	o := &orgPolicy{
		OrgRules: r, org: org, version: version, people: map[Actor]string{}, held: map[string][]string{}, roles: map[string][]string{},
		rulers: map[string]rulers{}, deputyOf: map[string][]string{},
	}
	b, err := newBuilder(org, r)
	if err != nil {
		return nil, err
	}
	for id := range sorted(r.People) {
		if err := o.add(b, id); err != nil {
			return nil, fmt.Errorf("rules of %s: %w", id, err)
		}
	}
	if o.schedule, err = b.of(ofRole + scheduled); err == nil {
		o.speaking, err = b.of(ofRole + speaking)
	}
	if err != nil {
		return nil, fmt.Errorf("rules of schedules: %w", err)
	}
	return &Snapshot{o}, nil
}

// canonical is a copy in which every moment is in UTC, and its name by its content.
func (o OrgRules) canonical() (own OrgRules, version string, err error) {
	body, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(body, &own)
	}
	if err != nil {
		return own, "", fmt.Errorf("copy rules: %w", err)
	}
	for id, p := range own.People {
		p.Away = p.Away.UTC()
		own.People[id] = p
	}
	for i := range own.Raises {
		own.Raises[i].Until = own.Raises[i].Until.UTC()
	}
	for i, f := range own.Freezes {
		own.Freezes[i].At, own.Freezes[i].Until = f.At.UTC(), f.Until.UTC()
	}
	if body, err = json.Marshal(own); err != nil {
		return own, "", fmt.Errorf("write rules: %w", err)
	}
	sum := sha256.Sum256(body)
	return own, hex.EncodeToString(sum[:]), nil
}

// add prepares one person.
func (o *orgPolicy) add(b *builder, id string) error {
	p := o.People[id]
	for _, a := range p.Chat {
		o.people[a.identity()] = id
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
	for name, g := range sorted(o.Groups) {
		if slices.Contains(g.Members, id) {
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

// Rules are what it decides by, as Version names them; they must not be changed.
func (s *Snapshot) Rules() OrgRules { return s.OrgRules }

// Policy is the Snapshot itself, for its own Org.
func (s *Snapshot) Policy(_ context.Context, org string) (Policy, error) {
	if s == nil || org != s.org {
		return nil, fmt.Errorf("no policy for organisation %q", org)
	}
	return s, nil
}

func (s *Snapshot) mine(r Request) error {
	if s == nil || r.Org != s.org {
		return fmt.Errorf("no policy for organisation %q", r.Org)
	}
	return nil
}
