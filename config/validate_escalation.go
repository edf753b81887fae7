package config

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Bounds of chains and rotas: what comes a week later is no escalation, and a turn
// of a season is no rota.
const (
	longestDelay  = 7 * 24 * time.Hour
	longestTurn   = 91 * 24 * time.Hour
	mostRungs     = 20
	mostAddresses = 10
)

// escalation checks chains, rotas, and who names them.
func (c *checker) escalation(key string, o Org) {
	for _, name := range names(o.Chains) {
		k := join(join(key, "chains"), shown(name))
		c.name(k, "a chain", name)
		c.chain(k, o.Chains[name], o)
	}
	for _, name := range names(o.Rotas) {
		k := join(join(key, "rotas"), shown(name))
		c.name(k, "a rota", name)
		c.rota(k, o.Rotas[name], o)
	}
	for _, name := range names(o.Stacks) {
		if chain := o.Stacks[name].Chain; chain != "" {
			known(c, join(join(join(key, "stacks"), shown(name)), "chain"), "chain", chain, o.Chains)
		}
	}
}

// chain checks that it ends with somebody: a channel alone answers nobody.
func (c *checker) chain(key string, rungs Chain, o Org) {
	if len(rungs) == 0 {
		c.report(key, "a chain without a step tells nobody: name who is told, and after how long")
		return
	}
	if len(rungs) > mostRungs {
		c.report(key, "has more than %d steps", mostRungs)
	}
	for i, r := range rungs {
		k := join(key, strconv.Itoa(i))
		switch {
		case r.After < 0 || r.After > longestDelay:
			c.report(join(k, "after"), "must be from 0 to %s", longestDelay)
		case i > 0 && r.After <= rungs[i-1].After:
			c.report(join(k, "after"), "counts from the beginning, so it must be more than the %s of the step before", rungs[i-1].After)
		}
		if len(r.To) == 0 || len(r.To) > mostAddresses {
			c.report(join(k, "to"), "must name from 1 to %d addresses", mostAddresses)
		}
		for _, to := range r.To {
			c.callee(join(k, "to"), to, o)
		}
	}
	if !slices.ContainsFunc(rungs, func(r Rung) bool { return len(r.To) == 0 || slices.ContainsFunc(r.To, hasCard) }) {
		c.report(key, "only services are told, so nobody has a card to take it on: name a channel, a person or a rota, too")
	}
	last := rungs[len(rungs)-1].To
	if len(last) > 0 && !slices.ContainsFunc(last, reachesSomebody) {
		c.report(join(key, strconv.Itoa(len(rungs)-1)), "a chain without an end: its last step must name a person, a rota or a service, not only channels")
	}
}

// hasCard tells whether an address can have a card with buttons; an empty step is
// another mistake.
func hasCard(to string) bool {
	kind, _ := Address(to)
	return kind != "service"
}

func reachesSomebody(to string) bool {
	kind, _ := Address(to)
	return kind != "room"
}

// callee checks one address of a chain.
func (c *checker) callee(key, to string, o Org) {
	switch kind, name := Address(to); kind {
	case "oncall", "deputy":
		known(c, key, "rota", name, o.Rotas)
	case "service":
		known(c, key, "service", name, o.Notify.Services)
	case "person":
		c.reachable(key, name, o)
	case "chain":
		c.report(key, "%s: a chain cannot call a chain", shown(to))
	default:
		c.room(key, to)
		if _, there := o.Channels[to]; !there && o.PolicyFrom != FromDatabase {
			c.report(key, "no channel %s; name it in channels, or write oncall:ROTA, deputy:ROTA, person:ID or service:NAME", shown(to))
		}
	}
}

// reachable checks that somebody is there to be called.
func (c *checker) reachable(key, id string, o Org) {
	if o.PolicyFrom == FromDatabase {
		return // whoever is not there when they are called is told of then
	}
	known(c, key, "person", id, o.People)
	if o.People[id].Off {
		c.report(key, "%s is switched off, so nobody would be called", shown(id))
	}
}

func (c *checker) rota(key string, r Rota, o Org) {
	if r.Deputy != "" {
		c.reachable(join(key, "deputy"), r.Deputy, o)
	}
	if r.PagerDuty != "" {
		c.pagerDuty(key, r)
		return
	}
	if len(r.People) == 0 {
		c.report(join(key, "people"), "a rota without people has nobody on call: name them in the order of their turns, or the schedule of pagerduty")
	}
	for _, id := range r.People {
		c.reachable(join(key, "people"), id, o)
		if p := o.People[id]; p.Away.Until.After(time.Now()) {
			c.warn(join(key, "people"), "%s is away until %s: %s is called meanwhile", shown(id), p.Away.Until.Format(time.RFC3339), shown(p.Away.Deputy))
		}
	}
	if r.Every < time.Hour || r.Every > longestTurn || r.Every%time.Hour != 0 {
		c.report(join(key, "every"), "must be whole hours, from 1h to %s; 168h is a week", longestTurn)
	}
	if _, err := time.LoadLocation(r.Timezone); err != nil || r.Timezone == "Local" {
		c.report(join(key, "timezone"), "no time zone %s; write it as Europe/Berlin or UTC", shown(r.Timezone))
	} else if _, err := r.Begins(); err != nil {
		c.report(join(key, "starts"), "%v", err)
	}
	if r.Key.Set() || r.URL != "" {
		c.report(key, "key and url say nothing without pagerduty")
	}
	c.swaps(join(key, "swaps"), r.Swaps, o)
}

func (c *checker) pagerDuty(key string, r Rota) {
	if len(r.People)+len(r.Swaps) > 0 || r.Starts != "" || r.Every != 0 {
		c.report(key, "people, starts, every and swaps stand in PagerDuty's schedule: leave them or pagerduty out")
	}
	if !r.Key.Set() {
		c.report(join(key, "key"), "must hold the key of PagerDuty's API, as env:NAME or file:PATH")
	}
	if u, err := url.Parse(r.URL); r.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "127.0.0.1") {
		c.report(join(key, "url"), "must begin with https://")
	}
}

// swaps checks that each is a time, and that no two are at once.
func (c *checker) swaps(key string, all []Swap, o Org) {
	for i, s := range all {
		k := join(key, strconv.Itoa(i))
		c.reachable(join(k, "person"), s.Person, o)
		if s.From.IsZero() || !s.Until.After(s.From) {
			c.report(k, "until must be after from, or there is a gap")
		}
	}
	byTime := slices.SortedFunc(slices.Values(all), func(a, b Swap) int { return cmp.Or(a.From.Compare(b.From), a.Until.Compare(b.Until)) })
	for i := range byTime {
		if i > 0 && byTime[i].From.Before(byTime[i-1].Until) {
			c.report(key, "%s and %s are swapped in at once", shown(byTime[i-1].Person), shown(byTime[i].Person))
		}
	}
}
