package rbac

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Line is one rule, as Casbin reads it. Subjects are prefixed by their kind, so
// that no person can be called like a role; objects are names, not patterns, so
// that there is no path to trick.
type Line struct {
	Subject string // "person:ID" or "role:NAME"
	Object  string // "stack/NAME", "env/NAME" or "*"
	Act     string // an effect's name, "ask", "answer", "stop", "approve" or "*"
	Eft     string // "allow" or "deny"; deny wins
}

// The kinds of subjects and objects.
const (
	ofPerson = "person:"
	ofRole   = "role:"
	ofStack  = "stack/"
	ofEnv    = "env/"
	anything = "*"
)

// The acts beside the names of effects.
const (
	actAsk     = "ask"
	actAnswer  = "answer"
	actStop    = "stop"
	actApprove = "approve"
)

var errEft = errors.New(`must be "allow" or "deny"`)

// roleActs says what each role may do anywhere; tiers say how far. The role
// schedule is no person's: it is what schedules have.
var roleActs = map[string][]string{
	"viewer":   {actAsk, "read"},
	"operator": {actAsk, "read", "edit", "propose", "execute", "change", "destroy", actAnswer, actStop},
	"approver": {actAsk, "read", actApprove, actAnswer, actStop},
	"admin":    {anything},
	"schedule": {"read"},
}

// roleTiers are the ceilings of roles; a person has the highest of theirs.
var roleTiers = map[string]Tier{"viewer": Observe, "approver": Observe, "operator": Gated, "admin": Gated}

// acts are all that a line may name.
func acts() []string {
	return append([]string{anything, actAsk, actAnswer, actStop, actApprove}, effectNames[Read:]...)
}

// lines are all rules of an Org: of the roles, of people who are off, and its own.
func (o OrgRules) lines() []Line {
	var all []Line
	for _, role := range slices.Sorted(maps.Keys(roleActs)) {
		for _, act := range roleActs[role] {
			all = append(all, Line{ofRole + role, anything, act, "allow"})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(o.People)) {
		if o.People[id].Off {
			all = append(all, Line{ofPerson + id, anything, anything, "deny"})
		}
	}
	for _, l := range o.Lines {
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// check refuses what Casbin would silently take for no rule: a wrong word in a
// deny would allow.
func (o OrgRules) check() error {
	var wrong []error
	for _, l := range o.Lines {
		if err := o.checkLine(l); err != nil {
			wrong = append(wrong, fmt.Errorf("rule %v: %w", l, err))
		}
	}
	owner := map[Actor]string{}
	for _, id := range slices.Sorted(maps.Keys(o.People)) {
		for _, r := range o.People[id].Roles {
			if _, known := roleTiers[r]; !known {
				wrong = append(wrong, fmt.Errorf("person %s: no role %q", id, r))
			}
		}
		for _, a := range o.People[id].Chat {
			key := Actor{Platform: a.Platform, Tenant: a.Tenant, ID: a.ID}
			if other, taken := owner[key]; taken && other != id {
				wrong = append(wrong, fmt.Errorf("%s:%s belongs to %s and %s", a.Platform, a.ID, other, id))
			}
			if a.Platform == personal || a.Platform == scheduled {
				wrong = append(wrong, fmt.Errorf("person %s: no chat is called %s", id, a.Platform))
			}
			owner[key] = id
		}
	}
	return errors.Join(wrong...)
}

func (o OrgRules) checkLine(l Line) error {
	person, isPerson := strings.CutPrefix(l.Subject, ofPerson)
	role, isRole := strings.CutPrefix(l.Subject, ofRole)
	stack, isStack := strings.CutPrefix(l.Object, ofStack)
	env, isEnv := strings.CutPrefix(l.Object, ofEnv)
	known := func(is, there bool) bool { return is && there }
	_, hasPerson := o.People[person]
	_, hasRole := roleActs[role]
	_, hasStack := o.Stacks[stack]
	_, hasEnv := o.Environments[env]
	switch {
	case !known(isPerson, hasPerson) && !known(isRole, hasRole):
		return fmt.Errorf("no subject %q", l.Subject)
	case l.Object != anything && !known(isStack, hasStack) && !known(isEnv, hasEnv):
		return fmt.Errorf("no object %q", l.Object)
	case !slices.Contains(acts(), l.Act):
		return fmt.Errorf("no act %q", l.Act)
	case l.Eft != "allow" && l.Eft != "deny":
		return errEft
	}
	return nil
}
