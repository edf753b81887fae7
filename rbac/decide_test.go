package rbac

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type fixed struct {
	tiers   []Tier
	outcome Outcome
	err     error
}

func (f fixed) Policy(context.Context, string) (Policy, error) { return f, nil }

func (f fixed) Ceilings(context.Context, Request) (c []Ceiling, err error) {
	for _, t := range f.tiers {
		c = append(c, Ceiling{Tier: t, Of: "test"})
	}
	return c, nil
}

func (f fixed) Rule(context.Context, Actor, Verb, Request) (Decision, error) {
	if f.outcome == Ask {
		return ask1, f.err
	}
	return Decision{Outcome: f.outcome}, f.err
}

func (f fixed) Whom(context.Context, Verb, Request) []string { return []string{"dora"} }

func TestDecide(t *testing.T) {
	t.Parallel()
	gated, foreign := []Tier{Gated}, Label{Origins: []string{"issue 7"}}
	for name, c := range map[string]struct {
		policy Source
		effect Effect
		label  Label
		org    string
		want   Outcome
		need   int
	}{
		"no policy":            {nil, Read, Clean(), "o", Deny, 0},
		"silence":              {fixed{tiers: gated}, Read, Clean(), "o", Deny, 0},
		"an error":             {fixed{gated, Allow, errors.New("down")}, Read, Clean(), "o", Deny, 0},
		"another Org":          {fixed{gated, Allow, nil}, Read, Clean(), "p", Deny, 0},
		"no Org":               {fixed{gated, Allow, nil}, Read, Clean(), "", Deny, 0},
		"unknown effect":       {fixed{gated, Allow, nil}, Unknown, Clean(), "o", Deny, 0},
		"read":                 {fixed{gated, Allow, nil}, Read, Clean(), "o", Allow, 0},
		"rule asks":            {fixed{gated, Ask, nil}, Read, Clean(), "o", Ask, 1},
		"change":               {fixed{gated, Allow, nil}, Change, Clean(), "o", Ask, 1},
		"destroy":              {fixed{gated, Allow, nil}, Destroy, Clean(), "o", Ask, 2},
		"lowest tier":          {fixed{[]Tier{Gated, Observe}, Allow, nil}, Edit, Clean(), "o", Deny, 0},
		"no tier named":        {fixed{nil, Allow, nil}, Edit, Clean(), "o", Deny, 0},
		"foreign, proposes":    {fixed{gated, Allow, nil}, Propose, foreign, "o", Ask, 1},
		"foreign, reads":       {fixed{gated, Allow, nil}, Read, foreign, "o", Allow, 0},
		"foreign, destroys":    {fixed{gated, Allow, nil}, Destroy, foreign, "o", Ask, 2},
		"foreign never lowers": {fixed{tiers: gated}, Propose, foreign, "o", Deny, 0},
	} {
		r := Request{Org: c.org, Actor: Actor{Org: "o", ID: "a"}, Tier: Gated, Action: Action{Effect: c.effect}, Label: c.label}
		d := (&Enforcer{c.policy}).Decide(t.Context(), r)
		if d.Outcome != c.want || d.Outcome == Ask && d.Approvals != c.need || d.Outcome == Deny && d.Why() == "" {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// The table of the design, so that no cell widens unnoticed.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for tier, want := range map[Tier]string{-1: "-------", Observe: "-a-----", Recommend: "-aa----", Draft: "-aaa---", Sandbox: "-aaaa--", Gated: "-aaaa12", 5: "-------"} {
		for e, cell := range want {
			d := ceiling(Ceiling{Tier: tier, Of: "test"}, Effect(e))
			got := '-'
			switch d.Outcome {
			case Allow:
				got = 'a'
			case Ask:
				got = rune('0' + d.Approvals)
			}
			if got != cell {
				t.Errorf("tier %d effect %d: %c, want %c", tier, e, got, cell)
			}
		}
	}
}

// Foreign text makes people be asked; what is denied anyway is not denied for it.
func TestForeignTextIsNoReasonToDeny(t *testing.T) {
	t.Parallel()
	for _, tier := range []Tier{Observe, Gated} {
		e := &Enforcer{fixed{[]Tier{tier}, Allow, nil}}
		d := e.Decide(t.Context(), Request{Org: "o", Actor: Actor{Org: "o"}, Tier: tier, Action: Action{Effect: Change}, Label: Label{Foreign, Internal, []string{"a ticket"}}})
		if said := strings.Contains(strings.Join(d.Reasons, ";"), "foreign text was read: a ticket"); said != (d.Outcome == Ask) || (tier == Observe) != (d.Outcome == Deny) {
			t.Errorf("%s: %+v", tier, d)
		}
	}
}

func TestLabelOnlyLowers(t *testing.T) {
	t.Parallel()
	l := Clean().Join(Label{Trusted, Internal, nil}).Join(Label{}).Join(Clean())
	if l.Integrity != Foreign || l.Confidentiality != Secret {
		t.Errorf("washed clean: %+v", l)
	}
}
