package rbac

import (
	"strings"
	"testing"
	"time"
)

// What an Org's own rules say, to groups too, and that explain keeps why.
func TestOwnRules(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Groups = map[string]Group{
		"sre": {Roles: []string{"operator"}, Members: []string{"none", "off", "nobody"}},
		"dba": {Members: []string{"vi"}},
	}
	o.Lines = []Line{
		{"group:dba", "stack/gated", "approve", "allow", "they know it"},
		{"group:dba", "env/observe", "break", "allow", ""},
		{"person:vi", "env/gated", "stop", "allow", ""},
		{"role:viewer", "env/gated", "freeze", "allow", ""},
		{"group:sre", "env/draft", "edit", "deny", "too early"},
	}
	e := &Enforcer{policy(t, o)}
	said := func(word, env string) Request {
		return Request{Org: "acme", Actor: someone("vi"), Label: Clean(), Action: Action{Tool: word, Effect: Read, Environment: env}}
	}
	for name, c := range map[string]struct {
		d    Decision
		want Outcome
		says string
	}{
		"a role of a group":                 {e.Decide(t.Context(), ask("none", "gated", Change)), Ask, "None may change as operator"},
		"a deny of a group":                 {e.Decide(t.Context(), ask("none", "draft", Edit)), Deny, "a rule denies edit to None (env/draft): too early"},
		"the group elsewhere":               {e.Decide(t.Context(), ask("none", "gated", Edit)), Allow, ""},
		"a member who is off":               {e.Decide(t.Context(), ask("off", "gated", Read)), Deny, "Off is switched off"},
		"a member whom nobody named":        {e.Decide(t.Context(), ask("nobody", "gated", Read)), Deny, "not known"},
		"a group may approve":               {e.May(t.Context(), someone("vi"), Approve, ask("op", "gated", Change)), Allow, "Vi may approve as viewer"},
		"a group may approve here only":     {e.May(t.Context(), someone("vi"), Approve, ask("op", "sandbox", Change)), Deny, "Vi may not approve"},
		"a group may break here":            {e.May(t.Context(), someone("vi"), Break, ask("op", "observe", Change)), Allow, ""},
		"a group may break here only":       {e.May(t.Context(), someone("vi"), Break, ask("op", "gated", Change)), Deny, ""},
		"freeze one":                        {e.Decide(t.Context(), said("freeze", "gated")), Allow, ""},
		"freeze another":                    {e.Decide(t.Context(), said("freeze", "draft")), Deny, ""},
		"freeze all":                        {e.Decide(t.Context(), said("freeze", "")), Deny, ""},
		"stop is about no environment":      {e.Decide(t.Context(), said("stop", "")), Deny, ""},
		"a word on a stack is a tool":       {e.Decide(t.Context(), Request{Org: "acme", Actor: someone("vi"), Label: Clean(), Action: Action{Tool: "ask", Effect: Read, Stack: "gated"}}), Deny, "profile (none)"},
		"a word that changes is a tool":     {e.Decide(t.Context(), Request{Org: "acme", Actor: someone("ad"), Label: Clean(), Action: Action{Tool: "ask", Effect: Edit}}), Deny, "profile (none)"},
		"a right that nobody has a name of": {e.May(t.Context(), someone("ad"), "rule", ask("op", "gated", Change)), Deny, "no right is called rule"},
		"approve what nobody classified":    {e.May(t.Context(), someone("ad"), Approve, ask("op", "gated", Unknown)), Deny, "nobody has said"},
		"approve on no stack of ours":       {e.May(t.Context(), someone("ad"), Approve, ask("op", "nosuch", Change)), Deny, "there is no stack nosuch"},
		"approve in another room":           {e.May(t.Context(), someone("ad"), Approve, func() Request { r := ask("op", "gated", Change); r.Channel, r.Profile = "x:y", "none"; return r }()), Allow, ""},
	} {
		if c.d.Outcome != c.want || !strings.Contains(c.d.Why(), c.says) && !strings.Contains(strings.Join(c.d.Reasons, "; "), c.says) {
			t.Errorf("%s: %+v", name, c.d)
		}
	}
}

// A stack of a mild environment, called with a stricter one: a deny of either holds.
func TestDeniedInTheOtherEnvironment(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Environments["prod"] = Gated
	o.Lines = []Line{{"role:operator", "env/prod", "change", "deny", ""}, {"person:vi", "stack/gated", "approve", "allow", ""}, {"person:vi", "env/prod", "approve", "allow", ""}}
	e := &Enforcer{policy(t, o)}
	r := ask("op", "gated", Change)
	if d := e.Decide(t.Context(), r); d.Outcome != Ask {
		t.Errorf("%+v", d)
	}
	r.Action.Environment = "prod"
	if d := e.Decide(t.Context(), r); d.Outcome != Deny || !strings.Contains(d.Why(), "(env/prod)") {
		t.Errorf("%+v", d)
	}
	if d := e.May(t.Context(), someone("vi"), Approve, r); d.Outcome != Allow {
		t.Errorf("allowed in both: %+v", d)
	}
	r.Action.Environment = "observe"
	if d := e.May(t.Context(), someone("vi"), Approve, r); d.Outcome != Deny {
		t.Errorf("allowed in one: %+v", d)
	}
	r.Action.Stack, r.Action.Environment = "observe", "prod"
	if d := e.May(t.Context(), someone("vi"), Approve, r); d.Outcome != Deny {
		t.Errorf("allowed in the other: %+v", d)
	}
}

// Every decision says who was judged, as the policy knows them, and by which policy.
func TestDecisionNamesItsPolicy(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	e := &Enforcer{s}
	for name, d := range map[string]Decision{
		"asked":         e.Decide(t.Context(), ask("op", "gated", Change)),
		"denied":        e.Decide(t.Context(), ask("op", "observe", Change)),
		"own":           e.May(t.Context(), someone("op"), Approve, ask("op", "gated", Change)),
		"may not":       e.May(t.Context(), someone("op"), Approve, ask("two", "gated", Change)),
		"another's try": e.May(t.Context(), Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "Uop"}, Break, ask("two", "gated", Change)),
	} {
		if d.Policy != s.Version() || d.Person != "acme:person::op" {
			t.Errorf("%s: %q %q", name, d.Policy, d.Person)
		}
	}
	if len(s.Version()) != 64 || s.Org() != "acme" || len(s.Rules().People) != len(acme().People) {
		t.Errorf("%s of %s", s.Version(), s.Org())
	}
}

// The version is of the content alone, wherever clocks stand.
func TestVersion(t *testing.T) {
	t.Parallel()
	a, b := acme(), acme()
	a.Freezes = []Freeze{{ID: "f", Env: "all", Until: later, At: now}}
	east := later.In(zoneOf(t, "Asia/Tokyo"))
	b.Freezes = []Freeze{{ID: "f", Env: "all", Until: east, At: now.In(east.Location())}}
	a.Raises, b.Raises = []Raise{{"role viewer", Draft, later, ""}}, []Raise{{"role viewer", Draft, east, ""}}
	for i, o := range []OrgRules{a, b} {
		p := o.People["vi"]
		p.Away, p.Deputy = []time.Time{later, east}[i], "op"
		o.People["vi"] = p
	}
	s := policy(t, a)
	if got := policy(t, b).Version(); got != s.Version() {
		t.Error("another zone is another version")
	}
	if again := policy(t, s.Rules()); again.Version() != s.Version() {
		t.Error("its own rules are another version")
	}
	b.Lines = []Line{{"role:viewer", "*", "read", "deny", "a"}}
	c := b
	c.Lines = []Line{{"role:viewer", "*", "read", "deny", "b"}}
	if v, w := policy(t, b).Version(), policy(t, c).Version(); v == s.Version() || v == w {
		t.Error("other rules, or reasons, are the same version")
	}
}
