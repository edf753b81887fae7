package config

import (
	"slices"
	"strings"
)

// people checks that a chat identity belongs to one person: two people behind
// one would make four eyes of one pair.
func (c *checker) people(key string, o Org) {
	owner := map[Identity]string{}
	for _, id := range names(o.People) {
		k, p := join(key, shown(id)), o.People[id]
		c.name(k, "a person", id)
		for _, r := range p.Roles {
			c.known(join(k, "roles"), "role", r, roles)
		}
		c.away(join(k, "away"), id, p.Away, o)
		for _, text := range p.Chat {
			if i, err := ParseIdentity(text); err != nil {
				c.report(join(k, "chat"), "%s: %v", shown(text), err)
			} else if i.Platform == "person" || i.Platform == "schedule" {
				c.report(join(k, "chat"), "%s: no chat is called %s", shown(text), i.Platform)
			} else if !o.ours(i) {
				c.report(join(k, "chat"), "%s is of none of the workspaces of this organisation (%s)", shown(text), list(o.Workspaces))
			}
		}
		for _, i := range p.Identities(id) {
			if other, taken := owner[i]; taken && other != id {
				c.report(join(k, "chat"), "%s is also %s: an identity belongs to one person", i.text(), other)
			}
			owner[i] = id
		}
	}
}

func (i Identity) text() string {
	if i.Tenant == "" {
		return i.Platform + ":" + i.ID
	}
	return i.Platform + ":" + i.Tenant + "/" + i.ID
}

// ours tells whether an identity is of a workspace of the Org: of any, when none
// of its platform is named.
func (o Org) ours(i Identity) bool {
	return !slices.ContainsFunc(o.Workspaces, func(w string) bool { return strings.HasPrefix(w, i.Platform+":") }) ||
		slices.Contains(o.Workspaces, i.Platform+":"+i.Tenant)
}

// workspaces checks that each belongs to one Org.
func (c *checker) workspaces(orgs map[string]Org) {
	owner := map[string]string{}
	for _, name := range names(orgs) {
		key := join(join("orgs", shown(name)), "workspaces")
		for _, w := range orgs[name].Workspaces {
			platform, tenant, ok := strings.Cut(w, ":")
			if !ok || !word.MatchString(platform) || tenant == "" || strings.ContainsFunc(tenant, unprintable) {
				c.report(key, `%s: must be "platform:tenant", for example "slack:T0123456789"`, shown(w))
			}
			if other, taken := owner[w]; taken {
				c.report(key, "%s is also of %s: a workspace belongs to one organisation", shown(w), other)
			}
			owner[w] = name
		}
	}
}

func (c *checker) groups(key string, o Org) {
	for _, name := range names(o.Groups) {
		k, g := join(key, shown(name)), o.Groups[name]
		c.name(k, "a group", name)
		for _, r := range g.Roles {
			c.known(join(k, "roles"), "role", r, roles)
		}
		for _, id := range g.People {
			known(c, join(k, "people"), "person", id, o.People)
		}
		for _, text := range g.Chat {
			if i, err := ParseIdentity(text); err != nil || i.Tenant == "" {
				c.report(join(k, "chat"), `%s: a user group is "platform:tenant/id"`, shown(text))
			} else if !o.ours(i) {
				c.report(join(k, "chat"), "%s is of none of the workspaces of this organisation (%s)", shown(text), list(o.Workspaces))
			}
		}
		if slices.Contains(g.OIDC, "") {
			c.report(join(k, "oidc"), "names an empty group")
		}
		if len(g.People)+len(g.Chat)+len(g.OIDC) == 0 {
			c.warn(k, "nobody can be in this group: name people, or groups of a chat (chat) or of the identity provider (oidc)")
		}
	}
}

func (c *checker) away(key, id string, a Away, o Org) {
	deputy, known := o.People[a.Deputy]
	switch {
	case a == Away{}:
	case a.Deputy == "" || a.Until.IsZero():
		c.report(key, "needs both until and deputy")
	case a.Deputy == id:
		c.report(join(key, "deputy"), "nobody is their own deputy")
	case !known:
		c.known(join(key, "deputy"), "person", a.Deputy, names(o.People))
	case deputy.Off:
		c.report(join(key, "deputy"), "%s is switched off", a.Deputy)
	}
}
