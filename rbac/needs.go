package rbac

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

var (
	errNoName = errors.New("needs a name")
	errCount  = errors.New("needs at least one person")
)

// checkRule refuses an approval rule that would silently never match, or ask nobody.
func (o OrgRules) checkRule(r ApprovalRule) error {
	switch {
	case r.Name == "":
		return errNoName
	case r.Need.Count < 1:
		return errCount
	}
	for _, e := range r.Environments {
		if _, known := o.Environments[e]; !known {
			return fmt.Errorf("no environment %q", e)
		}
	}
	for _, s := range r.Stacks {
		if _, known := o.Stacks[s]; !known {
			return fmt.Errorf("no stack %q", s)
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

// demands are the approval rules that an action meets.
func (o *orgPolicy) demands(a Action) (all []ApprovalRule) {
	for _, r := range o.Approvals {
		if o.meets(r, a) {
			all = append(all, r)
		}
	}
	return all
}

// meets tells whether the action is one that the rule is about. Without effects a
// rule is about live changes. What is not known of an action meets it.
func (o *orgPolicy) meets(r ApprovalRule, a Action) bool {
	effects := r.Effects
	if len(effects) == 0 {
		effects = []Effect{Change, Destroy}
	}
	b := a.Blast
	return slices.Contains(effects, a.Effect) && !speech(a) &&
		(len(r.Environments) == 0 || slices.ContainsFunc(o.environments(a), func(e string) bool { return slices.Contains(r.Environments, e) })) &&
		(len(r.Stacks) == 0 || slices.Contains(r.Stacks, a.Stack)) &&
		(!b.Known || b.Resources >= r.Resources && (!r.Destroys || b.Destroys > 0) && ofKind(b.Kinds, r.Kinds))
}

// ofKind tells whether any of the kinds is of any of the patterns.
func ofKind(kinds, patterns []string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(kinds, func(k string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := path.Match(p, k)
			return ok || err != nil
		})
	})
}

// approvals is what the approval rules ask for, with who asks how many of whom.
func (o *orgPolicy) approvals(a Action) Decision {
	d := allow
	for _, r := range o.demands(a) {
		d = d.And(Decision{
			Outcome: Ask, Approvals: r.Need.Count, Needs: []Need{r.Need}, Expiry: r.Expiry, Urgent: r.Urgent,
			Reasons: []string{"rule " + r.Name + " needs " + r.Need.String()},
		})
	}
	return d
}

// String says a need in words.
func (n Need) String() string {
	s := fmt.Sprintf("%d approvals", n.Count)
	if n.Count == 1 {
		s = "1 approval"
	}
	if len(n.From) == 0 {
		return s + " from anyone who may approve"
	}
	var from []string
	for _, f := range n.From {
		kind, name, _ := strings.Cut(f, ":")
		from = append(from, kind+" "+name)
	}
	return s + " from " + strings.Join(from, " or ")
}

// counts names the needs that a person, or those whom they stand in for, count
// for. Without any, why says whose approval would.
func (o *orgPolicy) counts(as []string, r Request) (fits []Need, why string) {
	var others []string
	for _, rule := range o.demands(r.Action) {
		if slices.ContainsFunc(as, func(id string) bool { return o.from(id, rule.Need) }) {
			fits = append(fits, rule.Need)
		} else {
			others = append(others, rule.Need.String())
		}
	}
	anyone := matrix[Gated][r.Action.Effect].Outcome == Ask || raise(r).Outcome == Ask
	if anyone {
		fits = append(fits, Need{Count: 1})
	}
	if len(fits) == 0 && len(others) > 0 {
		return nil, "this needs " + strings.Join(others, " and ")
	}
	return fits, ""
}

// from tells whether a person is one of those whom a need is about.
func (o *orgPolicy) from(id string, n Need) bool {
	return len(n.From) == 0 || slices.Contains(n.From, ofPerson+id) ||
		slices.ContainsFunc(o.held[id], func(s string) bool { return slices.Contains(n.From, s) })
}

// stands are the people whose rights to approve somebody has: their own, and
// those of whom they are the deputy of, as long as these are away and not
// involved themselves.
func (o *orgPolicy) stands(s *Snapshot, who Actor, r Request, m memo) (as []string, first Decision, err error) {
	first, err = o.rule(who, Approve, r, m)
	if err != nil || first.Outcome == Allow {
		as = append(as, who.ID)
	}
	for _, id := range o.deputyOf[who.ID] {
		p := o.People[id]
		principal := person(o.org, id, p)
		if o.People[who.ID].Off || !r.at().Before(p.Away) || s.involved(principal, Approve, r) {
			continue
		}
		d, err := o.rule(principal, Approve, r, m)
		if err != nil {
			return nil, Decision{}, err
		}
		if d.Outcome == Allow {
			as = append(as, id)
			if first.Outcome != Allow {
				first = d
				first.Reasons = []string{fmt.Sprintf("%s may approve as deputy of %s until %s", o.People[who.ID].Name, p.Name, p.Away.Format("2 January 15:04 MST"))}
			}
		}
	}
	return as, first, err
}

// at is the moment that a request is decided as of.
func (r Request) at() time.Time {
	if r.At.IsZero() {
		return time.Now()
	}
	return r.At
}

// frozen is the freeze that holds the action, the one that ends last.
func (o *orgPolicy) frozen(r Request) (hold *Freeze) {
	if r.Action.Effect < Change {
		return nil
	}
	for _, f := range o.Freezes {
		if !f.At.After(r.at()) && f.Until.After(r.at()) && (f.Env == "all" || slices.Contains(o.environments(r.Action), f.Env)) && (hold == nil || f.Until.After(hold.Until)) {
			hold = &f
		}
	}
	return hold
}

// raised lifts a ceiling by the highest raise that is in time. key is whose
// ceiling it is, as a Raise names it.
func (o *orgPolicy) raised(c Ceiling, key string, at time.Time) Ceiling {
	for _, r := range o.Raises {
		if r.Of == key && r.Tier > c.Tier && at.Before(r.Until) {
			c.Tier, c.Raised = r.Tier, fmt.Sprintf("raised to %s until %s: %s", r.Tier, r.Until.Format("2 January 2006 15:04 MST"), r.Because)
		}
	}
	return c
}
