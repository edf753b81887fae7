package config

import "strings"

// policy checks who may do what; key is empty when it stands in a file of its own.
func (c *checker) policy(key string, o Org) {
	r := o.rights()
	c.people(join(key, "people"), o)
	c.groups(join(key, "groups"), o)
	for _, name := range names(o.Environments) {
		k := join(join(key, "environments"), shown(name))
		c.name(k, "an environment", name)
		if name == "all" {
			c.report(k, "all is what a freeze calls every environment: choose another name")
		}
		c.oneOf(join(k, "tier"), "tier", o.Environments[name].Tier, tiers)
		c.approvable(k, name, r)
	}
	for _, name := range names(o.Channels) {
		k, ch := join(join(key, "channels"), shown(name)), o.Channels[name]
		c.room(k, name)
		c.oneOf(join(k, "tier"), "tier", ch.Tier, tiers)
		c.oneOf(join(k, "profile"), "profile", ch.Profile, names(o.Profiles))
	}
	c.rules(join(key, "rules"), r)
	c.raises(join(key, "raises"), o)
	c.approvals(join(key, "approvals"), r)
	c.limits(join(key, "limits"), o.Limits)
}

// serves checks a policy of its own against what the main file says of stacks:
// a change of the policy must not lose a stack its environment.
func (c *checker) serves(o Org) {
	for _, name := range names(o.Stacks) {
		s := o.Stacks[name]
		if _, known := o.Environments[s.Environment]; !known && s.Environment != "" {
			c.report("environments", "no environment %s, where stack %s is; known: %s", shown(s.Environment), name, list(names(o.Environments)))
		}
		for _, owner := range s.Owners {
			if _, known := o.People[owner]; !known {
				c.report("people", "no person %s, who owns stack %s; known: %s", shown(owner), name, list(names(o.People)))
			}
		}
		for _, room := range s.Rooms() {
			if _, known := o.Channels[room]; !known {
				c.warn("channels", "%s, where stack %s is spoken of, is not there, so it is at tier observe", shown(room), name)
			}
		}
	}
}

// approvable warns of an environment whose changes wait for somebody who is
// not there. Nobody approves what they asked for.
func (c *checker) approvable(key, name string, r *rights) {
	if r.ceiling(name) != "gated" {
		return
	}
	who := r.approvers(target{env: name}, nil)
	switch len(who) {
	case 0:
		c.warn(key, "nobody may approve changes in %s: give somebody the role approver or admin", shown(name))
	case 1:
		c.warn(key, "only %s may approve changes in %s: what needs two approvals, and what %s asks for, can never run", who[0], shown(name), who[0])
	}
}

// room checks "platform:channel".
func (c *checker) room(key, name string) {
	platform, channel, ok := strings.Cut(name, ":")
	if !ok || !word.MatchString(platform) || channel == "" || strings.ContainsFunc(channel, unprintable) {
		c.report(key, `a channel must be "platform:channel", for example "slack:C0123456789"`)
	}
}

func (c *checker) limits(key string, l Limits) {
	for _, one := range []struct {
		name string
		Limit
	}{{"person", l.Person}, {"channel", l.Channel}, {"org", l.Org}} {
		if one.Runs < 0 || one.Tokens < 0 {
			c.report(join(key, one.name), "runs (an hour) and tokens (a day) must be 0, which is no limit, or more")
		}
	}
}

// subject checks "person:ID", "role:NAME" or "group:NAME".
func (c *checker) subject(key, text string, o Org) {
	switch kind, name := subject(text); kind {
	case "person":
		known(c, key, kind, name, o.People)
	case "role":
		c.known(key, kind, name, roles)
	case "group":
		known(c, key, kind, name, o.Groups)
	default:
		c.report(key, `%s must be "person:ID", "role:NAME" or "group:NAME"`, shown(text))
	}
}

// known is oneOf, for what may not be empty either.
func (c *checker) known(key, what, value string, all []string) {
	if value == "" {
		c.report(key, "must not be empty; known: %s", list(all))
	}
	c.oneOf(key, what, value, all)
}

// known looks into a map, because there may be thousands.
func known[V any](c *checker, key, what, value string, all map[string]V) {
	if _, there := all[value]; !there {
		c.known(key, what, value, names(all))
	}
}
