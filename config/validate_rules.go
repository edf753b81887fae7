package config

import (
	"slices"
	"strconv"
	"strings"
)

// fact is one thing that a rule says.
type fact struct{ who, act, on string }

func (c *checker) rules(key string, r *rights) {
	for i, rule := range r.Rules {
		k := join(key, strconv.Itoa(i))
		c.subject(join(k, "who"), rule.Who, r.Org)
		c.some(join(k, "may"), rule.May)
		c.some(join(k, "on"), rule.On)
		for _, act := range rule.May {
			c.known(join(k, "may"), "act", act, acts)
		}
		for _, on := range rule.On {
			c.on(join(k, "on"), on, r.Org)
		}
		if rule.Effect != "allow" && rule.Effect != "deny" {
			c.report(join(k, "effect"), "must be allow or deny, not %s", shown(rule.Effect))
		}
		c.idle(k, rule, r)
	}
	c.against(key, r.Org)
}

func (c *checker) some(key string, list []string) {
	if len(list) == 0 {
		c.report(key, "must name at least one")
	}
}

// on checks an object.
func (c *checker) on(key, text string, o Org) {
	kind, name, _ := strings.Cut(text, "/")
	switch {
	case text == "*":
	case kind == "stack":
		known(c, key, "stack", name, o.Stacks)
	case kind == "env":
		known(c, key, "environment", name, o.Environments)
	default:
		c.report(key, `%s must be "stack/NAME", "env/NAME" or "*"`, shown(text))
	}
}

// idle warns of a rule, or a part of one, that can never match.
func (c *checker) idle(key string, rule Rule, r *rights) {
	switch kind, name := subject(rule.Who); {
	case r.held[rule.Who]:
	case kind == "role" && slices.Contains(roles, name):
		c.warn(key, "can never match: nobody has the role %s", name)
	case kind == "group" && r.has(name):
		c.warn(key, "can never match: nobody is in group %s", name)
	case kind == "person" && r.People[name].Off:
		c.warn(key, "can never match: %s is switched off", name)
	}
	for _, on := range rule.On {
		for _, act := range rule.May {
			c.idleOn(key, act, on, rule.Effect, r.Org)
		}
	}
}

func (o Org) has(group string) bool {
	_, there := o.Groups[group]
	return there
}

func (c *checker) idleOn(key, act, on, effect string, o Org) {
	env := o.envOf(on)
	_, there := o.Environments[env]
	switch {
	case on != "*" && slices.Contains([]string{"ask", "answer", "stop"}, act):
		c.warn(key, `can never match: %s is not about %s; say on: ["*"]`, act, on)
	case strings.HasPrefix(on, "stack/") && (act == "freeze" || act == "thaw"):
		c.warn(key, "can never match: %s is about an environment, not about %s", act, on)
	case effect == "allow" && there && !o.reaches(env, act):
		c.warn(key, "can never match: environment %s is at tier %s, and %s needs %s", shown(env), o.ceiling(env), act, reach[act])
	}
}

// envOf is the environment of an object, or "".
func (o Org) envOf(on string) string {
	kind, name, _ := strings.Cut(on, "/")
	switch kind {
	case "env":
		return name
	case "stack":
		return o.Stacks[name].Environment
	}
	return ""
}

// against warns of rules that say what another one says, or the opposite.
func (c *checker) against(key string, o Org) {
	allowed, denied := map[fact]int{}, map[fact]int{} // to the first rule that says so
	for i, rule := range o.Rules {
		said := map[string]map[fact]int{"allow": allowed, "deny": denied}[rule.Effect]
		for _, f := range rule.facts() {
			if said == nil {
				continue // an effect that is refused
			}
			if first, there := said[f]; there && first != i {
				c.warn(join(key, strconv.Itoa(i)), "says the same as %s: %s %s on %s", c.rule(key, first), f.who, f.act, f.on)
			} else {
				said[f] = i
			}
		}
	}
	for i, rule := range o.Rules {
		for _, f := range rule.facts() {
			if d, there := o.covers(denied, f); there && rule.Effect == "allow" {
				c.warn(join(key, strconv.Itoa(max(i, d))), "contradicts %s: %s %s on %s; deny wins", c.rule(key, min(i, d)), f.who, f.act, f.on)
			}
		}
	}
}

func (r Rule) facts() (all []fact) {
	for _, act := range r.May {
		for _, on := range r.On {
			all = append(all, fact{r.Who, act, on})
		}
	}
	return all
}

// covers finds a fact that holds wherever f does: "*" is every act but break.
func (o Org) covers(said map[fact]int, f fact) (i int, there bool) {
	acts, objects := []string{f.act}, []string{f.on, "*"}
	if f.act != "break" {
		acts = append(acts, "*")
	}
	if env := o.envOf(f.on); env != "" {
		objects = append(objects, "env/"+env)
	}
	for _, act := range acts {
		for _, on := range objects {
			if i, there = said[fact{f.who, act, on}]; there {
				return i, true
			}
		}
	}
	return 0, false
}

// rule names an entry of a list for people.
func (c *checker) rule(key string, i int) string {
	if at := c.at[join(key, strconv.Itoa(i))]; at.line > 0 {
		return "the rule at line " + strconv.Itoa(at.line)
	}
	return "rule " + strconv.Itoa(i)
}
