package rbac

import (
	"slices"
	"testing"
	"time"
)

// What cannot be understood is refused, whole.
func TestNewSnapshotRefuses(t *testing.T) {
	t.Parallel()
	need := Need{Count: 1}
	approvals := func(all ...ApprovalRule) func(*OrgRules) { return func(o *OrgRules) { o.Approvals = all } }
	person := func(set func(*Person)) func(*OrgRules) {
		return func(o *OrgRules) { p := o.People["vi"]; set(&p); o.People["vi"] = p }
	}
	raise := func(of string, tier Tier) func(*OrgRules) {
		return func(o *OrgRules) { o.Raises = []Raise{{of, tier, later, ""}} }
	}
	for name, c := range map[string]struct {
		set func(*OrgRules)
		ok  bool
	}{
		"as it is":                   {func(*OrgRules) {}, true},
		"a group's role":             {func(o *OrgRules) { o.Groups = map[string]Group{"g": {Roles: []string{"root"}}} }, false},
		"a group's known role":       {func(o *OrgRules) { o.Groups = map[string]Group{"g": {Roles: []string{"admin"}}} }, true},
		"a rule of an unknown group": {func(o *OrgRules) { o.Lines = []Line{{"group:g", "*", "read", "allow", ""}} }, false},
		"a rule of a group": {func(o *OrgRules) {
			o.Groups = map[string]Group{"g": {}}
			o.Lines = []Line{{"group:g", "*", "read", "allow", ""}}
		}, true},
		"a rule of no kind": {func(o *OrgRules) { o.Lines = []Line{{"user:vi", "*", "read", "allow", ""}} }, false},
		"a rule on no kind": {func(o *OrgRules) { o.Lines = []Line{{"person:vi", "room/gated", "read", "allow", ""}} }, false},
		"every act": {func(o *OrgRules) {
			for _, a := range acts() {
				o.Lines = append(o.Lines, Line{"person:vi", "env/gated", a, "deny", ""})
			}
		}, true},
		"no act is unknown":         {func(o *OrgRules) { o.Lines = []Line{{"person:vi", "*", "unknown", "allow", ""}} }, false},
		"a deputy of nobody":        {person(func(p *Person) { p.Deputy = "x" }), false},
		"a deputy of oneself":       {person(func(p *Person) { p.Deputy = "vi" }), false},
		"a deputy":                  {person(func(p *Person) { p.Deputy = "op" }), true},
		"a chat of schedules":       {person(func(p *Person) { p.Chat = []Actor{{Platform: "schedule", ID: "x"}} }), false},
		"one identity twice":        {person(func(p *Person) { p.Chat = append(p.Chat, p.Chat[0]) }), true},
		"another workspace":         {func(o *OrgRules) { o.Workspaces = []Workspace{{"slack", "T2"}} }, false},
		"our workspace":             {func(o *OrgRules) { o.Workspaces = []Workspace{{"slack", "T0"}, {"slack", "T1"}} }, true},
		"another platform's":        {func(o *OrgRules) { o.Workspaces = []Workspace{{"teams", "T2"}} }, true},
		"an approval rule":          {approvals(ApprovalRule{Name: "r", Need: need}), true},
		"without a name":            {approvals(ApprovalRule{Need: need}), false},
		"two of a name":             {approvals(ApprovalRule{Name: "r", Need: need}, ApprovalRule{Name: "r", Need: need}), false},
		"of nobody":                 {approvals(ApprovalRule{Name: "r"}), false},
		"of less than nobody":       {approvals(ApprovalRule{Name: "r", Need: Need{Count: -1}}), false},
		"in no environment":         {approvals(ApprovalRule{Name: "r", Need: need, Environments: []string{"gated", "x"}}), false},
		"on no stack":               {approvals(ApprovalRule{Name: "r", Need: need, Stacks: []string{"gated", "x"}}), false},
		"of no effect":              {approvals(ApprovalRule{Name: "r", Need: need, Effects: []Effect{Unknown}}), false},
		"of too great an effect":    {approvals(ApprovalRule{Name: "r", Need: need, Effects: []Effect{Destroy + 1}}), false},
		"of the ends of effects":    {approvals(ApprovalRule{Name: "r", Need: need, Effects: []Effect{Read, Destroy}}), true},
		"of no pattern":             {approvals(ApprovalRule{Name: "r", Need: need, Kinds: []string{"a", "[b"}}), false},
		"from nobody we know":       {approvals(ApprovalRule{Name: "r", Need: Need{Count: 1, From: []string{"person:x"}}}), false},
		"from no kind":              {approvals(ApprovalRule{Name: "r", Need: Need{Count: 1, From: []string{"vi"}}}), false},
		"from known subjects":       {approvals(ApprovalRule{Name: "r", Need: Need{Count: 1, From: []string{"person:vi", "role:admin"}}}), true},
		"fewer than no resources":   {approvals(ApprovalRule{Name: "r", Need: need, Resources: -1}), false},
		"within less than no time":  {approvals(ApprovalRule{Name: "r", Need: need, Expiry: -time.Second}), false},
		"a raise of an environment": {raise("environment gated", Gated), true},
		"of no environment":         {raise("environment x", Gated), false},
		"a raise of a channel":      {raise("channel "+room, Gated), true},
		"of no channel":             {raise("channel x:y", Gated), false},
		"a raise of a profile":      {raise("profile all", Gated), true},
		"of no profile":             {raise("profile x", Gated), false},
		"a raise of a role":         {raise("role viewer", Gated), true},
		"of schedules":              {raise("role schedule", Gated), false},
		"of nothing":                {raise("stack gated", Gated), false},
		"to no tier":                {raise("environment gated", Gated+1), false},
		"to less than no tier":      {raise("environment gated", Observe-1), false},
		"to the lowest tier":        {raise("environment gated", Observe), true},
		"a year that is no date":    {person(func(p *Person) { p.Away = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) }), false},
	} {
		o := acme()
		c.set(&o)
		if s, err := NewSnapshot("acme", o); (err == nil) != c.ok || (s == nil) == c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// All that is wrong is said at once, in the same order each time.
func TestAllFindings(t *testing.T) {
	t.Parallel()
	o := acme()
	for _, id := range []string{"vi", "op", "ap", "ad"} {
		p := o.People[id]
		p.Roles = []string{"root"}
		o.People[id] = p
	}
	_, first := NewSnapshot("acme", o)
	want := "organisation acme: person ad: no role \"root\"\nperson ap: no role \"root\"\nperson op: no role \"root\"\nperson vi: no role \"root\""
	if first == nil || first.Error() != want {
		t.Errorf("%v", first)
	}
}

// Who is known here: an identity of another workspace is not, whatever its id.
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Workspaces = []Workspace{{"slack", "T1"}, {"teams", "9"}}
	s := policy(t, o)
	for _, c := range []struct {
		a    Actor
		want string
	}{
		{Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "Uop"}, "op"},
		{Actor{Org: "acme", Platform: "slack", Tenant: "T2", ID: "Uop"}, ""},
		{Actor{Org: "acme", Platform: "slack", ID: "Uop"}, ""},
		{Actor{Org: "acme", Platform: "console", ID: "op"}, "op"},
		{Actor{Org: "umbrella", Platform: "console", ID: "op"}, ""},
	} {
		got := s.Resolve(c.a)
		if known := got.Platform == "person"; known != (c.want != "") || known && got.ID != c.want {
			t.Errorf("%+v is %+v", c.a, got)
		}
		c.a.Outsider = "a guest"
		if got := s.Resolve(c.a); got.Outsider != "a guest" {
			t.Errorf("%+v lost what it is", got)
		}
		d, err := s.Rule(t.Context(), c.a, Approve, ask("vi", "gated", Change))
		if err != nil || d.Outcome != Deny {
			t.Errorf("an outsider approves: %+v, %v", d, err)
		}
	}
	if !o.ours(Actor{Platform: "console"}) || o.ours(Actor{Platform: "teams", Tenant: "T1"}) {
		t.Error("workspaces of two platforms are mixed up")
	}
	var none *Snapshot
	if a := none.Resolve(someone("op")); a != someone("op") {
		t.Errorf("%+v", a)
	}
	if got := s.Roles("two"); !slices.Equal(got, []string{"approver", "operator"}) || none.Roles("two") != nil {
		t.Errorf("%v", got)
	}
}

// Each question about another Org is refused by the Snapshot itself, too.
func TestSnapshotOfAnotherOrg(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	r := ask("op", "gated", Change)
	r.Org = "umbrella"
	if d, err := s.Rule(t.Context(), someone("ad"), Do, r); err == nil || d.Outcome != Deny {
		t.Errorf("%+v, %v", d, err)
	}
	if got := s.Whom(t.Context(), Approve, r); got != nil {
		t.Errorf("%v", got)
	}
	if p, err := s.Policy(t.Context(), "umbrella"); err == nil || p != nil {
		t.Errorf("%v", p)
	}
	if p, err := s.Policy(t.Context(), "acme"); err != nil || p != Policy(s) {
		t.Errorf("%v, %v", p, err)
	}
	stranger := someone("ad")
	stranger.Org = "umbrella"
	if d, err := s.Rule(t.Context(), stranger, Approve, ask("op", "gated", Change)); err != nil || d.Outcome != Deny || d.Reasons[0] != "another organisation's" {
		t.Errorf("%+v, %v", d, err)
	}
	var none *Snapshot
	if _, err := none.Rule(t.Context(), someone("ad"), Do, ask("ad", "gated", Read)); err == nil {
		t.Error("no Snapshot decides")
	}
	if _, err := none.Policy(t.Context(), "acme"); err == nil {
		t.Error("no Snapshot is a policy")
	}
	if _, ok := none.Person("ad"); ok {
		t.Error("no Snapshot knows people")
	}
}
