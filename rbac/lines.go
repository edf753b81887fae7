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
// that there is no path to trick. Because is for people: Casbin never sees it.
type Line struct {
	Subject string // "person:ID", "role:NAME" or "group:NAME"
	Object  string // "stack/NAME", "env/NAME" or "*"
	Act     string // an effect's name, "ask", "answer", "stop", "approve", "break", "freeze", "thaw" or "*"
	Eft     string // "allow" or "deny"; deny wins
	Because string `json:",omitempty"`
}

// The kinds of subjects and objects.
const (
	ofPerson = "person:"
	ofRole   = "role:"
	ofGroup  = "group:"
	ofStack  = "stack/"
	ofEnv    = "env/"
	anything = "*"
)

// The acts beside the names of effects. "*" is all of them but breaking the
// glass, which somebody must have been given by name.
const (
	actAsk     = "ask"
	actAnswer  = "answer"
	actStop    = "stop"
	actFreeze  = "freeze"
	actThaw    = "thaw"
	actApprove = "approve"
	actBreak   = "break"
)

var errEft = errors.New(`must be "allow" or "deny"`)

// roleActs says what each role may do anywhere; tiers say how far. The role
// schedule is no person's: it is what schedules have.
var roleActs = map[string][]string{
	"viewer":     {actAsk, "read"},
	"operator":   {actAsk, "read", "edit", "propose", "execute", "change", "destroy", actAnswer, actStop, actFreeze},
	"approver":   {actAsk, "read", actApprove, actAnswer, actStop, actFreeze, actThaw},
	"admin":      {anything},
	"breakglass": {actBreak},
	"schedule":   {"read"},
}

// roleTiers are the ceilings of roles; a person has the highest of theirs.
var roleTiers = map[string]Tier{"viewer": Observe, "approver": Observe, "breakglass": Observe, "operator": Gated, "admin": Gated}

// acts are all that a line may name.
func acts() []string {
	return append([]string{anything, actAsk, actAnswer, actStop, actFreeze, actThaw, actApprove, actBreak}, effectNames[Read:]...)
}

// lines are all rules of an Org: of the roles, of people who are off, and its own.
func (o OrgRules) lines() []Line {
	var all []Line
	for _, role := range slices.Sorted(maps.Keys(roleActs)) {
		for _, act := range roleActs[role] {
			all = append(all, Line{Subject: ofRole + role, Object: anything, Act: act, Eft: "allow"})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(o.People)) {
		if o.People[id].Off {
			for _, act := range []string{anything, actBreak} {
				all = append(all, Line{Subject: ofPerson + id, Object: anything, Act: act, Eft: "deny"})
			}
		}
	}
	said := map[Line]bool{}
	for _, l := range all {
		said[l.bare()] = true
	}
	for _, l := range o.Lines {
		if !said[l.bare()] {
			all, said[l.bare()] = append(all, l), true
		}
	}
	return all
}

// bare is what a line says, whatever its reason.
func (l Line) bare() Line {
	l.Because = ""
	return l
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
	for _, id := range slices.Sorted(maps.Keys(o.Groups)) {
		for _, r := range o.Groups[id].Roles {
			if _, known := roleTiers[r]; !known {
				wrong = append(wrong, fmt.Errorf("group %s: no role %q", id, r))
			}
		}
	}
	for _, r := range o.Approvals {
		if err := o.checkRule(r); err != nil {
			wrong = append(wrong, fmt.Errorf("approval rule %s: %w", r.Name, err))
		}
	}
	return errors.Join(append(wrong, o.checkPeople()...)...)
}

func (o OrgRules) checkPeople() (wrong []error) {
	owner := map[Actor]string{}
	for _, id := range slices.Sorted(maps.Keys(o.People)) {
		p := o.People[id]
		for _, r := range p.Roles {
			if _, known := roleTiers[r]; !known {
				wrong = append(wrong, fmt.Errorf("person %s: no role %q", id, r))
			}
		}
		if _, known := o.People[p.Deputy]; p.Deputy != "" && (!known || p.Deputy == id) {
			wrong = append(wrong, fmt.Errorf("person %s: %q cannot be their deputy", id, p.Deputy))
		}
		for _, a := range p.Chat {
			key := Actor{Platform: a.Platform, Tenant: a.Tenant, ID: a.ID}
			switch other, taken := owner[key]; {
			case taken && other != id:
				wrong = append(wrong, fmt.Errorf("%s:%s belongs to %s and %s", a.Platform, a.ID, other, id))
			case a.Platform == personal || a.Platform == scheduled:
				wrong = append(wrong, fmt.Errorf("person %s: no chat is called %s", id, a.Platform))
			case !o.ours(a):
				wrong = append(wrong, fmt.Errorf("person %s: %s:%s/%s is of no workspace of ours", id, a.Platform, a.Tenant, a.ID))
			}
			owner[key] = id
		}
	}
	return wrong
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
	person, isPerson := strings.CutPrefix(l.Subject, ofPerson)
	role, isRole := strings.CutPrefix(l.Subject, ofRole)
	group, isGroup := strings.CutPrefix(l.Subject, ofGroup)
	stack, isStack := strings.CutPrefix(l.Object, ofStack)
	env, isEnv := strings.CutPrefix(l.Object, ofEnv)
	known := func(is, there bool) bool { return is && there }
	_, hasPerson := o.People[person]
	_, hasRole := roleTiers[role]
	_, hasGroup := o.Groups[group]
	_, hasStack := o.Stacks[stack]
	_, hasEnv := o.Environments[env]
	switch {
	case !known(isPerson, hasPerson) && !known(isRole, hasRole) && !known(isGroup, hasGroup):
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
