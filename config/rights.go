package config

import (
	"slices"
	"strings"
	"time"
)

// rights is what can be said of people's rights by the configuration alone. Whom
// a chat or an identity provider puts into a group is known only later, so most
// is what a person may be at most, and sure what they are whatever comes.
type rights struct {
	Org
	on         []string            // the people who are not off, sorted
	sure, most map[string][]string // by person: "person:ID", "group:NAME", "role:NAME"
	held       map[string]bool     // subjects that somebody who is not off may be
	may        map[target][]string // who may approve, as far as somebody asked
}

func (o Org) rights() *rights {
	r := &rights{Org: o, sure: map[string][]string{}, most: map[string][]string{}, held: map[string]bool{}, may: map[target][]string{}}
	for _, id := range names(o.People) {
		if o.People[id].Off {
			continue
		}
		r.on = append(r.on, id)
		r.sure[id], r.most[id] = o.subjects(id, false), o.subjects(id, true)
		for _, s := range r.most[id] {
			r.held[s] = true
		}
	}
	return r
}

// subjects are what rules may call a person: with outside, also by the groups
// whose members are not all named here.
func (o Org) subjects(id string, outside bool) (all []string) {
	all = []string{"person:" + id}
	given := slices.Clone(o.People[id].Roles)
	for _, name := range names(o.Groups) {
		g := o.Groups[name]
		if slices.Contains(g.People, id) || outside && len(g.Chat)+len(g.OIDC) > 0 {
			all, given = append(all, "group:"+name), append(given, g.Roles...)
		}
	}
	for _, role := range given {
		all = append(all, "role:"+role)
	}
	return all
}

// subject parts "kind:name".
func subject(text string) (kind, name string) {
	kind, name, ok := strings.Cut(text, ":")
	if !ok {
		return "", text
	}
	return kind, name
}

// target is what an approval is about; without a stack, the environment alone.
type target struct{ env, stack string }

func (t target) String() string {
	if t.stack == "" {
		return shown(t.env)
	}
	return shown(t.env) + ", on " + shown(t.stack)
}

// objects are what rules may call it.
func (t target) objects() []string {
	all := []string{"*", "env/" + t.env}
	if t.stack != "" {
		all = append(all, "stack/"+t.stack)
	}
	return all
}

// approvers may approve a target at most. from narrows whose approval counts;
// empty is anybody's.
func (r *rights) approvers(t target, from []string) (ids []string) {
	if _, asked := r.may[t]; !asked {
		r.may[t] = r.able(t, []string{"role:approver", "role:admin"}, "approve")
	}
	for _, id := range r.may[t] {
		if len(from) == 0 || meet(r.most[id], from) {
			ids = append(ids, id)
		}
	}
	return ids
}

// askers are those who could ask for a live change of a target.
func (r *rights) askers(t target) []string {
	return r.able(t, []string{"role:operator", "role:admin"}, "change", "destroy")
}

// able are the people who could do one of the acts, by one of the roles or by a
// rule, as long as no rule denies all of them.
func (r *rights) able(t target, by []string, acts ...string) (ids []string) {
	by = append(by, r.named(t, "allow", append(acts, "*"))...)
	denied := r.named(t, "deny", []string{"*"})
	if len(acts) == 1 {
		denied = append(denied, r.named(t, "deny", acts)...)
	}
	for _, id := range r.on {
		if meet(r.most[id], by) && !meet(r.sure[id], denied) {
			ids = append(ids, id)
		}
	}
	return ids
}

// named are the subjects of rules about one of the acts on a target.
func (r *rights) named(t target, effect string, acts []string) (who []string) {
	objects := t.objects()
	for _, rule := range r.Rules {
		if rule.Effect == effect && meet(rule.On, objects) && meet(rule.May, acts) && !slices.Contains(who, rule.Who) {
			who = append(who, rule.Who)
		}
	}
	return who
}

// meet tells whether two lists share something.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// ceiling is the tier of an environment, as a raise lifts it now.
func (o Org) ceiling(env string) string {
	tier := orObserve(o.Environments[env].Tier)
	for _, r := range o.Raises {
		if r.Environment == env && time.Now().Before(r.Until) && rank(r.Tier) > rank(tier) {
			tier = r.Tier
		}
	}
	return tier
}

// reach is the lowest tier at which an effect is possible.
var reach = map[string]string{
	"read": "observe", "edit": "recommend", "propose": "draft", "execute": "sandbox", "change": "gated", "destroy": "gated",
}

// reaches tells whether an effect is possible in an environment.
func (o Org) reaches(env, effect string) bool { return rank(o.ceiling(env)) >= rank(reach[effect]) }

// rank orders tiers; one that is not known is below all.
func rank(tier string) int { return slices.Index(tiers, tier) }

func orObserve(tier string) string {
	if tier == "" {
		return "observe"
	}
	return tier
}
