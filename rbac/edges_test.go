package rbac

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// A deny of an environment holds for a stack in it that has a line of its own,
// however many objects the subject's lines name.
func TestDenyOfAnEnvironmentHoldsForItsStacks(t *testing.T) {
	t.Parallel()
	o := acme()
	var lines []Line
	for env := range sorted(o.Environments) {
		lines = append(lines, Line{"person:op", "env/" + env, "change", "deny", ""}, Line{"person:op", "stack/" + env, "change", "allow", ""})
	}
	for n := range lines {
		o.Lines = slices.Concat(lines[n:], lines[:n])
		e := &Enforcer{policy(t, o)}
		for env := range o.Environments {
			if d := e.Decide(t.Context(), ask("op", env, Change)); d.Outcome != Deny {
				t.Fatalf("%s: %s", env, d.Why())
			}
		}
	}
}

// lenient is a Policy that allows everything to everybody.
type lenient struct{}

func (lenient) Resolve(a Actor) Actor { return a }

func (lenient) Rule(context.Context, Actor, Verb, Request) (Decision, error) { return allow, nil }

func (lenient) Ceilings(context.Context, Request) ([]Ceiling, error) {
	return []Ceiling{{Tier: Gated}}, nil
}

func (lenient) Whom(context.Context, Verb, Request) []string { return []string{"Ada"} }

func (lenient) Policy(context.Context, string) (Policy, error) { return lenient{}, nil }

// Whoever the platform takes for less is refused by the enforcer, whatever the
// policy says, and by the policy, whatever asks it.
func TestOutsidersAreRefusedByBoth(t *testing.T) {
	t.Parallel()
	guest, r := someone("ad"), ask("ad", "gated", Read)
	guest.Outsider = "a guest"
	r.Actor = guest
	e := &Enforcer{lenient{}}
	if d := e.Decide(t.Context(), r); d.Outcome != Deny {
		t.Error("the enforcer lets a guest ask")
	}
	if d := e.May(t.Context(), guest, Approve, ask("op", "gated", Change)); d.Outcome != Deny {
		t.Error("the enforcer lets a guest approve")
	}
	for _, v := range []Verb{Do, Approve, Break} {
		if d, err := policy(t, acme()).Rule(t.Context(), guest, v, r); err != nil || d.Outcome != Deny {
			t.Errorf("the policy lets a guest %s", v)
		}
	}
	r.Actor = someone("ad")
	if d := e.Decide(t.Context(), r); d.Outcome != Allow {
		t.Errorf("nobody may: %s", d.Why())
	}
}

// A refusal counts for nothing, and names others.
func TestRefusalToApproveCountsForNothing(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Approvals = []ApprovalRule{{Name: "two", Need: Need{Count: 2}}}
	s := policy(t, o)
	e, r := &Enforcer{s}, ask("two", "gated", Change)
	for _, who := range []string{"two", "vi", "op", "off", "none", "stranger"} {
		d := e.May(t.Context(), someone(who), Approve, r)
		if d.Outcome != Deny || len(d.Needs) != 0 || !slices.Contains(d.Whom, "Ap") {
			t.Errorf("%s: %+v", who, d)
		}
		if d, err := s.Rule(t.Context(), someone(who), Approve, r); err != nil || d.Outcome != Deny || len(d.Needs) != 0 {
			t.Errorf("%s by the policy: %+v %v", who, d, err)
		}
	}
	if d := e.May(t.Context(), someone("ap"), Approve, r); d.Outcome != Allow || len(d.Needs) == 0 {
		t.Errorf("ap: %+v", d)
	}
}

// Of limits that are as low, the first is named.
func TestFirstOfTheLowestDecides(t *testing.T) {
	t.Parallel()
	r := ask("op", "observe", Change)
	r.Profile = "observe"
	d := (&Enforcer{policy(t, acme())}).Decide(t.Context(), r)
	if why := d.Why(); !strings.Contains(why, "profile observe is at tier observe") {
		t.Error(why)
	}
}

// Whoever can help in two ways is named once, and so is a role that two groups give.
func TestNobodyIsNamedTwice(t *testing.T) {
	t.Parallel()
	o := acme()
	for id, deputy := range map[string]string{"ap": "two", "two": "ap"} {
		p := o.People[id]
		p.Away, p.Deputy = later, deputy
		o.People[id] = p
	}
	o.Groups = map[string]Group{"a": {Roles: []string{"operator"}, Members: []string{"op", "vi"}}, "b": {Roles: []string{"operator"}, Members: []string{"op", "vi"}}}
	s := policy(t, o)
	names := s.Whom(t.Context(), Approve, ask("op", "gated", Change))
	slices.Sort(names)
	if want := []string{"Ad", "Ap", "Two"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
	if roles := s.Roles("vi"); !slices.Equal(roles, []string{"operator", "viewer"}) {
		t.Errorf("%v", roles)
	}
}

// A deputy who is switched off is nobody.
func TestDeputyWhoIsOff(t *testing.T) {
	t.Parallel()
	o := acme()
	p := o.People["ap"]
	p.Away, p.Deputy = later, "off"
	o.People["ap"] = p
	s := policy(t, o)
	r := ask("op", "gated", Change)
	if d := (&Enforcer{s}).May(t.Context(), someone("off"), Approve, r); d.Outcome != Deny {
		t.Error("they approve")
	}
	if names := s.Whom(t.Context(), Approve, r); slices.Contains(names, "Off") {
		t.Errorf("they are to be asked: %v", names)
	}
}

func TestJoinedOriginsAreInOrder(t *testing.T) {
	t.Parallel()
	l := Label{Origins: []string{"c", "a"}}.Join(Label{Origins: []string{"b", "a"}})
	if !slices.Equal(l.Origins, []string{"a", "b", "c"}) {
		t.Errorf("%v", l.Origins)
	}
}

// The version is looked at again by who loads: when that fails, nothing serves.
func TestWatchVersionFailsWhileItLoads(t *testing.T) {
	t.Parallel()
	asked := 0
	w := (&kept{now: wide(t)}).watch()
	w.Version = func(context.Context, string) (string, error) {
		if asked++; asked == 2 {
			return "", errors.New("down")
		}
		return "1", nil
	}
	if p, err := w.Policy(t.Context(), "acme"); err == nil || p != nil {
		t.Errorf("%v", p)
	}
	if p, err := w.Policy(t.Context(), "acme"); err != nil || p == nil {
		t.Errorf("%v", err)
	}
}

// Of two ends the earlier one counts, of rules that say none the other's.
func TestExpiryIsTheShortest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want time.Duration }{
		{0, 0, 0}, {0, time.Hour, time.Hour}, {time.Hour, 0, time.Hour}, {time.Hour, time.Minute, time.Minute}, {time.Minute, time.Hour, time.Minute},
	} {
		if got := (Decision{Expiry: c.a}).And(Decision{Expiry: c.b}).Expiry; got != c.want {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
	}
}
