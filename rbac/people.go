package rbac

import (
	"context"
	"maps"
	"slices"
)

// Resolve gives the person behind a chat identity: Platform "person", the
// person's id and the configured name. Edges call it before anything is
// recorded, so that one human in two chats is one Subject and never four eyes
// alone. Identities match by platform, tenant and id, never by name; one that
// is not known comes back as it is.
func (s *Snapshot) Resolve(a Actor) Actor {
	o, err := s.org(a.Org)
	if err != nil || a.Platform == personal || a.Platform == scheduled {
		return a
	}
	id, ok := o.people[a.Subject()]
	if !ok {
		return a
	}
	return person(a.Org, id, o.People[id])
}

func person(org, id string, p Person) Actor {
	return Actor{Org: org, Platform: personal, ID: id, Name: p.Name}
}

// Person finds a person of an Org by id.
func (s *Snapshot) Person(org, id string) (Person, bool) {
	o, err := s.org(org)
	if err != nil {
		return Person{}, false
	}
	p, ok := o.People[id]
	return p, ok
}

// Whom names the people who may approve the action: not who asks, not its
// authors. For Do it names the admins, who can change what is configured.
func (s *Snapshot) Whom(ctx context.Context, v Verb, r Request) (names []string) {
	o, err := s.org(r.Org)
	if err != nil {
		return nil
	}
	candidates := o.approve
	if v == Do {
		candidates = o.admins
	}
	for _, id := range candidates {
		who := person(r.Org, id, o.People[id])
		if s.involved(who, v, r) {
			continue
		}
		if v != Do {
			if d, err := s.Rule(ctx, who, v, r); err != nil || d.Outcome != Allow {
				continue
			}
		}
		names = append(names, who.Name)
	}
	return names
}

// involved tells whether the person asked, or wrote what led to the action.
func (s *Snapshot) involved(who Actor, v Verb, r Request) bool {
	same := func(a Actor) bool { return s.Resolve(a).Subject() == who.Subject() }
	return same(r.Actor) || v == Approve && slices.ContainsFunc(r.Authors, same)
}

// MayEver names the people whom the rules let do a verb in an environment,
// whatever the tool and the channel: for Do, to change something there. A
// change that needs more approvers than this names, beside who asks, can never
// run.
func (s *Snapshot) MayEver(org string, v Verb, env string) (names []string) {
	o, err := s.org(org)
	if err != nil {
		return nil
	}
	r := Request{Org: org, Action: Action{Environment: env, Effect: Change}}
	for _, id := range slices.Sorted(maps.Keys(o.People)) {
		who := person(org, id, o.People[id])
		d, err := o.rule(who, v, r)
		reaches := v == Approve || min(o.roleCeiling(who).Tier, o.Environments[env]) == Gated
		if err == nil && d.Outcome == Allow && reaches {
			names = append(names, who.Name)
		}
	}
	return names
}
