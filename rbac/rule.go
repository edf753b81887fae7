package rbac

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// question is a verb on an action, asked about one person after the other: what is
// the same for all of them is found out once.
type question struct {
	*Snapshot
	verb     Verb
	r        Request
	said     memo
	demands  []ApprovalRule // of Approve
	involved []Subject      // of Approve: who may not, whatever their rights
}

func (s *Snapshot) question(v Verb, r Request) *question {
	q := &question{Snapshot: s, verb: v, r: r, said: memo{}}
	if v == Approve {
		q.demands, q.involved = s.demands(r.Action), s.excluded(v, r)
	}
	return q
}

// Rule is the lower of what the rules say of the person, of what the profile's
// tool list and the stack's rooms say of the action, and of what the rules for
// approvals ask for.
func (s *Snapshot) Rule(_ context.Context, who Actor, v Verb, r Request) (Decision, error) {
	if err := s.mine(r); err != nil {
		return Decision{}, err
	}
	who = s.Resolve(who)
	d, err := s.question(v, r).decide(who)
	d.Person, d.Policy = who.Subject(), s.version
	return d, err
}

func (q *question) decide(who Actor) (Decision, error) {
	switch d := q.fits(who, q.verb, q.r); {
	case who.Org != q.r.Org:
		return denied("another organisation's"), nil
	case who.Outsider != "":
		return denied(who.Name + " is " + who.Outsider + " here"), nil
	case d.Outcome != Allow:
		return d, nil
	case q.verb == Approve:
		return q.approver(who)
	}
	d, _, err := q.rule(who, q.verb, q.r, q.said)
	if q.verb == Do && err == nil && d.Outcome == Allow {
		d = d.And(q.approvals(q.r.Action))
		d.Frozen = q.frozen(q.r)
	}
	return d, err
}

// fits asks what does not depend on the person's rights.
func (o *orgPolicy) fits(who Actor, v Verb, r Request) Decision {
	st, known := o.Stacks[r.Action.Stack]
	switch {
	case v != Do && v != Approve && v != Break:
		return denied("no right is called " + string(v))
	case r.Action.Stack != "" && !known:
		return denied("there is no stack " + r.Action.Stack)
	case r.Action.Effect <= Unknown || r.Action.Effect > Destroy:
		return denied("nobody has said what this would do")
	case v != Do || speech(r.Action):
		return allow
	case !who.fixed() && !o.Profiles[r.Profile].Tools.May(r.Action.Tool):
		return denied(fmt.Sprintf("profile %s does not allow tool %s", or(r.Profile, "(none)"), r.Action.Tool))
	case r.Action.Stack != "" && !slices.Contains(st.Rooms, r.Channel):
		return denied(r.Action.Stack + " is spoken of in " + o.titles(st.Rooms) + " only")
	}
	return allow
}

// rule asks Casbin. stopped tells that somebody is denied by a rule or switched
// off, and not only that nothing allows it.
func (o *orgPolicy) rule(who Actor, v Verb, r Request, m memo) (d Decision, stopped bool, err error) {
	p, known := o.known(who)
	judges, name, roles := o.rulers[who.ID], p.Name, o.roles[who.ID]
	switch {
	case who.Platform == scheduled:
		judges, name, roles = o.clockwork(who), "schedule "+who.ID, []string{scheduled}
	case !known:
		return denied("you are not known here"), true, nil
	}
	what := act(v, r.Action)
	ok, by, err := o.may(judges, r.Action, what, m)
	switch {
	case err != nil:
		return Decision{}, true, err
	case p.Off:
		return denied(name + " is switched off here"), true, nil
	case by != nil && by.Eft == "deny":
		return denied(fmt.Sprintf("a rule denies %s to %s (%s)%s", or(by.Act, what), name, by.Object, reason(by))), true, nil
	case !ok:
		return denied(fmt.Sprintf("%s may not %s: roles are %s", name, aloud(what), or(strings.Join(roles, ", "), "none"))), false, nil
	}
	d = allow
	d.Reasons = []string{fmt.Sprintf("%s may %s as %s", name, aloud(what), or(strings.Join(roles, ", "), "named by a rule"))}
	return d, false, nil
}

// clockwork are the rules of a schedule.
func (o *orgPolicy) clockwork(who Actor) rulers {
	if who.fixed() {
		return o.schedule
	}
	return o.speaking
}

// aloud is an act as people say it.
func aloud(what string) string {
	if what == string(Break) {
		return "break the glass"
	}
	return what
}

// known finds the person who an Actor is. Only Resolve makes such Actors.
func (o *orgPolicy) known(who Actor) (p Person, ok bool) {
	if who.Platform == personal && who.Tenant == "" {
		p, ok = o.People[who.ID]
	}
	return p, ok
}

// may asks about the object of an action and, when its stack is elsewhere, about
// the environment that the action names: what is denied there stays denied.
func (o *orgPolicy) may(judges rulers, a Action, what string, m memo) (ok bool, by *Line, err error) {
	ok, by, err = judges.may(object(a), what, m)
	if ok && a.Stack != "" && a.Environment != "" && a.Environment != o.Stacks[a.Stack].Environment {
		return judges.may(ofEnv+a.Environment, what, m)
	}
	return ok, by, err
}

func reason(l *Line) string {
	if l == nil || l.Because == "" {
		return ""
	}
	return ": " + l.Because
}
