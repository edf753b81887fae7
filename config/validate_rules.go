package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *checker) rules(key string, o Org) {
	type fact struct{ who, act, on string }
	said := map[fact]map[string]int{} // effect to the first rule that says it
	for i, r := range o.Rules {
		k := join(key, strconv.Itoa(i))
		c.who(join(k, "who"), r.Who, o)
		c.some(join(k, "may"), r.May)
		c.some(join(k, "on"), r.On)
		for _, act := range r.May {
			c.oneOf(join(k, "may"), "act", act, acts)
		}
		for _, on := range r.On {
			c.on(join(k, "on"), on, o)
		}
		if r.Effect != "allow" && r.Effect != "deny" {
			c.report(join(k, "effect"), "must be allow or deny, not %s", shown(r.Effect))
		}
		c.idle(k, r, o)
		for _, act := range r.May {
			for _, on := range r.On {
				f := fact{r.Who, act, on}
				if said[f] == nil {
					said[f] = map[string]int{}
				}
				for effect, first := range said[f] {
					if effect == r.Effect {
						c.warn(k, "says the same as the rule at line %d: %s %s on %s", c.line(key, first), r.Who, act, on)
					} else {
						c.warn(k, "contradicts the rule at line %d: %s %s on %s; deny wins", c.line(key, first), r.Who, act, on)
					}
				}
				if _, there := said[f][r.Effect]; !there {
					said[f][r.Effect] = i
				}
			}
		}
	}
}

// line is where an entry of a list stands.
func (c *checker) line(key string, i int) int { return c.at[join(key, strconv.Itoa(i))].line }

func (c *checker) some(key string, list []string) {
	if len(list) == 0 {
		c.report(key, "must name at least one")
	}
}

// who checks a subject.
func (c *checker) who(key, text string, o Org) {
	switch kind, name := subject(text); kind {
	case "person":
		c.known(key, "person", name, names(o.People))
	case "role":
		c.known(key, "role", name, roles)
	case "group":
		c.known(key, "group", name, names(o.Groups))
	default:
		c.report(key, `%s must be "person:ID", "role:NAME" or "group:NAME"`, shown(text))
	}
}

// known is oneOf, for what may not be empty either.
func (c *checker) known(key, what, value string, all []string) {
	if !slices.Contains(all, value) {
		c.report(key, "no %s %s; known: %s", what, strconv.Quote(value), list(all))
	}
}

// on checks an object.
func (c *checker) on(key, text string, o Org) {
	kind, name, _ := strings.Cut(text, "/")
	switch {
	case text == "*":
	case kind == "stack":
		c.known(key, "stack", name, names(o.Stacks))
	case kind == "env":
		c.known(key, "environment", name, names(o.Environments))
	default:
		c.report(key, `%s must be "stack/NAME", "env/NAME" or "*"`, shown(text))
	}
}

// idle warns of a rule that can never match.
func (c *checker) idle(key string, r Rule, o Org) {
	if kind, name := subject(r.Who); (kind == "role" || kind == "group") && !o.outside([]string{r.Who}) && !slices.ContainsFunc(names(o.People), func(id string) bool { return o.is(id, []string{r.Who}) }) {
		c.warn(key, "can never match: nobody is in %s %s", kind, name)
	}
	if r.Effect != "allow" {
		return
	}
	for _, on := range r.On {
		env := o.envOf(on)
		tier, known := o.Environments[env]
		if !known {
			continue
		}
		for _, act := range r.May {
			if need, is := reach[act]; is && slices.Index(tiers, tier.Tier) < slices.Index(tiers, need) && !o.lifted(env) {
				c.warn(key, "can never match: environment %s is at tier %s, and %s needs %s", env, orObserve(tier.Tier), act, need)
			}
		}
	}
}

// reach is the lowest tier at which an effect is possible.
var reach = map[string]string{"edit": "recommend", "propose": "draft", "execute": "sandbox", "change": "gated", "destroy": "gated"}

func orObserve(tier string) string {
	if tier == "" {
		return "observe"
	}
	return tier
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

func (o Org) lifted(env string) bool {
	return slices.ContainsFunc(o.Raises, func(r Raise) bool { return r.Environment == env })
}

// longestRaise is what is no exception any more.
const longestRaise = 90 * 24 * time.Hour

// raises checks that each is explicit, dated and has a reason.
func (c *checker) raises(key string, o Org) {
	for i, r := range o.Raises {
		k := join(key, strconv.Itoa(i))
		of, was := c.raised(k, r, o)
		if of != 1 {
			c.report(k, "must name exactly one of environment, channel, profile and role")
		}
		c.known(join(k, "tier"), "tier", r.Tier, tiers)
		switch left := time.Until(r.Until); {
		case r.Until.IsZero():
			c.report(join(k, "until"), "needs a date: a raise ends")
		case left <= 0:
			c.warn(k, "is over since %s: take it out", r.Until.UTC().Format(time.DateOnly))
		case left > longestRaise:
			c.warn(k, "lasts until %s: what lasts that long should be the tier itself", r.Until.UTC().Format(time.DateOnly))
		}
		if strings.TrimSpace(r.Because) == "" {
			c.report(join(k, "because"), "needs a reason")
		}
		if of == 1 && was != "" && slices.Index(tiers, r.Tier) <= slices.Index(tiers, was) {
			c.warn(k, "lifts nothing: it is at %s already", was)
		}
	}
}

// raised counts what a raise names, and gives the tier that it lifts.
func (c *checker) raised(key string, r Raise, o Org) (n int, was string) {
	for _, one := range []struct{ name, what, tier string }{
		{r.Environment, "environment", orObserve(o.Environments[r.Environment].Tier)},
		{r.Channel, "channel", orObserve(o.Channels[r.Channel].Tier)},
		{r.Profile, "profile", orObserve(o.Profiles[r.Profile].Tier)},
		{r.Role, "role", map[string]string{"viewer": "observe", "approver": "observe", "breakglass": "observe", "operator": "gated", "admin": "gated"}[r.Role]},
	} {
		if one.name == "" {
			continue
		}
		n, was = n+1, one.tier
		all := map[string][]string{"environment": names(o.Environments), "channel": names(o.Channels), "profile": names(o.Profiles), "role": roles}[one.what]
		c.known(join(key, one.what), one.what, one.name, all)
	}
	return n, was
}

func (c *checker) limits(key string, l Limits) {
	for name, one := range map[string]Limit{"person": l.Person, "channel": l.Channel, "org": l.Org} {
		if one.Runs < 0 || one.Tokens < 0 {
			c.report(join(key, name), "runs (an hour) and tokens (a day) must be 0, which is no limit, or more")
		}
	}
}

// Parse gives quiet hours as times of day; without any, the zone is nil.
func (q Quiet) Parse() (from, until time.Duration, zone *time.Location, err error) {
	if q.From == "" && q.Until == "" {
		return 0, 0, nil, nil
	}
	if from, err = clock(q.From); err != nil {
		return 0, 0, nil, fmt.Errorf("from: %w", err)
	}
	if until, err = clock(q.Until); err != nil {
		return 0, 0, nil, fmt.Errorf("until: %w", err)
	}
	if zone, err = time.LoadLocation(q.Timezone); err != nil || q.Timezone == "Local" {
		return 0, 0, nil, fmt.Errorf("timezone: no time zone %s; write it as Europe/Berlin or UTC", shown(q.Timezone))
	}
	return from, until, zone, nil
}

func clock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("must be HH:MM, not %s", shown(text))
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
