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
	if s == nil || a.Org != s.org || a.Platform == personal || a.Platform == scheduled {
		return a
	}
	id, ok := s.people[a.identity()]
	if !ok {
		return a
	}
	p := person(a.Org, id, s.People[id])
	p.Outsider, p.Account = a.Outsider, Identity(a)
	return p
}

func person(org, id string, p Person) Actor {
	return Actor{Org: org, Platform: personal, ID: id, Name: p.Name}
}

// Person finds a person by id.
func (s *Snapshot) Person(id string) (Person, bool) {
	if s == nil {
		return Person{}, false
	}
	p, ok := s.People[id]
	return p, ok
}

// Roles are a person's, their own and those of their groups.
func (s *Snapshot) Roles(id string) []string {
	if s == nil {
		return nil
	}
	return s.roles[id]
}

// Whom names the people who may approve the action, or break its glass: not who
// asks, not its authors. For Do it names the admins, who can change what is
// configured.
func (s *Snapshot) Whom(_ context.Context, v Verb, r Request) []string {
	return s.named(s.holders(v, r))
}

func (s *Snapshot) named(ids []string) (names []string) {
	for _, id := range ids {
		names = append(names, s.People[id].Name)
	}
	return names
}

// able are the ids of the people who may freeze or thaw themselves, beside who asks. Of
// anything else there is nobody: what a tool does depends on more than the person.
func (s *Snapshot) able(r Request) (ids []string) {
	if s.mine(r) != nil || !speech(r.Action) || r.Action.Tool != actFreeze && r.Action.Tool != actThaw {
		return nil
	}
	q, not := s.question(Do, r), s.excluded(Do, r)
	for _, id := range slices.Sorted(maps.Keys(s.People)) {
		who := person(s.org, id, s.People[id])
		if d, err := q.decide(who); err == nil && d.Outcome == Allow && !slices.Contains(not, who.Subject()) {
			ids = append(ids, id)
		}
	}
	return ids
}

// holders are the ids of the people whom Whom names.
func (s *Snapshot) holders(v Verb, r Request) (ids []string) {
	if s.mine(r) != nil {
		return nil
	}
	q, not := s.question(v, r), s.excluded(v, r)
	for _, id := range s.candidates(v) {
		who := person(s.org, id, s.People[id])
		if slices.Contains(not, who.Subject()) {
			continue
		}
		if v != Do {
			if d, err := q.decide(who); err != nil || d.Outcome != Allow {
				continue
			}
		}
		ids = append(ids, id)
	}
	return ids
}

// candidates could hold a verb somewhere.
func (o *orgPolicy) candidates(v Verb) []string {
	switch v {
	case Do:
		return o.admins
	case Break:
		return o.glass
	}
	ids := slices.Clone(o.approve)
	for id := range o.deputyOf {
		if !slices.Contains(ids, id) && !o.People[id].Off {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// involved tells whether the person asked, or wrote what led to the action.
func (s *Snapshot) involved(who Actor, v Verb, r Request) bool {
	return slices.Contains(s.excluded(v, r), who.Subject())
}

// excluded are those who ask, and of an approval all authors, as the people who
// they are known to be by now. Whoever breaks the glass at night may be alone.
func (s *Snapshot) excluded(v Verb, r Request) (all []Subject) {
	if v == Break {
		return nil
	}
	all = append(all, s.Resolve(r.Actor).Subject())
	if v == Approve {
		for _, a := range r.Authors {
			all = append(all, s.Resolve(a).Subject())
		}
	}
	return all
}

// MayEver names the people whom the rules let do a verb in an environment,
// whatever the tool and the channel: for Do, to change something there. A
// change that needs more approvers than this names, beside who asks, can never
// run.
func (s *Snapshot) MayEver(v Verb, env string) (names []string) {
	r := Request{Org: s.org, Action: Action{Environment: env, Effect: Change}}
	tier := s.raised(Ceiling{Tier: s.Environments[env]}, "environment "+env, r.at()).Tier
	said := memo{}
	for id, p := range sorted(s.People) {
		who := person(s.org, id, p)
		d, _, err := s.rule(who, v, r, said)
		reaches := v != Do || min(s.roleCeiling(who, r.at()).Tier, tier) == Gated
		if err == nil && d.Outcome == Allow && reaches {
			names = append(names, who.Name)
		}
	}
	return names
}
