package rbac

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
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
	Approvals int           // the largest count of Needs
	Needs     []Need        `json:",omitempty"` // all must be met, when the Outcome is Ask; of May, those that the approver counts for
	Expiry    time.Duration `json:",omitempty"` // the longest that a card may wait; 0 is the organisation's own
	Urgent    bool          `json:",omitempty"` // quiet hours do not pause the card
	Frozen    *Freeze       `json:",omitempty"` // approved calls wait until it is over
	Reasons   []string      // why, each one clause
	Whom      []string      // names of people who could help, when the Outcome is not Allow
	Person    Subject       `json:",omitempty"` // who was judged, as the policy knows them
	Policy    string        `json:",omitempty"` // version of the policy that decided
	Can       []string      `json:",omitempty"` // names of people who may freeze or thaw, when that is denied
}

// Need is one demand of a quorum: Count different people, each of any of From.
// One person counts for every need that they fit.
type Need struct {
	Count int
	From  []string `json:",omitempty"` // "role:NAME", "group:NAME" or "person:ID"; empty is whoever may approve
	Rule  string   `json:",omitempty"` // the rule that demands it; empty is the tier
}

func denied(why string) Decision { return Decision{Reasons: []string{why}} }

// And is the stricter of both; the reasons and needs of both are kept.
func (d Decision) And(e Decision) Decision {
	whom := slices.Concat(d.Whom, e.Whom)
	slices.Sort(whom)
	and := Decision{
		Outcome: min(d.Outcome, e.Outcome), Approvals: max(d.Approvals, e.Approvals), Needs: joined(d.Needs, e.Needs),
		Expiry: d.Expiry, Urgent: d.Urgent || e.Urgent, Frozen: d.Frozen,
		Reasons: slices.Concat(d.Reasons, e.Reasons), Whom: slices.Compact(whom),
		Person: cmp.Or(d.Person, e.Person), Policy: cmp.Or(d.Policy, e.Policy), Can: slices.Concat(d.Can, e.Can),
	}
	if e.Expiry > 0 && (d.Expiry == 0 || e.Expiry < d.Expiry) {
		and.Expiry = e.Expiry
	}
	if and.Frozen == nil {
		and.Frozen = e.Frozen
	}
	return and
}

// joined are the needs of both; of those that ask for the same people, the larger.
func joined(a, b []Need) (all []Need) {
	for _, n := range slices.Concat(a, b) {
		if i := slices.IndexFunc(all, n.same); i >= 0 {
			all[i].Count = max(all[i].Count, n.Count)
			continue
		}
		all = append(all, n)
	}
	return all
}

// Why puts the reasons, and who can help, in one line.
func (d Decision) Why() string {
	why := strings.Join(d.Reasons, "; ")
	if d.Outcome != Deny {
		return why
	}
	grant, can := strings.Join(d.Whom, " or "), strings.Join(few(d.Can), " or ")
	switch {
	case can != "" && grant != "":
		why += " (" + can + " can; " + grant + " can grant it)"
	case can != "":
		why += " (" + can + " can)"
	case grant != "":
		why += " (ask " + grant + ")"
	}
	return why
}

// few are as many names as a sentence bears.
func few(names []string) []string {
	const most = 5
	if n := len(names) - most; n > 0 {
		return append(names[:most:most], fmt.Sprintf("%d more", n))
	}
	return names
}

// Action is one concrete call, as policy sees it. Stack and Environment are
// empty for what touches neither.
type Action struct {
	Tool, Stack, Environment string
	Effect                   Effect
	Blast                    Blast    `json:",omitzero"`
	Reach                    []string `json:",omitempty"` // hosts outside that its command can reach
}

// Outward tells whether the action reaches beyond workspace and sandbox.
func (a Action) Outward() bool { return a.Effect.Outward() || len(a.Reach) > 0 }

// Blast is how much a call would touch, counted from a stored plan. The zero
// value is not known, and what is not known meets every condition of a rule.
type Blast struct {
	Known               bool
	Resources, Destroys int      // that change at all; that are destroyed or replaced
	Kinds               []string `json:",omitempty"` // types of those resources, sorted
}

// Request asks for one Decision.
type Request struct {
	Org     string
	Actor   Actor
	Profile string // whose tool list and ceiling apply
	Channel string // as "platform:channel"
	Tier    Tier   // the ceiling that the job itself brings
	Action  Action
	Label   Label     // of everything that the run has read
	Authors []Actor   // of the asks and answers that led here: they may not approve
	At      time.Time `json:",omitzero"` // decide as of then; the zero value is now
}

// Verb is what a rule is about.
type Verb string

// Do runs an action; Approve lets somebody else's run; Break lets it run without
// the approvals that it needs, in an emergency.
const (
	Do      Verb = "do"
	Approve Verb = "approve"
	Break   Verb = "break"
)

// Ceiling is one limit on the tier of a call, and whose limit it is.
type Ceiling struct {
	Tier   Tier
	Of     string // for example "environment prod"
	Raised string `json:",omitempty"` // until when and why, when a raise lifted it
}

// Policy holds the rules of one Org at one moment. Rule is the lower of the
// rules, the profile's tool list and the rules for approvals; no rule is Deny. Of
// Approve it also names the Needs that the person counts for, and denies who
// counts for none. Whom names people who hold a verb on an action.
type Policy interface {
	Ceilings(ctx context.Context, r Request) ([]Ceiling, error)
	Rule(ctx context.Context, who Actor, v Verb, r Request) (Decision, error)
	Whom(ctx context.Context, v Verb, r Request) []string
}

// Source gives the policy that is in force in an Org. A question is answered by
// one Policy from its beginning to its end.
type Source interface {
	Policy(ctx context.Context, org string) (Policy, error)
}

// Enforcer combines ceiling, rules and label. Without a Source it denies all.
// It is safe for concurrent use as long as its Source is.
type Enforcer struct{ Source Source }

// Decide has no error: what cannot be decided is denied, and says so.
func (e *Enforcer) Decide(ctx context.Context, r Request) Decision {
	p, why := e.policy(ctx, r.Org, r.Actor)
	if p == nil {
		return denied(why)
	}
	return decide(ctx, p, r)
}

func decide(ctx context.Context, p Policy, r Request) Decision {
	limits, err := p.Ceilings(ctx, r)
	if err != nil {
		return denied("tiers could not be read")
	}
	limits = append(limits, Ceiling{Tier: r.Tier, Of: "this job"})
	if len(limits) == 1 {
		limits = append(limits, Ceiling{Tier: Observe, Of: "what nobody configured"})
	}
	d := ceiling(lowest(limits), r.Action.Effect).And(rule(ctx, p, r.Actor, Do, r))
	if d.Outcome != Deny { // what is denied anyway is not denied for what was read
		d = d.And(raise(r))
	}
	switch d.Outcome {
	case Deny:
		d.Needs, d.Whom = nil, p.Whom(ctx, Do, r)
		if s, ok := p.(*Snapshot); ok {
			d.Can = s.named(s.able(r))
		}
	case Ask:
		d.Whom = p.Whom(ctx, Approve, r)
	}
	return d
}

// policy is what is in force for somebody of an Org; without one it says why.
func (e *Enforcer) policy(ctx context.Context, org string, who Actor) (Policy, string) {
	switch {
	case e.Source == nil || org == "" || org != who.Org:
		return nil, "no policy for this organisation"
	case who.Outsider != "":
		return nil, who.Name + " is " + who.Outsider + " here, and may do nothing"
	}
	p, err := e.Source.Policy(ctx, org)
	if err != nil || p == nil {
		return nil, "the policy could not be read"
	}
	return p, ""
}

// May judges a person's right to let somebody else's call run. It refuses the
// one who asks and every author, whatever policy says of their approval.
func (e *Enforcer) May(ctx context.Context, who Actor, v Verb, r Request) Decision {
	p, why := e.policy(ctx, r.Org, who)
	if p == nil {
		return denied(why)
	}
	return may(ctx, p, who, v, r)
}

func may(ctx context.Context, p Policy, who Actor, v Verb, r Request) Decision {
	if v == Do {
		return denied("that is for the one who asks")
	}
	d := rule(ctx, p, who, v, r)
	own := func(a Actor) bool { return a.Subject() == who.Subject() }
	if v == Approve && (own(r.Actor) || slices.ContainsFunc(r.Authors, own)) {
		d = Decision{Reasons: []string{ownWork}, Person: d.Person, Policy: d.Policy}
	}
	if d.Outcome == Deny {
		d.Needs, d.Whom = nil, p.Whom(ctx, v, r)
	}
	return d
}

// Missing is what a quorum lacks when these people have approved: nothing, when
// they are enough. Rights are judged as they are now, and each person counts once.
func (e *Enforcer) Missing(ctx context.Context, r Request, approvers []Actor) []Need {
	nobody := []Need{{Count: 1}}
	p, _ := e.policy(ctx, r.Org, r.Actor)
	if p == nil {
		return nobody
	}
	d := decide(ctx, p, r)
	if d.Outcome == Deny {
		return nobody
	}
	var missing []Need
	for _, n := range d.Needs {
		if n.Count -= met(ctx, p, r, n, approvers); n.Count > 0 {
			missing = append(missing, n)
		}
	}
	return missing
}

// met counts the people of the approvers who count for a need.
func met(ctx context.Context, p Policy, r Request, n Need, approvers []Actor) int {
	seen := map[Subject]bool{}
	for _, a := range approvers {
		if a.Org != r.Org || a.Outsider != "" {
			continue
		}
		d := may(ctx, p, a, Approve, r)
		if d.Outcome == Allow && (len(n.From) == 0 || slices.ContainsFunc(d.Needs, n.same)) {
			seen[cmp.Or(d.Person, a.Subject())] = true
		}
	}
	return len(seen)
}

func (n Need) same(m Need) bool { return n.Rule == m.Rule && slices.Equal(n.From, m.From) }

func rule(ctx context.Context, p Policy, who Actor, v Verb, r Request) Decision {
	d, err := p.Rule(ctx, who, v, r)
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
	if r.Label.Integrity == Trusted || !r.Action.Outward() {
		return allow
	}
	d := ask1
	d.Reasons = []string{"foreign text was read: " + strings.Join(r.Label.Origins, ", ")}
	if len(r.Action.Reach) > 0 {
		d.Reasons = append(d.Reasons, "its command can reach "+strings.Join(r.Action.Reach, ", "))
	}
	return d
}
