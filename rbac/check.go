package rbac

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

var (
	errEft    = errors.New(`must be "allow" or "deny"`)
	errNoName = errors.New("needs a name")
	errCount  = errors.New("needs at least one person")
	errRaise  = errors.New("raises a tier that is not known")
	errBelow  = errors.New("no number may be below 0")
)

// findings are what is wrong with rules.
type findings []error

func (f *findings) report(what string, err error) {
	if err != nil {
		*f = append(*f, fmt.Errorf("%s: %w", what, err))
	}
}

// check refuses what would silently be taken for no rule: a wrong word in a deny
// would allow.
func (o OrgRules) check() error {
	var f findings
	o.checkNames(&f)
	o.checkPeople(&f)
	for id, g := range sorted(o.Groups) {
		f.report("group "+id, checkRoles(g.Roles))
	}
	for _, l := range o.Lines {
		f.report(fmt.Sprintf("rule %v", l), o.checkLine(l))
	}
	seen := map[string]bool{}
	for _, r := range o.Approvals {
		f.report("approval rule "+r.Name, o.checkRule(r))
		if seen[r.Name] {
			f.report("approval rule "+r.Name, errors.New("another one has this name"))
		}
		seen[r.Name] = true
	}
	for _, r := range o.Raises {
		f.report("raise of "+r.Of, o.checkRaise(r))
	}
	return errors.Join(f...)
}

// sorted ranges over a map by its keys in order, so that errors are the same each time.
func sorted[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// checkNames refuses names that Casbin could take for parts of two: it joins them
// by commas and semicolons.
func (o OrgRules) checkNames(f *findings) {
	all := slices.Concat(slices.Collect(maps.Keys(o.People)), slices.Collect(maps.Keys(o.Groups)),
		slices.Collect(maps.Keys(o.Stacks)), slices.Collect(maps.Keys(o.Environments)))
	slices.Sort(all)
	for _, name := range all {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(",;*", r) }) {
			f.report(fmt.Sprintf("name %q", name), errors.New("must be one word, without comma, semicolon and asterisk"))
		}
	}
}

func checkRoles(roles []string) error {
	for _, r := range roles {
		if _, known := roleTiers[r]; !known {
			return fmt.Errorf("no role %q", r)
		}
	}
	return nil
}

func (o OrgRules) checkPeople(f *findings) {
	owner := map[Actor]string{}
	for id, p := range sorted(o.People) {
		who := "person " + id
		f.report(who, checkRoles(p.Roles))
		if _, known := o.People[p.Deputy]; p.Deputy != "" && (!known || p.Deputy == id) {
			f.report(who, fmt.Errorf("%q cannot be their deputy", p.Deputy))
		}
		for _, a := range p.Chat {
			key := a.identity()
			switch other, taken := owner[key]; {
			case taken && other != id:
				f.report(who, fmt.Errorf("%s belongs to %s too", Identity(a), other))
			case a.Platform == personal || a.Platform == scheduled:
				f.report(who, fmt.Errorf("no chat is called %s", a.Platform))
			case !o.ours(a):
				f.report(who, fmt.Errorf("%s is of no workspace of ours", Identity(a)))
			}
			owner[key] = id
		}
	}
}

// ours tells whether an identity is of a workspace of the Org: of any, when none
// of its platform is named.
func (o OrgRules) ours(a Actor) bool {
	named := false
	for _, w := range o.Workspaces {
		if w.Platform == a.Platform {
			named = true
			if w.Tenant == a.Tenant {
				return true
			}
		}
	}
	return !named
}

func (o OrgRules) checkLine(l Line) error {
	switch {
	case !o.knows(l.Subject):
		return fmt.Errorf("no subject %q", l.Subject)
	case l.Object != anything && !o.has(l.Object):
		return fmt.Errorf("no object %q", l.Object)
	case !slices.Contains(acts(), l.Act):
		return fmt.Errorf("no act %q", l.Act)
	case l.Eft != "allow" && l.Eft != "deny":
		return errEft
	}
	return nil
}

// knows tells whether there is such a person, role or group.
func (o OrgRules) knows(subject string) bool {
	kind, name, _ := strings.Cut(subject, ":")
	var there bool
	switch kind + ":" {
	case ofPerson:
		_, there = o.People[name]
	case ofRole:
		_, there = roleTiers[name]
	case ofGroup:
		_, there = o.Groups[name]
	}
	return there
}

// has tells whether there is such a stack or environment.
func (o OrgRules) has(object string) (there bool) {
	if stack, is := strings.CutPrefix(object, ofStack); is {
		_, there = o.Stacks[stack]
	}
	if env, is := strings.CutPrefix(object, ofEnv); is {
		_, there = o.Environments[env]
	}
	return there
}

// checkRule refuses an approval rule that would silently never match, or ask nobody.
func (o OrgRules) checkRule(r ApprovalRule) error {
	switch {
	case r.Name == "":
		return errNoName
	case r.Need.Count < 1:
		return errCount
	case r.Resources < 0 || r.Expiry < 0:
		return errBelow
	}
	for _, e := range r.Environments {
		if !o.has(ofEnv + e) {
			return fmt.Errorf("no environment %q", e)
		}
	}
	for _, s := range r.Stacks {
		if !o.has(ofStack + s) {
			return fmt.Errorf("no stack %q", s)
		}
	}
	for _, e := range r.Effects {
		if e <= Unknown || e > Destroy {
			return fmt.Errorf("no effect %d", e)
		}
	}
	for _, k := range r.Kinds {
		if _, err := path.Match(k, ""); err != nil {
			return fmt.Errorf("kind %q: %w", k, err)
		}
	}
	for _, from := range r.Need.From {
		if !o.knows(from) {
			return fmt.Errorf("no subject %q", from)
		}
	}
	return nil
}

// checkRaise refuses to lift what nobody configured: that stays at observe.
func (o OrgRules) checkRaise(r Raise) error {
	if r.Tier < Observe || r.Tier > Gated {
		return errRaise
	}
	kind, name, _ := strings.Cut(r.Of, " ")
	var there bool
	switch kind {
	case "environment":
		there = o.has(ofEnv + name)
	case "channel":
		_, there = o.Channels[name]
	case "profile":
		_, there = o.Profiles[name]
	case "role":
		there = o.knows(ofRole + name)
	}
	if !there {
		return fmt.Errorf("there is no %s", r.Of)
	}
	return nil
}
