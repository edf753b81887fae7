package rbac

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Which calls an approval rule is about.
func TestApprovalRuleMatches(t *testing.T) {
	t.Parallel()
	known := func(n, d int, kinds ...string) Blast { return Blast{true, n, d, kinds} }
	change := Action{Tool: "tool", Stack: "gated", Environment: "gated", Effect: Change}
	with := func(set func(*Action)) Action { a := change; set(&a); return a }
	blast := func(b Blast) Action { return with(func(a *Action) { a.Blast = b }) }
	iam := ApprovalRule{Kinds: []string{"aws_iam_*", "db?"}}
	all := ApprovalRule{Environments: []string{"gated"}, Stacks: []string{"gated"}, Effects: []Effect{Change}, Resources: 2, Destroys: true, Kinds: []string{"a*"}}
	for name, c := range map[string]struct {
		rule ApprovalRule
		a    Action
		want bool
	}{
		"nothing said, change":      {ApprovalRule{}, change, true},
		"nothing said, destroy":     {ApprovalRule{}, with(func(a *Action) { a.Effect = Destroy }), true},
		"nothing said, execute":     {ApprovalRule{}, with(func(a *Action) { a.Effect = Execute }), false},
		"nothing said, read":        {ApprovalRule{}, with(func(a *Action) { a.Effect = Read }), false},
		"effect named":              {ApprovalRule{Effects: []Effect{Read, Propose}}, with(func(a *Action) { a.Effect = Propose }), true},
		"effect not named":          {ApprovalRule{Effects: []Effect{Propose}}, change, false},
		"a word is no call":         {ApprovalRule{Effects: []Effect{Read}}, Action{Tool: "ask", Effect: Read}, false},
		"a tool of this name is":    {ApprovalRule{Effects: []Effect{Read}}, Action{Tool: "ask", Effect: Read, Stack: "gated"}, true},
		"environment":               {ApprovalRule{Environments: []string{"draft", "gated"}}, change, true},
		"another environment":       {ApprovalRule{Environments: []string{"draft"}}, change, false},
		"the stack's environment":   {ApprovalRule{Environments: []string{"gated"}}, with(func(a *Action) { a.Environment = "draft" }), true},
		"the one that is named":     {ApprovalRule{Environments: []string{"draft"}}, with(func(a *Action) { a.Environment = "draft" }), true},
		"no environment":            {ApprovalRule{Environments: []string{"gated"}}, with(func(a *Action) { a.Stack, a.Environment = "", "" }), false},
		"stack":                     {ApprovalRule{Stacks: []string{"draft", "gated"}}, change, true},
		"another stack":             {ApprovalRule{Stacks: []string{"draft"}}, change, false},
		"no stack":                  {ApprovalRule{Stacks: []string{"gated"}}, with(func(a *Action) { a.Stack = "" }), false},
		"enough resources":          {ApprovalRule{Resources: 3}, blast(known(3, 0)), true},
		"too few resources":         {ApprovalRule{Resources: 3}, blast(known(2, 0)), false},
		"something destroyed":       {ApprovalRule{Destroys: true}, blast(known(1, 1)), true},
		"nothing destroyed":         {ApprovalRule{Destroys: true}, blast(known(1, 0)), false},
		"a kind":                    {iam, blast(known(2, 0, "null", "aws_iam_role")), true},
		"a kind, by one character":  {iam, blast(known(2, 0, "db1")), true},
		"no such kind":              {iam, blast(known(2, 0, "aws_instance", "db12", "xaws_iam_role")), false},
		"no kind at all":            {iam, blast(known(2, 0)), false},
		"not known":                 {ApprovalRule{Resources: 3, Destroys: true, Kinds: []string{"x"}}, change, true},
		"known by its number alone": {ApprovalRule{Resources: 3}, blast(Blast{Resources: 1}), true},
		"all conditions":            {all, blast(known(2, 1, "a")), true},
		"all but resources":         {all, blast(known(1, 1, "a")), false},
		"all but destroys":          {all, blast(known(2, 0, "a")), false},
		"all but kinds":             {all, blast(known(2, 1, "b")), false},
		"all but the stack":         {all, with(func(a *Action) { a.Stack, a.Blast = "draft", known(2, 1, "a") }), false},
		"all but the effect":        {all, with(func(a *Action) { a.Effect, a.Blast = Destroy, known(2, 1, "a") }), false},
	} {
		c.rule.Name, c.rule.Need = "r", Need{1, nil, "r"}
		o := acme()
		o.Approvals = []ApprovalRule{c.rule}
		if got := len(policy(t, o).demands(c.a)) == 1; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// iamRules is an Org in which a change of prod needs one of the dba and two of
// anyone, and a proposal one approver by name.
func iamRules() OrgRules {
	o := acme()
	o.Groups = map[string]Group{"dba": {Roles: []string{"approver"}, Members: []string{"vi"}}}
	o.Approvals = []ApprovalRule{
		{Name: "iam", Environments: []string{"gated"}, Kinds: []string{"iam"}, Need: Need{1, []string{"group:dba", "role:admin"}, "iam"}, Expiry: 2 * time.Hour, Urgent: true},
		{Name: "two", Environments: []string{"gated"}, Destroys: true, Need: Need{2, nil, "two"}, Expiry: time.Hour},
		{Name: "plan", Effects: []Effect{Propose}, Need: Need{1, []string{"person:ap"}, "plan"}},
	}
	return o
}

func TestApprovalsAsked(t *testing.T) {
	t.Parallel()
	e := &Enforcer{policy(t, iamRules())}
	blast := func(e Effect, b Blast) Request { r := ask("op", "gated", e); r.Action.Blast = b; return r }
	foreign := func(r Request) Request { r.Label = Label{Origins: []string{"issue 7"}}; return r }
	iam, two := Need{1, []string{"group:dba", "role:admin"}, "iam"}, Need{2, nil, "two"}
	for name, c := range map[string]struct {
		r         Request
		approvals int
		needs     []Need
		expiry    time.Duration
		urgent    bool
	}{
		"the tier alone":      {blast(Change, Blast{Known: true}), 1, []Need{{Count: 1}}, 0, false},
		"one rule":            {blast(Change, Blast{true, 1, 0, []string{"iam"}}), 1, []Need{{Count: 1}, iam}, 2 * time.Hour, true},
		"two rules":           {blast(Change, Blast{true, 1, 1, []string{"iam"}}), 2, []Need{{Count: 1}, iam, two}, time.Hour, true},
		"not known":           {blast(Change, Blast{}), 2, []Need{{Count: 1}, iam, two}, time.Hour, true},
		"the tier asks more":  {blast(Destroy, Blast{true, 1, 0, []string{"iam"}}), 2, []Need{{Count: 2}, iam}, 2 * time.Hour, true},
		"and foreign text":    {foreign(blast(Change, Blast{Known: true})), 1, []Need{{Count: 1}}, 0, false},
		"the more is kept":    {foreign(blast(Destroy, Blast{Known: true})), 2, []Need{{Count: 2}}, 0, false},
		"a rule on proposals": {ask("op", "gated", Propose), 1, []Need{{1, []string{"person:ap"}, "plan"}}, 0, false},
	} {
		d := e.Decide(t.Context(), c.r)
		if d.Outcome != Ask || d.Approvals != c.approvals || !reflect.DeepEqual(d.Needs, c.needs) || d.Expiry != c.expiry || d.Urgent != c.urgent {
			t.Errorf("%s: %+v", name, d)
		}
	}
	d := e.Decide(t.Context(), blast(Change, Blast{true, 1, 1, []string{"iam"}}))
	for _, says := range []string{"change needs 1 approval", "rule iam needs 1 approval from group dba or role admin", "rule two needs 2 approvals from anyone who may approve"} {
		if !slices.Contains(d.Reasons, says) {
			t.Errorf("%q is not said: %v", says, d.Reasons)
		}
	}
	if d := e.Decide(t.Context(), ask("vi", "gated", Change)); d.Outcome != Deny || d.Needs != nil {
		t.Errorf("a rule for approvals opens: %+v", d)
	}
	if matrix[Gated][Change].Needs[0].Count != 1 || ask1.Needs[0].Count != 1 || ask2.Needs[0].Count != 2 {
		t.Error("a decision changed the matrix")
	}
}

// The needs that somebody counts for; whoever counts for none is told whose would.
func TestWhoCounts(t *testing.T) {
	t.Parallel()
	s := policy(t, iamRules())
	e := &Enforcer{s}
	change := ask("op", "gated", Change)
	iam, two, plan := Need{1, []string{"group:dba", "role:admin"}, "iam"}, Need{2, nil, "two"}, Need{1, []string{"person:ap"}, "plan"}
	foreign := ask("op", "gated", Propose)
	foreign.Label = Label{}
	for name, c := range map[string]struct {
		who   string
		r     Request
		want  Outcome
		needs []Need
		says  string
	}{
		"by group":           {"vi", change, Allow, []Need{iam, two, {Count: 1}}, ""},
		"by role":            {"ad", change, Allow, []Need{iam, two, {Count: 1}}, ""},
		"the rest":           {"ap", change, Allow, []Need{two, {Count: 1}}, ""},
		"by name":            {"ap", ask("op", "gated", Propose), Allow, []Need{plan}, ""},
		"by no need":         {"ad", ask("op", "gated", Propose), Deny, nil, "this needs 1 approval from person ap, which Ad is not"},
		"by the label alone": {"ad", foreign, Allow, []Need{{Count: 1}}, ""},
		"no right":           {"op", ask("two", "gated", Change), Deny, nil, "Op may not approve"},
		"nothing to approve": {"ad", ask("op", "gated", Read), Allow, nil, ""},
	} {
		d := e.May(t.Context(), s.Resolve(someone(c.who)), Approve, c.r)
		if d.Outcome != c.want || !reflect.DeepEqual(d.Needs, c.needs) || !strings.Contains(d.Why(), c.says) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if got := s.Whom(t.Context(), Approve, ask("op", "gated", Propose)); !slices.Equal(got, []string{"Ap"}) {
		t.Errorf("whom: %v", got)
	}
}

// Two accounts that are linked after the ask are one person at once.
func TestInvolvedAfterLinking(t *testing.T) {
	t.Parallel()
	before, after := acme(), acme()
	p := after.People["ap"]
	p.Chat = append(p.Chat, Actor{Platform: "teams", Tenant: "9", ID: "x"})
	after.People["ap"] = p
	asker := Actor{Org: "acme", Platform: "teams", Tenant: "9", ID: "x", Name: "whoever"}
	for _, r := range []Request{
		func() Request { r := ask("op", "gated", Change); r.Actor = asker; return r }(),
		func() Request { r := ask("op", "gated", Change); r.Authors = []Actor{someone("two"), asker}; return r }(),
	} {
		for o, want := range map[*OrgRules]Outcome{&before: Allow, &after: Deny} {
			s := policy(t, *o)
			for _, who := range []Actor{someone("ap"), s.Resolve(someone("ap"))} {
				d, err := s.Rule(t.Context(), who, Approve, r)
				if err != nil || d.Outcome != want || want == Deny && !slices.Equal(d.Reasons, []string{ownWork}) {
					t.Errorf("%+v, %v; want %v", d, err, want)
				}
			}
			if got := slices.Contains(s.Whom(t.Context(), Approve, r), "Ap"); got != (want == Allow) {
				t.Errorf("named: %v", got)
			}
		}
	}
}

// What a quorum lacks: each need by itself, each person once, rights as of now.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := policy(t, iamRules())
	e := &Enforcer{s}
	r := ask("op", "gated", Destroy)
	iam, two := Need{1, []string{"group:dba", "role:admin"}, "iam"}, Need{2, nil, "two"}
	need := func(n Need, count int) Need { n.Count = count; return n }
	slack := func(id string) Actor { return Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U" + id} }
	guest := someone("ad")
	guest.Outsider = "a guest"
	for name, c := range map[string]struct {
		by   []Actor
		want []Need
	}{
		"nobody":            {nil, []Need{{Count: 2}, iam, two}},
		"one of all":        {[]Actor{someone("vi")}, []Need{{Count: 1}, need(two, 1)}},
		"one of the rest":   {[]Actor{someone("ap")}, []Need{{Count: 1}, iam, need(two, 1)}},
		"two of the rest":   {[]Actor{someone("ap"), someone("two")}, []Need{iam}},
		"enough":            {[]Actor{someone("ap"), someone("ad")}, nil},
		"more than enough":  {[]Actor{someone("ap"), someone("ad"), someone("vi"), someone("two")}, nil},
		"one, twice":        {[]Actor{someone("ad"), someone("ad")}, []Need{{Count: 1}, need(two, 1)}},
		"one, of two chats": {[]Actor{someone("ad"), slack("ad")}, []Need{{Count: 1}, need(two, 1)}},
		"without the right": {[]Actor{someone("bg"), someone("off"), someone("x"), guest}, []Need{{Count: 2}, iam, two}},
		"own":               {[]Actor{someone("op"), slack("op")}, []Need{{Count: 2}, iam, two}},
		"of another Org":    {[]Actor{{Org: "other", Platform: "console", ID: "ad"}}, []Need{{Count: 2}, iam, two}},
	} {
		if got := e.Missing(t.Context(), r, c.by); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	many := []Actor{someone("ap"), someone("ad"), someone("vi"), someone("two")}
	for name, r := range map[string]Request{
		"what is denied":    ask("vi", "gated", Destroy),
		"of another Org":    func() Request { r := r; r.Org = "other"; return r }(),
		"without a policy":  func() Request { r := r; r.Org, r.Actor.Org = "other", "other"; return r }(),
		"of an outsider":    func() Request { r := r; r.Actor.Outsider = "a guest"; return r }(),
		"of nobody we know": ask("x", "gated", Destroy),
	} {
		if got := e.Missing(t.Context(), r, many); len(got) != 1 || got[0].Count != 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := e.Missing(t.Context(), ask("op", "gated", Read), nil); got != nil {
		t.Errorf("nothing to approve: %v", got)
	}
}

func TestNeedInWords(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]Need{
		"1 approval from anyone who may approve":              {Count: 1},
		"2 approvals from anyone who may approve":             {Count: 2},
		"1 approval from group dba or role admin":             {Count: 1, From: []string{"group:dba", "role:admin"}},
		"3 approvals from person ap, by whatever rule it was": {Count: 3, From: []string{"person:ap, by whatever rule it was"}, Rule: "x"},
	} {
		if n.String() != want {
			t.Errorf("%q, want %q", n, want)
		}
	}
}

func TestAnd(t *testing.T) {
	t.Parallel()
	f, g := &Freeze{ID: "f"}, &Freeze{ID: "g"}
	a := Decision{Allow, 0, nil, 0, false, nil, []string{"a"}, []string{"z", "b"}, "", "", nil}
	b := Decision{Ask, 2, []Need{{Count: 2}}, time.Hour, true, f, []string{"b"}, []string{"b"}, "p", "v", []string{"c"}}
	want := Decision{Ask, 2, []Need{{Count: 2}}, time.Hour, true, f, []string{"a", "b"}, []string{"b", "z"}, "p", "v", []string{"c"}}
	if got := a.And(b); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	want.Reasons = []string{"b", "a"}
	if got := b.And(a); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	c := Decision{Outcome: Deny, Approvals: 1, Needs: []Need{{Count: 1}, {1, nil, "r"}}, Expiry: 2 * time.Hour, Frozen: g, Person: "q", Policy: "w"}
	if got := b.And(c); got.Outcome != Deny || got.Expiry != time.Hour || got.Frozen != f || got.Person != "p" || got.Policy != "v" || !reflect.DeepEqual(got.Needs, []Need{{Count: 2}, {1, nil, "r"}}) {
		t.Errorf("%+v", got)
	}
	if got := c.And(b); got.Expiry != time.Hour || got.Frozen != g || got.Approvals != 2 || !reflect.DeepEqual(got.Needs, []Need{{Count: 2}, {1, nil, "r"}}) {
		t.Errorf("%+v", got)
	}
	if c.Needs[0].Count != 1 {
		t.Error("And changed what it was given")
	}
	if w := (Decision{Reasons: []string{"a", "b"}, Whom: []string{"x", "y"}}).Why(); w != "a; b (ask x or y)" {
		t.Error(w)
	}
	if w := (Decision{Reasons: []string{"a"}, Can: []string{"x", "y"}}).Why(); w != "a (x or y can)" {
		t.Error(w)
	}
	if w := (Decision{Reasons: []string{"a"}, Can: strings.Split("tuvwxyz", "")}).Why(); w != "a (t or u or v or w or x or 2 more can)" {
		t.Error(w)
	}
	if w := (Decision{Outcome: Ask, Reasons: []string{"a"}, Whom: []string{"x"}}).Why(); w != "a" {
		t.Error(w)
	}
}
