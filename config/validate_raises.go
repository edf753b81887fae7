package config

import (
	"strconv"
	"strings"
	"time"
)

// longestRaise is what is no exception any more.
const longestRaise = 90 * 24 * time.Hour

// roleTiers are the ceilings of roles, which a raise can lift.
var roleTiers = map[string]string{"viewer": "observe", "operator": "gated", "approver": "observe", "admin": "gated", "breakglass": "observe"}

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
		if of == 1 && rank(r.Tier) >= 0 && rank(r.Tier) <= rank(was) {
			c.warn(k, "lifts nothing: it is at %s already", was)
		}
	}
}

// raised counts what a raise names, and gives the tier that it lifts; "" is not
// known.
func (c *checker) raised(key string, r Raise, o Org) (n int, was string) {
	if r.Environment != "" {
		known(c, join(key, "environment"), "environment", r.Environment, o.Environments)
		n, was = n+1, orObserve(o.Environments[r.Environment].Tier)
	}
	if r.Channel != "" {
		known(c, join(key, "channel"), "channel", r.Channel, o.Channels)
		n, was = n+1, orObserve(o.Channels[r.Channel].Tier)
	}
	if r.Profile != "" {
		known(c, join(key, "profile"), "profile", r.Profile, o.Profiles)
		n, was = n+1, orObserve(o.Profiles[r.Profile].Tier)
	}
	if r.Role != "" {
		known(c, join(key, "role"), "role", r.Role, roleTiers)
		n, was = n+1, roleTiers[r.Role]
	}
	return n, was
}
