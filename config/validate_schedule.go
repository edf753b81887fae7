package config

import (
	"path"
	"slices"
	"strings"
	"time"
)

var (
	scanners = []string{"checkov", "trivy", "tflint"}
	missed   = []string{"skip", "once", "all"}
)

// mostJitter and mostCatchUp bound what a burst can be spread over, and what can be
// made up for.
const (
	mostJitter  = 6 * time.Hour
	mostCatchUp = 100
	mostTries   = 10
	mostWait    = time.Hour
)

// watch is the name that schedules of stacks begin with.
const watch = "watch"

func (c *checker) schedules(key string, o Org) {
	for _, name := range names(o.Stacks) {
		c.oneOf(join(join(join(key, "stacks"), shown(name)), "watch"), "preset", o.Stacks[name].Watch, names(presets))
	}
	for _, name := range names(o.Schedules) {
		k := join(join(key, "schedules"), shown(name))
		c.name(k, "a schedule", name)
		if name == watch {
			c.report(k, "is how the schedules of stacks with watch are called; choose another name")
		}
		c.schedule(k, o.Schedules[name], o)
	}
}

func (c *checker) schedule(key string, s Schedule, o Org) {
	if s.Kind == "" {
		c.report(join(key, "kind"), "must name a kind; known: %s", list(kinds))
	}
	c.oneOf(join(key, "kind"), "kind", s.Kind, kinds)
	c.when(key, s)
	switch s.Kind {
	case "drift", "compliance":
		c.looked(key, s, o)
		if s.Tries < 0 || s.Tries > mostTries {
			c.report(join(key, "tries"), "must be from 1 to %d", mostTries)
		}
		if s.Wait < 0 || s.Wait > mostWait || s.Wait > 0 && s.Tries < 2 {
			c.report(join(key, "wait"), "is between two tries, at most 1h")
		}
		c.silent(key, s.Kind, map[string]string{"channel": s.Channel, "profile": s.Profile, "text": s.Text})
	case "digest", "prompt", "command":
		c.spoken(key, s, o)
		c.silent(key, s.Kind, map[string]string{"stack": s.Stack + strings.Join(s.Stacks, ""), "scanner": s.Scanner})
	}
	switch {
	case s.Kind == "compliance" && s.Scanner == "":
		c.report(join(key, "scanner"), "must name a scanner; known: %s", list(scanners))
	case s.Kind == "drift":
		c.silent(key, s.Kind, map[string]string{"scanner": s.Scanner})
	}
	c.oneOf(join(key, "scanner"), "scanner", s.Scanner, scanners)
}

// silent reports keys that say nothing for this kind: somebody meant something by them.
func (c *checker) silent(key, kind string, set map[string]string) {
	for _, k := range names(set) {
		if set[k] != "" {
			c.report(join(key, k), "says nothing in a schedule of kind %s", kind)
		}
	}
}

// looked wants stacks that are there.
func (c *checker) looked(key string, s Schedule, o Org) {
	if s.Stack == "" && len(s.Stacks) == 0 {
		c.report(join(key, "stack"), "must name a stack; known: %s", list(names(o.Stacks)))
	}
	c.oneOf(join(key, "stack"), "stack", s.Stack, names(o.Stacks))
	for _, glob := range s.Stacks {
		if _, err := path.Match(glob, ""); err != nil {
			c.report(join(key, "stacks"), "%s is no pattern: only * and ? stand for something", shown(glob))
		} else if !slices.ContainsFunc(names(o.Stacks), func(name string) bool { return fits(glob, name) }) {
			c.report(join(key, "stacks"), "no stack is called like %s; known: %s", shown(glob), list(names(o.Stacks)))
		}
	}
	for _, name := range append(slices.Clone(s.Stacks), s.Stack) {
		if o.Stacks[name].Watch == Unmonitored {
			c.report(key, "%s is unmonitored, by its watch", shown(name))
		}
	}
}

// spoken wants a channel that is there, and what is said in it.
func (c *checker) spoken(key string, s Schedule, o Org) {
	apart := o.PolicyFrom != "" // then channels stand elsewhere
	switch {
	case s.Channel == "":
		c.report(join(key, "channel"), `must name the channel, as "platform:channel"`)
	case !apart:
		known(c, join(key, "channel"), "channel", s.Channel, o.Channels)
	default:
		c.room(join(key, "channel"), s.Channel)
	}
	if (s.Kind == "prompt" || s.Kind == "command") && strings.TrimSpace(s.Text) == "" {
		c.report(join(key, "text"), "must say what to do")
	}
	if s.Kind == "command" {
		c.words(join(key, "text"), s, o)
	}
	if s.Kind != "prompt" {
		c.silent(key, s.Kind, map[string]string{"profile": s.Profile})
	} else if s.Profile != "" {
		known(c, join(key, "profile"), "profile", s.Profile, o.Profiles)
	}
	if s.Kind == "digest" {
		c.silent(key, s.Kind, map[string]string{"text": s.Text})
	}
}

// words wants a command that makes sense when nobody listens.
func (c *checker) words(key string, s Schedule, o Org) {
	words := strings.Fields(s.Text)
	switch {
	case len(words) == 0, len(words) == 1 && words[0] == "digest":
	case len(words) != 2 || words[0] != "scan" && words[0] != "plan":
		c.report(key, "%s cannot be on a schedule; scan STACK, plan STACK and digest can", shown(s.Text))
	default:
		c.oneOf(key, "stack", words[1], names(o.Stacks))
		if st, ok := o.Stacks[words[1]]; ok && !slices.Contains(st.Rooms(), s.Channel) {
			c.report(key, "%s is not spoken of in %s", words[1], shown(s.Channel))
		}
	}
}

// when checks times: which, where, and what becomes of those that were missed.
func (c *checker) when(key string, s Schedule) {
	switch {
	case s.Cron != "" && s.Every != "":
		c.report(join(key, "every"), "is instead of cron: leave one of them out")
	case s.Cron == "" && s.Every == "":
		c.report(join(key, "cron"), "must say when: five fields, or every with one of %s", list(names(presets)))
	}
	c.oneOf(join(key, "every"), "preset", s.Every, names(presets))
	if s.Cron != "" {
		if _, err := ParseCron(s.Cron); err != nil {
			c.report(join(key, "cron"), "%v", err)
		}
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "Local" {
		c.report(join(key, "timezone"), "no time zone %s; write it as Europe/Berlin or UTC", shown(s.Timezone))
	}
	c.jitter(join(key, "jitter"), s)
	c.oneOf(join(key, "missed"), "policy", s.Missed, missed)
	switch {
	case s.CatchUp < 0 || s.CatchUp > mostCatchUp:
		c.report(join(key, "catch_up"), "must be from 1 to %d", mostCatchUp)
	case s.CatchUp > 0 && s.Missed != "all":
		c.report(join(key, "catch_up"), "says nothing without missed: all")
	}
}

// jitter keeps the spread of one due time from reaching near the next: what starts late
// must not be late already, nor still run then.
func (c *checker) jitter(key string, s Schedule) {
	switch p := shortestPeriod(s.Due()); {
	case s.Jitter < 0 || s.Jitter > mostJitter:
		c.report(key, "must be from 0 to 6h")
	case p > 0 && s.Jitter > p/2:
		c.report(key, "%s is longer than half of the %s between two due times", s.Jitter, p)
	}
}

// shortestPeriod is the least time between two due times, among the next hundred; 0 when
// it cannot be told.
func shortestPeriod(expr string) (least time.Duration) {
	s, err := ParseCron(expr)
	if err != nil {
		return 0
	}
	at := s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	for range 100 {
		next := s.Next(at)
		if next.IsZero() {
			break
		}
		if d := next.Sub(at); least == 0 || d < least {
			least = d
		}
		at = next
	}
	return least
}
