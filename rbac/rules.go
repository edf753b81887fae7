package rbac

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"interlock/config"
)

// Rules is everything that a Snapshot decides by, as plain data, by Org.
type Rules struct{ Orgs map[string]OrgRules }

// OrgRules are the rules of one Org. What is not named in a map is not known,
// or at tier observe.
type OrgRules struct {
	People       map[string]Person
	Environments map[string]Tier
	Channels     map[string]Channel // by "platform:channel"
	Stacks       map[string]Stack
	Profiles     map[string]Profile
	Lines        []Line // beside those of the roles
}

// Person is one human. Chat holds their identities; Org and Name are not used.
type Person struct {
	Name  string
	Roles []string
	Chat  []Actor
	Off   bool
}

// Channel is a room and its ceiling. Title is for people.
type Channel struct {
	Title string
	Tier  Tier
}

// Stack is where a stack belongs. Rooms are the channels that may hear of it.
type Stack struct {
	Environment   string
	Rooms, Owners []string
}

// Profile is an agent type's ceiling and tool list.
type Profile struct {
	Tier  Tier
	Tools ToolList
}

// FromConfig reads the rules of every Org. more are people that were added
// while the bot ran, by Org and id; where they and the file name the same
// person or identity, the file wins.
func FromConfig(orgs map[string]config.Org, more map[string]map[string]config.Person) (Rules, error) {
	r := Rules{Orgs: map[string]OrgRules{}}
	var wrong []error
	for name, o := range orgs {
		rules, err := orgRules(o, more[name])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("organisation %s: %w", name, err))
		}
		r.Orgs[name] = rules
	}
	return r, errors.Join(wrong...)
}

func orgRules(o config.Org, more map[string]config.Person) (OrgRules, error) {
	r := OrgRules{
		People: people(o.People, more), Environments: map[string]Tier{}, Channels: map[string]Channel{},
		Stacks: map[string]Stack{}, Profiles: map[string]Profile{},
	}
	var wrong []error
	tier := func(what, name string) Tier {
		t, err := ParseTier(name)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", what, err))
		}
		return t
	}
	for name, e := range o.Environments {
		r.Environments[name] = tier("environment "+name, e.Tier)
	}
	for name, c := range o.Channels {
		r.Channels[name] = Channel{Title: c.Title, Tier: tier("channel "+name, c.Tier)}
	}
	for name, p := range o.Profiles {
		r.Profiles[name] = Profile{Tier: tier("profile "+name, p.Tier), Tools: ToolList{Allow: p.Allow, Deny: p.Deny}}
	}
	for name, s := range o.Stacks {
		r.Stacks[name] = Stack{Environment: s.Environment, Rooms: s.Rooms(), Owners: s.Owners}
	}
	return r, errors.Join(wrong...)
}

// people joins both kinds. An identity that the file gives to somebody is taken
// from whoever was added with it: two people behind one would be one alone.
func people(file, more map[string]config.Person) map[string]Person {
	all, taken := map[string]Person{}, map[config.Identity]bool{}
	for _, source := range []map[string]config.Person{file, more} {
		for _, id := range slices.Sorted(maps.Keys(source)) {
			if _, there := all[id]; there {
				continue
			}
			p := source[id]
			q := Person{Name: p.Name, Roles: p.Roles, Off: p.Off}
			if q.Name == "" {
				q.Name = id
			}
			for _, i := range p.Identities(id) {
				if _, fromFile := file[id]; fromFile || !taken[i] {
					q.Chat = append(q.Chat, Actor{Platform: i.Platform, Tenant: i.Tenant, ID: i.ID})
				}
				taken[i] = true
			}
			all[id] = q
		}
	}
	return all
}
