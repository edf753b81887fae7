package rbac

import (
	"maps"
	"slices"
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

// roleActs says what each role may do anywhere; tiers say how far. The roles
// schedule and speaking are no person's: they are what schedules have, of one call and of words.
var roleActs = map[string][]string{
	"viewer":     {actAsk, "read"},
	"operator":   {actAsk, "read", "edit", "propose", "execute", "change", "destroy", actAnswer, actStop, actFreeze},
	"approver":   {actAsk, "read", actApprove, actAnswer, actStop, actFreeze, actThaw},
	"admin":      {anything},
	"breakglass": {actBreak},
	"schedule":   {"read"},
	"speaking":   {actAsk, "read"},
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
