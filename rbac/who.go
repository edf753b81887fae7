package rbac

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Contact is a person as others can reach them.
type Contact struct {
	ID, Name string
	Chat     []Actor
	Why      string // what makes them the one to ask, in a few words
}

// Is tells whether an actor is this person, as that or by one of their accounts.
func (c Contact) Is(a Actor) bool {
	return a.identity() == (Actor{Platform: personal, ID: c.ID}) || slices.ContainsFunc(c.Chat, func(k Actor) bool { return k.identity() == a.identity() })
}

// String is the contact in one line, with ids to paste.
func (c Contact) String() string {
	ids := []string{ofPerson + c.ID}
	for _, a := range c.Chat {
		ids = append(ids, Identity(a))
	}
	s := c.Name + " (" + strings.Join(ids, ", ")
	if c.Why != "" {
		s += "; " + c.Why
	}
	return s + ")"
}

// Who are the people who hold a verb on an action, as of now, by id: of an
// approval without the one who asks and the authors. For Do they are those whose
// own request would not be denied.
func (e *Enforcer) Who(ctx context.Context, v Verb, r Request) []Contact {
	p, _ := e.policy(ctx, r.Org, Actor{Org: r.Org})
	s, ok := p.(*Snapshot)
	if !ok {
		return nil
	}
	if v != Do {
		return s.contacts(s.holders(v, r), v)
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(s.People)) {
		r.Actor = person(s.org, id, s.People[id])
		if decide(ctx, s, r).Outcome != Deny {
			ids = append(ids, id)
		}
	}
	return s.contacts(ids, v)
}

// Admins are those who can change what is configured.
func (e *Enforcer) Admins(ctx context.Context, org string) []Contact {
	p, _ := e.policy(ctx, org, Actor{Org: org})
	s, ok := p.(*Snapshot)
	if !ok {
		return nil
	}
	return s.contacts(s.admins, Do)
}

// contacts are in the order of the ids; who is away comes last.
func (s *Snapshot) contacts(ids []string, v Verb) (all []Contact) {
	ids = slices.Clone(ids)
	away := func(id string) int {
		if s.People[id].Away.After((Request{}).at()) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ids, func(a, b string) int { return away(a) - away(b) })
	for _, id := range ids {
		p := s.People[id]
		all = append(all, Contact{ID: id, Name: p.Name, Chat: p.Chat, Why: s.standing(id, p, v)})
	}
	return all
}

// standing says in a few words what makes somebody the one to ask.
func (s *Snapshot) standing(id string, p Person, v Verb) string {
	why := []string{s.origins(id)}
	if v == Approve {
		for _, of := range s.deputyOf[id] {
			if q := s.People[of]; (Request{}).at().Before(q.Away) {
				why = append(why, fmt.Sprintf("deputy of %s until %s", q.Name, q.Away.UTC().Format("2 January 15:04 MST")))
			}
		}
	}
	if (Request{}).at().Before(p.Away) {
		why = append(why, "away until "+p.Away.UTC().Format("2 January 15:04 MST"))
	}
	return strings.Join(why, "; ")
}
