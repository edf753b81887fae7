package rbac

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

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
	s := approvals(n.Count)
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

func approvals(n int) string {
	if n == 1 {
		return "1 approval"
	}
	return fmt.Sprintf("%d approvals", n)
}
