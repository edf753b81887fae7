package rbac

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"interlock/config"
)

// Extra is what an Org learned while it ran. What the file says wins: of a person
// with the same id, and of an identity that it gives to somebody else.
type Extra struct {
	People     map[string]config.Person // by id
	Identities map[string][]Actor       // linked by people themselves, by the person's id
	Members    map[string][]string      // of groups outside, "slack:T1/S1" or "oidc:NAME": identities, or "person:ID"
	Freezes    []Freeze
}

// FromConfig reads the rules of an Org.
func FromConfig(o config.Org, x Extra) (OrgRules, error) {
	f := fromConfig{Org: o, extra: x, people: map[string]Person{}, owner: map[Actor]string{}}
	f.workspaces()
	f.configured()
	f.added()
	f.linked()
	r := OrgRules{
		People: f.people, Groups: f.groups(), Environments: map[string]Tier{}, Channels: map[string]Channel{},
		Stacks: map[string]Stack{}, Profiles: map[string]Profile{}, Lines: f.lines(), Approvals: f.approvals(),
		Raises: f.raises(), Freezes: x.Freezes, Workspaces: f.ours.Workspaces,
	}
	for name, e := range o.Environments {
		r.Environments[name] = f.tier("environment "+name, e.Tier)
	}
	for name, c := range o.Channels {
		r.Channels[name] = Channel{Title: c.Title, Tier: f.tier("channel "+name, c.Tier)}
	}
	for name, p := range o.Profiles {
		r.Profiles[name] = Profile{Tier: f.tier("profile "+name, p.Tier), Tools: ToolList{Allow: p.Allow, Deny: p.Deny}}
	}
	for name, s := range o.Stacks {
		r.Stacks[name] = Stack{Environment: s.Environment, Rooms: s.Rooms(), Owners: s.Owners}
	}
	return r, errors.Join(f.wrong...)
}

// fromConfig is one reading of an Org.
type fromConfig struct {
	config.Org
	extra  Extra
	ours   OrgRules // workspaces only
	people map[string]Person
	owner  map[Actor]string // whose an identity is
	wrong  []error
}

func (f *fromConfig) tier(what, name string) Tier {
	t, err := ParseTier(name)
	if err != nil {
		f.wrong = append(f.wrong, fmt.Errorf("%s: %w", what, err))
	}
	return t
}

// configured are the people of the file. An identity of two is an error of the
// policy, which is found later.
func (f *fromConfig) configured() {
	for id, p := range sorted(f.People) {
		q := f.person(id, p)
		for _, in := range p.Identities(id) {
			a := Actor{Platform: in.Platform, Tenant: in.Tenant, ID: in.ID}
			q.Chat, f.owner[a] = append(q.Chat, a), id
		}
		f.people[id] = q
	}
}

// added are the people whom somebody added while it ran.
func (f *fromConfig) added() {
	for id, p := range sorted(f.extra.People) {
		if _, there := f.people[id]; there {
			continue
		}
		f.people[id] = f.person(id, p)
		for _, in := range p.Identities(id) {
			f.give(id, Actor{Platform: in.Platform, Tenant: in.Tenant, ID: in.ID})
		}
	}
}

// linked are identities that people linked themselves.
func (f *fromConfig) linked() {
	for id, all := range sorted(f.extra.Identities) {
		if _, there := f.people[id]; there {
			for _, a := range all {
				f.give(id, a.identity())
			}
		}
	}
}

func (*fromConfig) person(id string, p config.Person) Person {
	return Person{Name: cmp.Or(p.Name, id), Roles: p.Roles, Off: p.Off, Away: p.Away.Until.UTC(), Deputy: p.Away.Deputy}
}

// give adds a learned identity to a person. It belongs to the first who has it, as
// two people behind one would be one alone, and to nobody when its workspace is
// none of the Org's any more.
func (f *fromConfig) give(id string, a Actor) {
	if _, taken := f.owner[a]; taken || !f.ours.ours(a) {
		return
	}
	p := f.people[id]
	p.Chat, f.owner[a] = append(p.Chat, a), id
	f.people[id] = p
}

// groups finds the members of each group, wherever they are named.
func (f *fromConfig) groups() map[string]Group {
	all := map[string]Group{}
	for name, g := range f.Groups {
		members := slices.Clone(g.People)
		for _, source := range g.Chat {
			members = append(members, f.members(source)...)
		}
		for _, source := range g.OIDC {
			members = append(members, f.members("oidc:"+source)...)
		}
		slices.Sort(members)
		all[name] = Group{Roles: g.Roles, Members: slices.Compact(members)}
	}
	return all
}

// members are the people of a group outside; whoever is not known here is none.
func (f *fromConfig) members(source string) (ids []string) {
	for _, m := range f.extra.Members[source] {
		id, named := strings.CutPrefix(m, ofPerson)
		if _, known := f.people[id]; named && known {
			ids = append(ids, id)
		}
		in, err := config.ParseIdentity(m)
		if named || err != nil {
			continue
		}
		if id, known := f.owner[Actor{Platform: in.Platform, Tenant: in.Tenant, ID: in.ID}]; known {
			ids = append(ids, id)
		}
	}
	return ids
}

func (f *fromConfig) lines() (all []Line) {
	for _, r := range f.Rules {
		for _, act := range r.May {
			for _, on := range r.On {
				all = append(all, Line{Subject: r.Who, Object: on, Act: act, Eft: r.Effect, Because: r.Because})
			}
		}
	}
	return all
}

func (f *fromConfig) approvals() (all []ApprovalRule) {
	for _, r := range f.Approvals.Rules {
		a := ApprovalRule{
			Name: r.Name, Environments: r.Environments, Stacks: r.Stacks, Kinds: r.Kinds, Resources: r.Resources, Destroys: r.Destroys,
			Need: Need{Count: max(1, r.Need), From: r.From, Rule: r.Name}, Expiry: r.Expiry, Urgent: r.Urgent,
		}
		for _, name := range r.Effects {
			e, err := ParseEffect(name)
			if err != nil {
				f.wrong = append(f.wrong, fmt.Errorf("approval rule %s: %w", r.Name, err))
			}
			a.Effects = append(a.Effects, e)
		}
		all = append(all, a)
	}
	return all
}

func (f *fromConfig) raises() (all []Raise) {
	for _, r := range f.Raises {
		of := ""
		for kind, name := range map[string]string{"environment ": r.Environment, "channel ": r.Channel, "profile ": r.Profile, "role ": r.Role} {
			if name != "" {
				of = kind + name
			}
		}
		all = append(all, Raise{Of: of, Tier: f.tier("raise of "+of, r.Tier), Until: r.Until.UTC(), Because: r.Because})
	}
	return all
}

func (f *fromConfig) workspaces() {
	for _, w := range f.Workspaces {
		platform, tenant, _ := strings.Cut(w, ":")
		f.ours.Workspaces = append(f.ours.Workspaces, Workspace{platform, tenant})
	}
}
