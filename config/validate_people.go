package config

import (
	"slices"
	"strings"
)

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
			c.oneOf(join(k, "roles"), "role", r, roles)
		}
		for _, id := range g.People {
			c.oneOf(join(k, "people"), "person", id, names(o.People))
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
		c.oneOf(join(key, "deputy"), "person", a.Deputy, names(o.People))
	case deputy.Off:
		c.report(join(key, "deputy"), "%s is switched off", a.Deputy)
	}
}

// rolesOf are a person's, with those of the groups that name them.
func (o Org) rolesOf(id string) (all []string) {
	all = slices.Clone(o.People[id].Roles)
	for _, name := range names(o.Groups) {
		if slices.Contains(o.Groups[name].People, id) {
			all = append(all, o.Groups[name].Roles...)
		}
	}
	return all
}

// outside tells whether people outside this file may be in one of the subjects:
// then nothing can be said of how many they are.
func (o Org) outside(subjects []string) bool {
	for _, name := range names(o.Groups) {
		g := o.Groups[name]
		if len(g.Chat)+len(g.OIDC) == 0 {
			continue
		}
		if len(subjects) == 0 || slices.Contains(subjects, "group:"+name) || slices.ContainsFunc(g.Roles, func(r string) bool { return slices.Contains(subjects, "role:"+r) }) {
			return true
		}
	}
	return false
}

// is tells whether a person is one of the subjects.
func (o Org) is(id string, subjects []string) bool {
	return slices.ContainsFunc(subjects, func(s string) bool {
		switch kind, name := subject(s); kind {
		case "person":
			return name == id
		case "role":
			return slices.Contains(o.rolesOf(id), name)
		case "group":
			return slices.Contains(o.Groups[name].People, id)
		}
		return false
	})
}

// approvers may approve changes in an environment, as far as this file tells.
func (o Org) approvers(env string) (ids []string) {
	for _, id := range names(o.People) {
		if held := o.rolesOf(id); !o.People[id].Off && (slices.Contains(held, "approver") || slices.Contains(held, "admin") || o.ruled(id, env, "allow")) && !o.ruled(id, env, "deny") {
			ids = append(ids, id)
		}
	}
	return ids
}

// ruled tells whether a rule of its own lets a person approve there, or denies it.
func (o Org) ruled(id, env, effect string) bool {
	return slices.ContainsFunc(o.Rules, func(r Rule) bool {
		return r.Effect == effect && o.is(id, []string{r.Who}) && (slices.Contains(r.May, "approve") || slices.Contains(r.May, "*")) &&
			(slices.Contains(r.On, "*") || slices.Contains(r.On, "env/"+env))
	})
}
