package rbac

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A deny of everything holds on each object, however many a subject has lines of.
func TestDenyOfEverythingHoldsOnEach(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Lines = append(o.Lines, Line{Subject: "role:operator", Object: "*", Act: "destroy", Eft: "deny"})
	for i := range 3 * batch {
		name := "many" + strconv.Itoa(i)
		o.Stacks[name] = Stack{Environment: "gated", Rooms: []string{room}}
		o.Lines = append(o.Lines, Line{Subject: "role:operator", Object: "stack/" + name, Act: "destroy", Eft: "allow"})
	}
	s := policy(t, o)
	for i := range 3 * batch {
		r := ask("op", "many"+strconv.Itoa(i), Destroy)
		r.Action.Environment = "gated"
		d, err := s.Rule(t.Context(), r.Actor, Do, r)
		if err != nil || d.Outcome != Deny {
			t.Errorf("%s: %+v, %v", r.Action.Stack, d, err)
		}
	}
}

// Nobody approves what they asked for, or wrote, whatever the policy says.
func TestOwnWorkWhateverThePolicySays(t *testing.T) {
	t.Parallel()
	who := func(id string) Actor { return Actor{Org: "o", Platform: "console", ID: id} }
	r := Request{Org: "o", Actor: who("asks"), Authors: []Actor{who("wrote")}, Tier: Gated, Action: Action{Effect: Change}, Label: Clean()}
	for id, want := range map[string]Outcome{"asks": Deny, "wrote": Deny, "other": Allow} {
		e := &Enforcer{fixed{[]Tier{Gated}, Allow, nil}}
		if d := e.May(t.Context(), who(id), Approve, r); d.Outcome != want {
			t.Errorf("%s: %+v", id, d)
		}
	}
}

func TestWhoBreaksMayHaveAsked(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	if names := s.Whom(t.Context(), Break, ask("bg", "gated", Change)); !slices.Contains(names, "Bg") {
		t.Errorf("%q", names)
	}
}

func TestEffectsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, e := range []Effect{-1, Destroy + 1, 99} {
		if e.String() != "unknown" {
			t.Errorf("%d is %s", int(e), e)
		}
	}
}

func TestLowestFor(t *testing.T) {
	t.Parallel()
	for e, want := range map[Effect]Tier{Read: Observe, Edit: Recommend, Propose: Draft, Execute: Sandbox, Change: Gated, Destroy: Gated} {
		if got, ok := lowestFor(e); got != want || !ok {
			t.Errorf("%s: %s, %v", e, got, ok)
		}
	}
	for _, e := range []Effect{Unknown, Destroy + 1} {
		if _, ok := lowestFor(e); ok {
			t.Errorf("%d is possible", int(e))
		}
	}
}

// A rule that asks nothing of the size says nothing of it.
func TestMatchedWithoutSize(t *testing.T) {
	t.Parallel()
	tell := &teller{Snapshot: policy(t, acme()), r: ask("op", "gated", Change)}
	if got := tell.matched(ApprovalRule{Stacks: []string{"gated"}}); strings.Contains(got, "not known") {
		t.Error(got)
	}
}

func TestWhyNamesNobodyWhenThereIsNobody(t *testing.T) {
	t.Parallel()
	for _, d := range []Decision{{Reasons: []string{"no"}}, {Reasons: []string{"no"}, Whom: []string{"Bob"}}} {
		if got := d.Why(); strings.Contains(got, "Bob") != (len(d.Whom) > 0) || !strings.HasPrefix(got, "no") || len(d.Whom) == 0 && got != "no" {
			t.Errorf("%q", got)
		}
	}
}

// A channel that was not named cannot be raised, and nobody is told to.
func TestNoRaiseOfNoChannel(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	for _, channel := range []string{"", room} {
		r := ask("op", "gated", Change)
		r.Channel, r.Tier = channel, Observe
		tell := &teller{Snapshot: s, r: r, x: &Explanation{}}
		tell.lift(Ceiling{Of: "channel " + channel}, Gated)
		if said := len(tell.x.Needed) == 1; said != (channel != "") {
			t.Errorf("channel %q: %q", channel, tell.x.Needed)
		}
	}
}

// What is refused is said as people say it.
func TestBreakAloud(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	for verb, want := range map[Verb]string{Break: "may not break the glass: roles are viewer", Approve: "may not approve: roles are viewer"} {
		d, err := s.Rule(t.Context(), someone("vi"), verb, ask("op", "gated", Change))
		if err != nil || !strings.Contains(strings.Join(d.Reasons, ";"), want) {
			t.Errorf("%s: %q, %v", verb, d.Reasons, err)
		}
	}
}
