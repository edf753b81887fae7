package rbac

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	now   = time.Date(2020, 2, 25, 12, 0, 0, 0, time.UTC)
	later = now.Add(time.Hour)
	old   = now.Add(-time.Hour)
)

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(r Request, when time.Time) Request {
	r.At = when
	return r
}

// Each ceiling is lifted by its own raise, only upwards, only in time.
func TestRaises(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raises []Raise
		r      Request
		before rune // without the raise
		in     rune // while it lasts
	}{
		"environment":           {[]Raise{{"environment observe", Gated, later, ""}}, ask("op", "observe", Change), '-', '1'},
		"another environment":   {[]Raise{{"environment draft", Gated, later, ""}}, ask("op", "observe", Change), '-', '-'},
		"role":                  {[]Raise{{"role viewer", Recommend, later, ""}}, ask("vi", "gated", Edit), '-', '-'}, // the act is still not a viewer's
		"role, by a rule":       {[]Raise{{"role approver", Recommend, later, ""}}, ask("ap", "gated", Edit), '-', 'a'},
		"another role":          {[]Raise{{"role viewer", Gated, later, ""}}, ask("ap", "gated", Edit), '-', '-'},
		"profile":               {[]Raise{{"profile observe", Sandbox, later, ""}}, func() Request { r := ask("op", "gated", Execute); r.Profile = "observe"; return r }(), '-', 'a'},
		"channel":               {[]Raise{{"channel " + low, Gated, later, ""}}, func() Request { r := ask("op", "gated", Change); r.Channel = low; return r }(), '-', '1'},
		"lower than it is":      {[]Raise{{"environment gated", Draft, later, ""}}, ask("op", "gated", Change), '1', '1'},
		"not far enough":        {[]Raise{{"environment observe", Sandbox, later, ""}}, ask("op", "observe", Change), '-', '-'},
		"the highest of two":    {[]Raise{{"environment observe", Gated, later, ""}, {"environment observe", Draft, later, ""}}, ask("op", "observe", Change), '-', '1'},
		"one of two is too low": {[]Raise{{"environment observe", Gated, later, ""}}, func() Request { r := ask("op", "observe", Change); r.Tier = Draft; return r }(), '-', '-'},
	} {
		o := acme()
		o.Channels[low] = Channel{"Low", Observe}
		o.Stacks["gated"] = Stack{Environment: "gated", Rooms: []string{room, low}}
		o.Lines = []Line{{"role:approver", "*", "edit", "allow", ""}}
		if got := letter((&Enforcer{policy(t, o)}).Decide(t.Context(), at(c.r, now))); got != c.before {
			t.Errorf("%s: %c before", name, got)
		}
		o.Raises = c.raises
		e := &Enforcer{policy(t, o)}
		for when, want := range map[time.Time]rune{now: c.in, later.Add(-1): c.in, later: c.before, later.Add(time.Hour): c.before} {
			if got := letter(e.Decide(t.Context(), at(c.r, when))); got != want {
				t.Errorf("%s: %c at %s, want %c", name, got, when, want)
			}
		}
	}
}

const low = "console:low"

// A raise that lifts says so, and until when.
func TestRaiseIsSaid(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Raises = []Raise{{"environment observe", Gated, later, "a release"}, {"channel " + room, Gated, time.Now().Add(time.Hour), "x"}}
	o.Channels[room] = Channel{"Payments", Draft}
	s := policy(t, o)
	limits, err := s.Ceilings(t.Context(), at(ask("op", "observe", Change), now))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(limits, func(c Ceiling) bool { return c.Of == "environment observe" })
	if i < 0 || limits[i].Raised != "raised to gated until 25 February 2020 13:00 UTC: a release" || limits[i].Tier != Gated {
		t.Errorf("%+v", limits)
	}
	if s.Room(room) != Gated || s.Room("x:y") != Observe {
		t.Errorf("%s %s", s.Room(room), s.Room("x:y"))
	}
	if got := s.MayEver(Do, "observe"); got != nil {
		t.Errorf("a raise that is over: %v", got)
	}
	o.Raises[0].Until = time.Now().Add(time.Hour)
	if got := policy(t, o).MayEver(Do, "observe"); !slices.Equal(got, []string{"Ad", "Op", "Two"}) {
		t.Errorf("a raise in time: %v", got)
	}
	if _, err := s.Ceilings(t.Context(), Request{Org: "other"}); err == nil {
		t.Error("ceilings of another Org")
	}
}

func TestFreezes(t *testing.T) {
	t.Parallel()
	f := func(env string, from, until time.Time) Freeze {
		return Freeze{ID: env, Env: env, At: from, Until: until, By: "Op", Reason: "r"}
	}
	change := at(ask("op", "gated", Change), now)
	with := func(set func(*Request)) Request { r := change; set(&r); return r }
	for name, c := range map[string]struct {
		freezes []Freeze
		r       Request
		want    string // whose freeze holds it
	}{
		"its environment":        {[]Freeze{f("gated", old, later)}, change, "gated"},
		"all":                    {[]Freeze{f("all", old, later)}, change, "all"},
		"another environment":    {[]Freeze{f("draft", old, later)}, change, ""},
		"a destroy":              {[]Freeze{f("gated", old, later)}, at(ask("op", "gated", Destroy), now), "gated"},
		"what is in the sandbox": {[]Freeze{f("all", old, later)}, at(ask("op", "gated", Execute), now), ""},
		"a read":                 {[]Freeze{f("all", old, later)}, at(ask("op", "gated", Read), now), ""},
		"over":                   {[]Freeze{f("gated", old, now)}, change, ""},
		"to its last moment":     {[]Freeze{f("gated", old, now.Add(1))}, change, "gated"},
		"from its first moment":  {[]Freeze{f("gated", now, later)}, change, "gated"},
		"as of before it":        {[]Freeze{f("gated", now.Add(1), later)}, change, ""},
		"its start is not known": {[]Freeze{f("gated", time.Time{}, later)}, change, "gated"},
		"the one that ends last": {[]Freeze{f("all", old, later), f("gated", old, later.Add(1)), f("gated", old, later)}, with(func(*Request) {}), "gated"},
		"the first of two":       {[]Freeze{f("all", old, later), f("gated", old, later)}, change, "all"},
		"no stack":               {[]Freeze{f("gated", old, later)}, with(func(r *Request) { r.Action.Stack = "" }), "gated"},
		"another one is named":   {[]Freeze{f("gated", old, later)}, with(func(r *Request) { r.Action.Environment = "sandbox" }), ""},
		"of the stack":           {[]Freeze{f("gated", old, later)}, with(func(r *Request) { r.Action.Environment = "" }), "gated"},
		"none named, all":        {[]Freeze{f("all", old, later)}, with(func(r *Request) { r.Action.Stack, r.Action.Environment = "", "" }), "all"},
		"none named, one":        {[]Freeze{f("gated", old, later)}, with(func(r *Request) { r.Action.Stack, r.Action.Environment = "", "" }), ""},
	} {
		o := acme()
		o.Freezes = c.freezes
		d := (&Enforcer{policy(t, o)}).Decide(t.Context(), c.r)
		got := ""
		if d.Frozen != nil {
			got = d.Frozen.Env
		}
		if name == "another one is named" {
			continue // denied, see below
		}
		if got != c.want {
			t.Errorf("%s: held by %q, want %q: %+v", name, got, c.want, d)
		}
	}
	o := acme()
	o.Freezes = []Freeze{f("gated", time.Now().Add(time.Minute), time.Now().Add(time.Hour))}
	if d := (&Enforcer{policy(t, o)}).Decide(t.Context(), ask("op", "gated", Change)); d.Frozen == nil || letter(d) != '1' {
		t.Errorf("a freeze of a clock that goes before: %+v", d)
	}
	if d := (&Enforcer{policy(t, o)}).Decide(t.Context(), ask("vi", "gated", Change)); d.Outcome != Deny {
		t.Errorf("a freeze opens: %+v", d)
	}
}

// A deputy approves what somebody who is away could, and nothing else.
func TestDeputies(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Groups = map[string]Group{"dba": {Members: []string{"ap"}}}
	away := func(id, deputy string) {
		p := o.People[id]
		p.Away, p.Deputy = later, deputy
		o.People[id] = p
	}
	away("ap", "vi")
	away("off", "vi")
	away("ad", "none")
	away("two", "off")
	o.Approvals = []ApprovalRule{
		{Name: "dba", Environments: []string{"sandbox"}, Effects: []Effect{Propose}, Need: Need{1, []string{"group:dba"}, "dba"}},
		{Name: "ap", Environments: []string{"draft"}, Effects: []Effect{Propose}, Need: Need{1, []string{"person:ap"}, "ap"}},
	}
	s := policy(t, o)
	e := &Enforcer{s}
	change := ask("op", "gated", Change)
	with := func(set func(*Request)) Request { r := change; set(&r); return r }
	for name, c := range map[string]struct {
		who  Actor
		v    Verb
		r    Request
		want Outcome
		says string
	}{
		"while they are away":    {someone("vi"), Approve, at(change, now), Allow, "Vi may approve as deputy of Ap until 25 February 13:00 UTC"},
		"to the last moment":     {someone("vi"), Approve, at(change, later.Add(-1)), Allow, ""},
		"when they are back":     {someone("vi"), Approve, at(change, later), Deny, "Vi may not approve"},
		"over another chat":      {Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "Uvi"}, Approve, at(change, now), Allow, ""},
		"a stranger's account":   {Actor{Org: "acme", Platform: "teams", Tenant: "T", ID: "vi"}, Approve, at(change, now), Deny, "not known"},
		"a schedule":             {Actor{Org: "acme", Platform: "schedule", ID: "vi"}, Approve, at(change, now), Deny, "may not approve"},
		"a person of a tenant":   {Actor{Org: "acme", Platform: "person", Tenant: "T", ID: "vi"}, Approve, at(change, now), Deny, "not known"},
		"for one who asks":       {someone("vi"), Approve, at(with(func(r *Request) { r.Actor = someone("ap") }), now), Deny, "Vi may not approve"},
		"for an author":          {someone("vi"), Approve, at(with(func(r *Request) { r.Authors = []Actor{someone("op"), someone("ap")} }), now), Deny, "Vi may not approve"},
		"own":                    {someone("vi"), Approve, at(with(func(r *Request) { r.Actor = someone("vi") }), now), Deny, ownWork},
		"own answer":             {someone("vi"), Approve, at(with(func(r *Request) { r.Authors = []Actor{someone("vi")} }), now), Deny, ownWork},
		"of an admin":            {someone("none"), Approve, at(change, now), Allow, "as deputy of Ad"},
		"nothing but approving":  {someone("none"), Break, at(change, now), Deny, ""},
		"who is off":             {someone("off"), Approve, at(change, now), Deny, "Off is switched off"},
		"who has the right":      {someone("two"), Approve, at(change, now), Allow, "Two may approve as"},
		"counts as their group":  {someone("vi"), Approve, at(ask("op", "sandbox", Propose), now), Allow, ""},
		"counts as them by name": {someone("vi"), Approve, at(ask("op", "draft", Propose), now), Allow, ""},
		"an admin's counts not":  {someone("none"), Approve, at(ask("op", "sandbox", Propose), now), Deny, "this needs 1 approval from group dba, which None is not"},
	} {
		if d := e.May(t.Context(), s.Resolve(c.who), c.v, c.r); d.Outcome != c.want || !strings.Contains(d.Why(), c.says) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d := e.Decide(t.Context(), at(ask("none", "gated", Read), now)); d.Outcome != Deny {
		t.Errorf("a deputy reads: %+v", d)
	}
	if got := s.Whom(t.Context(), Approve, at(change, now)); !slices.Equal(got, []string{"Ad", "Ap", "None", "Two", "Vi"}) {
		t.Errorf("whom to ask: %v", got)
	}
	if got := s.Whom(t.Context(), Approve, at(change, later)); !slices.Equal(got, []string{"Ad", "Ap", "Two"}) {
		t.Errorf("whom to ask later: %v", got)
	}
	o.Lines = []Line{{"person:vi", "env/gated", "approve", "deny", ""}}
	if d := (&Enforcer{policy(t, o)}).May(t.Context(), someone("vi"), Approve, at(change, now)); d.Outcome != Deny || !strings.Contains(d.Why(), "a rule denies") {
		t.Errorf("a rule denies the deputy: %+v", d)
	}
	o.Lines = []Line{{"person:ap", "env/gated", "approve", "deny", ""}}
	if d := (&Enforcer{policy(t, o)}).May(t.Context(), someone("vi"), Approve, at(change, now)); d.Outcome != Deny {
		t.Errorf("a rule denies whom they stand in for: %+v", d)
	}
}
