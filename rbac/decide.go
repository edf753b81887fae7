package rbac

import (
	"context"
	"slices"
	"strings"
)

// Outcome orders what policy can say: deny beats ask beats allow.
type Outcome int

// Deny is the zero value.
const (
	Deny Outcome = iota
	Ask
	Allow
)

// Decision is an Outcome with its reasons. The zero value denies.
type Decision struct {
	Outcome   Outcome
	Approvals int      // how many people must approve, when the Outcome is Ask
	Reasons   []string // why, each one clause
	Whom      []string // names of people who could help, when the Outcome is not Allow
}

func denied(why string) Decision { return Decision{Reasons: []string{why}} }

// And is the stricter of both; the reasons of both are kept.
func (d Decision) And(e Decision) Decision {
	whom := slices.Concat(d.Whom, e.Whom)
	slices.Sort(whom)
	return Decision{
		Outcome: min(d.Outcome, e.Outcome), Approvals: max(d.Approvals, e.Approvals),
		Reasons: slices.Concat(d.Reasons, e.Reasons), Whom: slices.Compact(whom),
	}
}

// Why puts the reasons, and whom to ask, in one line.
func (d Decision) Why() string {
	why := strings.Join(d.Reasons, "; ")
	if len(d.Whom) > 0 && d.Outcome == Deny {
		why += " (ask " + strings.Join(d.Whom, " or ") + ")"
	}
	return why
}

// Action is one concrete call, as policy sees it. Stack and Environment are
// empty for what touches neither.
type Action struct {
	Tool, Stack, Environment string
	Effect                   Effect
}

// Request asks for one Decision.
type Request struct {
	Org     string
	Actor   Actor
	Profile string // whose tool list and ceiling apply
	Channel string // as "platform:channel"
	Tier    Tier   // the ceiling that the job itself brings
	Action  Action
	Label   Label   // of everything that the run has read
	Authors []Actor // of the asks and answers that led here: they may not approve
}

// Verb is what a rule is about.
type Verb string

// Do runs an action; Approve lets somebody else's run.
const (
	Do      Verb = "do"
	Approve Verb = "approve"
)

// Ceiling is one limit on the tier of a call, and whose limit it is.
type Ceiling struct {
	Tier Tier
	Of   string // for example "environment prod"
}

// Policy holds the rules of every Org as one immutable snapshot. Rule is the
// lower of the rules and the profile's tool list; no rule is Deny. Whom names
// people who hold a verb on an action.
type Policy interface {
	Ceilings(ctx context.Context, r Request) ([]Ceiling, error)
	Rule(ctx context.Context, who Actor, v Verb, r Request) (Decision, error)
	Whom(ctx context.Context, v Verb, r Request) []string
}

// Enforcer combines ceiling, rules and label. Without a Policy it denies all.
// It is safe for concurrent use as long as its Policy is.
type Enforcer struct{ Policy Policy }

// Decide has no error: what cannot be decided is denied, and says so.
func (e *Enforcer) Decide(ctx context.Context, r Request) Decision {
	if e.Policy == nil || r.Org == "" || r.Org != r.Actor.Org {
		return denied("no policy for this organisation")
	}
	limits, err := e.Policy.Ceilings(ctx, r)
	if err != nil {
		return denied("tiers could not be read")
	}
	limits = append(limits, Ceiling{r.Tier, "this job"})
	if len(limits) == 1 {
		limits = append(limits, Ceiling{Observe, "what nobody configured"})
	}
	d := ceiling(lowest(limits), r.Action.Effect).And(e.rule(ctx, r.Actor, Do, r)).And(raise(r))
	switch d.Outcome {
	case Deny:
		d.Whom = e.Policy.Whom(ctx, Do, r)
	case Ask:
		d.Whom = e.Policy.Whom(ctx, Approve, r)
	}
	return d
}

// MayApprove refuses the one who asks and every author before it asks policy.
func (e *Enforcer) MayApprove(ctx context.Context, approver Actor, r Request) Decision {
	if e.Policy == nil || r.Org == "" || approver.Org != r.Org {
		return denied("no policy for this organisation")
	}
	for _, a := range append(slices.Clone(r.Authors), r.Actor) {
		if a.Subject() == approver.Subject() {
			d := denied("who asked, or answered what led here, may not approve")
			d.Whom = slices.DeleteFunc(e.Policy.Whom(ctx, Approve, r), func(n string) bool { return n == approver.Name })
			return d
		}
	}
	d := e.rule(ctx, approver, Approve, r)
	if d.Outcome == Deny {
		d.Whom = e.Policy.Whom(ctx, Approve, r)
	}
	return d
}

func (e *Enforcer) rule(ctx context.Context, who Actor, v Verb, r Request) Decision {
	d, err := e.Policy.Rule(ctx, who, v, r)
	switch {
	case err != nil:
		return denied("rules could not be read")
	case d.Outcome == Deny && len(d.Reasons) == 0:
		return denied("no rule lets " + who.Name + " " + string(v) + " " + r.Action.Tool)
	}
	return d
}

// raise asks a person before foreign text can steer anything outward.
func raise(r Request) Decision {
	if r.Label.Integrity == Trusted || !r.Action.Effect.Outward() {
		return allow
	}
	d := ask1
	d.Reasons = []string{"foreign text was read: " + strings.Join(r.Label.Origins, ", ")}
	return d
}
