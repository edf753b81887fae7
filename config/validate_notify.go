package config

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	serviceKinds = []string{Mail, Opsgenie, PagerDuty, Webhook}
	severities   = []string{"info", "warning", "action", "urgent"}
	tlsKinds     = []string{"starttls", "tls", "none"}
)

// Bounds of what a rule waits: longer, and nobody remembers why it is silent.
const (
	longestDedup = 7 * 24 * time.Hour
	longestGroup = time.Hour
)

func (c *checker) notify(key string, o Org) {
	n := o.Notify
	for _, name := range names(n.Services) {
		k := join(join(key, "services"), shown(name))
		c.name(k, "a service", name)
		c.service(k, n.Services[name])
	}
	for i, r := range n.Rules {
		c.notifyRule(join(join(key, "rules"), strconv.Itoa(i)), r, o)
	}
	for _, id := range names(n.People) {
		c.preference(join(join(key, "people"), shown(id)), id, n.People[id], o)
	}
	for _, to := range n.Admins {
		c.target(join(key, "admins"), to, o)
	}
}

func (c *checker) notifyRule(key string, r NotifyRule, o Org) {
	for _, t := range r.Types {
		if !matchesAny(t, noticeTypes) {
			c.report(join(key, "types"), "no type matches %s; known: %s", shown(t), list(noticeTypes))
		}
	}
	c.oneOf(join(key, "severity"), "severity", r.Severity, severities)
	for _, s := range r.Stacks {
		if !matchesAny(s, names(o.Stacks)) {
			c.report(join(key, "stacks"), "no stack matches %s; known: %s", shown(s), list(names(o.Stacks)))
		}
	}
	for _, e := range r.Environments {
		if o.PolicyFrom == "" {
			known(c, join(key, "environments"), "environment", e, o.Environments)
		}
	}
	for _, t := range r.Teams {
		c.known(join(key, "teams"), "team", t, o.teams())
	}
	if len(r.To) == 0 {
		c.report(join(key, "to"), "must name who is told")
	}
	for _, to := range r.To {
		c.target(join(key, "to"), to, o)
	}
	if r.Dedup < 0 || r.Dedup > longestDedup {
		c.report(join(key, "dedup"), "must be from 0, which tells everything, to 168h")
	}
	if r.Group < 0 || r.Group > longestGroup {
		c.report(join(key, "group"), "must be from 0, which gathers nothing, to 1h")
	}
	c.quietHours(join(key, "quiet"), r.Quiet)
	c.neverMatches(key, r, o)
}

// neverMatches warns of a rule whose parts exclude each other.
func (c *checker) neverMatches(key string, r NotifyRule, o Org) {
	if len(r.Stacks) == 0 || len(r.Environments)+len(r.Teams) == 0 {
		return
	}
	for name, s := range o.Stacks {
		if anyMatch(r.Stacks, name) && (len(r.Environments) == 0 || slices.Contains(r.Environments, s.Environment)) &&
			(len(r.Teams) == 0 || slices.Contains(r.Teams, s.Team)) {
			return
		}
	}
	c.warn(key, "can never match: none of its stacks is in one of its environments and of one of its teams")
}

func (c *checker) quietHours(key string, q Quiet) {
	from, until, zone, err := q.Parse()
	switch {
	case err != nil:
		c.report(key, "%v", err)
	case zone != nil && from == until:
		c.report(key, "from and until must differ: nothing would ever be told")
	}
}

func (c *checker) preference(key, id string, p Preference, o Org) {
	if o.PolicyFrom == "" {
		known(c, key, "person", id, o.People)
	}
	if p.Mail != "" {
		c.mailbox(join(key, "mail"), p.Mail)
	}
	if slices.Contains(p.Via, Mail) && p.Mail == "" {
		c.report(join(key, "mail"), "must be set, because via names mail")
	}
	if p.Mail != "" && !o.Notify.mails() {
		c.report(join(key, "mail"), "needs a service of kind mail in notify.services")
	}
	for _, t := range p.Mute {
		if !matchesAny(t, noticeTypes) {
			c.report(join(key, "mute"), "no type matches %s; known: %s", shown(t), list(noticeTypes))
		}
	}
	c.oneOf(join(key, "least"), "severity", p.Least, severities)
	c.quietHours(join(key, "quiet"), p.Quiet)
}

// Target tells what is wrong with an address of who is told in an Org.
func (c *Config) Target(org, to string) error {
	k := &checker{places: &places{}}
	k.target("", to, c.Orgs[org])
	return k.wrong.err()
}

// target checks one address of who is told.
func (c *checker) target(key, to string, o Org) {
	kind, name, _ := strings.Cut(to, ":")
	switch kind {
	case "person":
		if o.PolicyFrom == "" {
			known(c, key, "person", name, o.People)
		}
	case "service":
		known(c, key, "service", name, o.Notify.Services)
		if s := o.Notify.Services[name]; s.Kind == Mail && len(s.To) == 0 {
			c.report(key, "service %s has nobody to write to: set its to", name)
		}
	case "chain":
		known(c, key, "chain", name, o.Chains)
	default:
		c.room(key, to)
		if _, there := o.Channels[to]; o.PolicyFrom == "" && !there && !o.stackRoom(to) && strings.Contains(to, ":") {
			c.known(key, "room", to, names(o.Channels))
		}
	}
}

func (o Org) stackRoom(room string) bool {
	for _, s := range o.Stacks {
		if slices.Contains(s.Rooms(), room) {
			return true
		}
	}
	return false
}

func (n Notify) mails() bool {
	for _, s := range n.Services {
		if s.Kind == Mail {
			return true
		}
	}
	return false
}

func (o Org) teams() (all []string) {
	for _, s := range o.Stacks {
		if s.Team != "" && !slices.Contains(all, s.Team) {
			all = append(all, s.Team)
		}
	}
	slices.Sort(all)
	return all
}

func matchesAny(pattern string, all []string) bool {
	return slices.ContainsFunc(all, func(s string) bool { return anyMatch([]string{pattern}, s) })
}

func anyMatch(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, s)
		return err == nil && ok
	})
}
