package rbac

import (
	"slices"
	"strings"
	"testing"
)

const room = "console:payments"

// acme has one person of each role, one who is off, and one environment,
// channel and profile of each tier.
func acme() OrgRules {
	o := OrgRules{
		People: map[string]Person{
			"vi": {Name: "Vi", Roles: []string{"viewer"}}, "op": {Name: "Op", Roles: []string{"operator"}},
			"ap": {Name: "Ap", Roles: []string{"approver"}}, "ad": {Name: "Ad", Roles: []string{"admin"}},
			"off": {Name: "Off", Roles: []string{"admin"}, Off: true}, "none": {Name: "None"},
			"two": {Name: "Two", Roles: []string{"operator", "approver"}}, "bg": {Name: "Bg", Roles: []string{"breakglass"}},
		},
		Environments: map[string]Tier{}, Channels: map[string]Channel{room: {"Payments", Gated}},
		Stacks: map[string]Stack{}, Profiles: map[string]Profile{
			"all": {Gated, ToolList{Allow: []string{"*"}}}, "few": {Gated, ToolList{Allow: []string{"scan"}}},
			"none": {Gated, ToolList{}}, "observe": {Observe, ToolList{Allow: []string{"*"}}},
		},
	}
	for t := Observe; t <= Gated; t++ {
		o.Environments[t.String()] = t
		o.Stacks[t.String()] = Stack{Environment: t.String(), Rooms: []string{room}}
	}
	for id, p := range o.People {
		p.Chat = []Actor{{Platform: "console", ID: id}, {Platform: "slack", Tenant: "T1", ID: "U" + id}}
		o.People[id] = p
	}
	return o
}

func policy(t testing.TB, o OrgRules) *Snapshot {
	t.Helper()
	s, err := NewSnapshot("acme", o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func someone(id string) Actor {
	return Actor{Org: "acme", Platform: "console", ID: id, Name: "whatever"}
}

func ask(id, stack string, e Effect) Request {
	return Request{
		Org: "acme", Actor: someone(id), Profile: "all", Channel: room, Tier: Gated, Label: Clean(),
		Action: Action{Tool: "tool", Stack: stack, Environment: stack, Effect: e},
	}
}

// Every cell of role, tier and effect: the letters are the outcomes of Unknown
// to Destroy, in the order of the effects.
func TestEveryCell(t *testing.T) {
	t.Parallel()
	e := &Enforcer{policy(t, acme())}
	read := []string{"-a-----", "-a-----", "-a-----", "-a-----", "-a-----"}
	most := []string{"-a-----", "-aa----", "-aaa---", "-aaaa--", "-aaaa12"}
	never := []string{"-------", "-------", "-------", "-------", "-------"}
	guest, machine := someone("ad"), Actor{Org: "acme", Platform: "schedule", ID: "ad"}
	guest.Outsider = "a guest"
	for name, c := range map[string]struct {
		who  Actor
		want []string
	}{
		"viewer": {someone("vi"), read}, "operator": {someone("op"), most}, "approver": {someone("ap"), read},
		"admin": {someone("ad"), most}, "breakglass": {someone("bg"), never}, "operator and approver": {someone("two"), most},
		"switched off": {someone("off"), never}, "no role": {someone("none"), never}, "not named": {someone("stranger"), never},
		"outsider": {guest, never}, "schedule": {machine, read},
	} {
		for tier, cells := range c.want {
			for effect, cell := range cells {
				r := ask("", Tier(tier).String(), Effect(effect))
				r.Actor = c.who
				d := e.Decide(t.Context(), r)
				if got := letter(d); got != cell {
					t.Errorf("%s, tier %s, %s: %c, want %c (%s)", name, Tier(tier), Effect(effect), got, cell, d.Why())
				}
				if len(d.Reasons) == 0 {
					t.Errorf("%s, tier %s, %s: no reason", name, Tier(tier), Effect(effect))
				}
			}
		}
	}
}

// Every cell of role and act that is no effect.
func TestEveryAct(t *testing.T) {
	t.Parallel()
	e := &Enforcer{policy(t, acme())}
	words := []string{"ask", "answer", "stop", "freeze", "thaw"}
	guest := someone("ad")
	guest.Outsider = "a guest"
	for name, c := range map[string]struct {
		who  Actor
		want string // one for each word, then approve and break
	}{
		"viewer": {someone("vi"), "a------"}, "operator": {someone("op"), "aaaa---"}, "approver": {someone("ap"), "aaaaaa-"},
		"admin": {someone("ad"), "aaaaaa-"}, "breakglass": {someone("bg"), "------a"}, "operator and approver": {someone("two"), "aaaaaa-"},
		"switched off": {someone("off"), "-------"}, "no role": {someone("none"), "-------"}, "not named": {someone("stranger"), "-------"},
		"outsider": {guest, "-------"}, "schedule": {Actor{Org: "acme", Platform: "schedule", ID: "ad"}, "-------"},
		"prompt": {Actor{Org: "acme", Platform: "schedule", Tenant: "prompt", ID: "ad"}, "a------"},
	} {
		got := ""
		for _, w := range words {
			for _, env := range []string{"", "gated"} {
				r := Request{Org: "acme", Actor: c.who, Action: Action{Tool: w, Effect: Read, Environment: env}, Label: Clean()}
				if d := e.Decide(t.Context(), r); env == "" {
					got += string(letter(d))
				} else if freezes := w == "freeze" || w == "thaw"; freezes && letter(d) != rune(got[len(got)-1]) || !freezes && name != "schedule" && name != "prompt" && d.Outcome != Deny {
					t.Errorf("%s: %s of an environment: %+v", name, w, d)
				}
			}
		}
		r := ask("stranger", "gated", Change)
		got += string(letter(e.May(t.Context(), c.who, Approve, r))) + string(letter(e.May(t.Context(), c.who, Break, r)))
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if d := e.May(t.Context(), c.who, Do, r); d.Outcome != Deny {
			t.Errorf("%s does it for somebody else: %+v", name, d)
		}
	}
}

func letter(d Decision) rune {
	switch d.Outcome {
	case Allow:
		return 'a'
	case Ask:
		return rune('0' + d.Approvals)
	}
	return '-'
}

// What else stands in the way, and what is said of it.
func TestDecideSays(t *testing.T) {
	t.Parallel()
	e := &Enforcer{policy(t, acme())}
	change := func(with func(*Request)) Request {
		r := ask("op", "gated", Change)
		with(&r)
		return r
	}
	for name, c := range map[string]struct {
		r    Request
		want rune
		says string
	}{
		"as it should be":       {change(func(*Request) {}), '1', "Op may change as operator"},
		"over another chat":     {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "Uop"} }), '1', ""},
		"as the person":         {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "person", ID: "op"} }), '1', ""},
		"another tenant":        {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "slack", Tenant: "T2", ID: "Uop"} }), '-', "you are not known here"},
		"a name is no proof":    {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "console", ID: "x", Name: "Op"} }), '-', "(ask Ad)"},
		"an id of another chat": {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "teams", ID: "op"} }), '-', "you are not known here"},
		"nobody":                {change(func(r *Request) { r.Actor = Actor{Org: "acme"} }), '-', "you are not known here"},
		"switched off":          {ask("off", "gated", Read), '-', "Off is switched off here"},
		"tool not listed":       {change(func(r *Request) { r.Profile = "few" }), '-', "profile few does not allow tool tool"},
		"no tools":              {change(func(r *Request) { r.Profile = "none" }), '-', "profile none does not allow tool tool"},
		"profile not known":     {change(func(r *Request) { r.Profile = "x" }), '-', "profile x is at tier observe"},
		"profile too low":       {change(func(r *Request) { r.Profile = "observe" }), '-', "profile observe is at tier observe"},
		"no profile":            {change(func(r *Request) { r.Profile = "" }), '-', "(none)"},
		"another room":          {change(func(r *Request) { r.Channel = "console:general" }), '-', "gated is spoken of in Payments only"},
		"another room, reading": {func() Request { r := ask("ad", "gated", Read); r.Channel = "x:y"; return r }(), '-', "gated is spoken of in Payments only"},
		"no such stack":         {change(func(r *Request) { r.Action.Stack = "nosuch" }), '-', "there is no stack nosuch"},
		"no such environment":   {change(func(r *Request) { r.Action.Stack, r.Action.Environment = "", "nosuch" }), '-', "environment nosuch is at tier observe"},
		"a milder environment":  {change(func(r *Request) { r.Action.Stack, r.Action.Environment = "observe", "gated" }), '-', "environment observe is at tier observe"},
		"environment left out":  {change(func(r *Request) { r.Action.Stack, r.Action.Environment = "observe", "" }), '-', "environment observe is at tier observe"},
		"a low job":             {change(func(r *Request) { r.Tier = Draft }), '-', "this job is at tier draft"},
		"role too low":          {ask("vi", "gated", Change), '-', "the role of Vi is at tier observe"},
		"role lacks the act":    {ask("vi", "gated", Change), '-', "Vi may not change: roles are viewer"},
		"schedule scans": {change(func(r *Request) {
			r.Actor = Actor{Org: "acme", Platform: "schedule", ID: "s"}
			r.Profile = ""
			r.Action.Effect = Read
		}), 'a', "schedule s may read"},
		"schedule changes": {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "schedule", ID: "s"} }), '-', "schedule s is at tier observe"},
		"schedule asks":    {Request{Org: "acme", Actor: Actor{Org: "acme", Platform: "schedule", ID: "s"}, Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, '-', "may not ask"},
		"a prompt asks":    {Request{Org: "acme", Actor: Actor{Org: "acme", Platform: "schedule", Tenant: "prompt", ID: "s"}, Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, 'a', "schedule s may ask"},
		"a prompt reads": {change(func(r *Request) {
			r.Actor, r.Action.Effect = Actor{Org: "acme", Platform: "schedule", Tenant: "prompt", ID: "s"}, Read
		}), 'a', "schedule s may read"},
		"a prompt edits": {change(func(r *Request) {
			r.Actor, r.Action.Effect = Actor{Org: "acme", Platform: "schedule", Tenant: "prompt", ID: "s"}, Edit
		}), '-', "schedule s is at tier observe"},
		"a prompt's other tools": {change(func(r *Request) {
			r.Actor, r.Action.Effect, r.Profile = Actor{Org: "acme", Platform: "schedule", Tenant: "prompt", ID: "s"}, Read, "none"
		}), '-', "profile none does not allow tool"},
		"viewer asks":              {Request{Org: "acme", Actor: someone("vi"), Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, 'a', "Vi may ask"},
		"viewer stops":             {Request{Org: "acme", Actor: someone("vi"), Action: Action{Tool: "stop", Effect: Read}, Label: Clean()}, '-', "Vi may not stop"},
		"approver stops":           {Request{Org: "acme", Actor: someone("ap"), Action: Action{Tool: "stop", Effect: Read}, Label: Clean()}, 'a', ""},
		"operator answers":         {Request{Org: "acme", Actor: someone("op"), Action: Action{Tool: "answer", Effect: Read}, Label: Clean()}, 'a', ""},
		"stranger asks":            {Request{Org: "acme", Actor: someone("x"), Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, '-', "you are not known here (ask Ad)"},
		"operator thaws":           {Request{Org: "acme", Actor: someone("op"), Action: Action{Tool: "thaw", Effect: Read, Environment: "gated"}, Label: Clean()}, '-', "(Ad or Ap or Two can; Ad can grant it)"},
		"viewer freezes":           {Request{Org: "acme", Actor: someone("vi"), Action: Action{Tool: "freeze", Effect: Read}, Label: Clean()}, '-', " can; Ad can grant it)"},
		"a tool called thaw":       {change(func(r *Request) { r.Profile, r.Action.Tool = "none", "thaw" }), '-', "(ask Ad)"},
		"a tool called ask":        {change(func(r *Request) { r.Profile, r.Action.Tool = "none", "ask" }), '-', "profile none does not allow tool ask"},
		"a person of a tenant":     {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "person", Tenant: "T", ID: "op"} }), '-', "you are not known here"},
		"an environment elsewhere": {change(func(r *Request) { r.Action.Environment = "draft" }), '-', "environment draft is at tier draft"},
		"what no effect is":        {ask("op", "gated", Destroy+1), '-', "tier or effect is not known"},
		"another Org":              {func() Request { r := ask("op", "gated", Read); r.Org, r.Actor.Org = "umbrella", "umbrella"; return r }(), '-', "the policy could not be read"},
		"another Org's operator":   {change(func(r *Request) { r.Actor.Org = "umbrella" }), '-', "no policy for this organisation"},
	} {
		d := e.Decide(t.Context(), c.r)
		if letter(d) != c.want || !strings.Contains(strings.Join(d.Reasons, "; ")+" "+d.Why(), c.says) {
			t.Errorf("%s: %c, %s", name, letter(d), d.Why())
		}
	}
}

func TestMayApprove(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	e := &Enforcer{s}
	r := ask("two", "gated", Change)
	r.Actor = s.Resolve(r.Actor)
	r.Authors = []Actor{s.Resolve(someone("two"))}
	for id, want := range map[string]Outcome{"vi": Deny, "op": Deny, "ap": Allow, "ad": Allow, "off": Deny, "none": Deny, "two": Deny, "stranger": Deny} {
		if d := e.May(t.Context(), s.Resolve(someone(id)), Approve, r); d.Outcome != want {
			t.Errorf("%s: %+v", id, d)
		}
	}
	// The one who asked comes back over another chat.
	if d := e.May(t.Context(), s.Resolve(Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "Utwo"}), Approve, r); d.Outcome != Deny {
		t.Errorf("four eyes of one pair: %+v", d)
	}
	if got := s.Whom(t.Context(), Approve, r); !slices.Equal(got, []string{"Ad", "Ap"}) {
		t.Errorf("may approve: %v", got)
	}
	r.Authors = append(r.Authors, someone("ap"))
	if got := s.Whom(t.Context(), Approve, r); !slices.Equal(got, []string{"Ad"}) {
		t.Errorf("an author may approve: %v", got)
	}
	if got := s.Whom(t.Context(), Do, r); !slices.Equal(got, []string{"Ad"}) {
		t.Errorf("can help: %v", got)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	want := Actor{Org: "acme", Platform: "person", ID: "op", Name: "Op"}
	for _, a := range []Actor{someone("op"), {Org: "acme", Platform: "slack", Tenant: "T1", ID: "Uop", Name: "x"}} {
		want.Account = Identity(a)
		if got := s.Resolve(a); got != want || got.Spoke().identity() != a.identity() {
			t.Errorf("%+v", got)
		}
	}
	for _, a := range []Actor{{}, someone("x"), {Org: "acme", Platform: "slack", ID: "Uop"}, {Org: "no", Platform: "console", ID: "op"}, want} {
		if got := s.Resolve(a); got != a {
			t.Errorf("%+v became %+v", a, got)
		}
	}
	if p, ok := s.Person("op"); !ok || p.Name != "Op" {
		t.Errorf("%+v", p)
	}
	if _, ok := s.Person("nobody"); ok {
		t.Error("a person who is not there")
	}
}

func TestMayEver(t *testing.T) {
	t.Parallel()
	s := policy(t, acme())
	for _, c := range []struct {
		v    Verb
		env  string
		want []string
	}{
		{Approve, "gated", []string{"Ad", "Ap", "Two"}},
		{Do, "gated", []string{"Ad", "Op", "Two"}},
		{Do, "draft", nil},
		{Do, "nosuch", nil},
	} {
		if got := s.MayEver(c.v, c.env); !slices.Equal(got, c.want) {
			t.Errorf("%s in %s: %v", c.v, c.env, got)
		}
	}
}

func TestUnknownRole(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"schedule", "speaking", "root", "", "Admin"} {
		o := acme()
		o.People["op"] = Person{Name: "Op", Roles: []string{role}}
		if _, err := NewSnapshot("acme", o); err == nil {
			t.Errorf("role %q is accepted", role)
		}
	}
}

func TestIdentityOfTwo(t *testing.T) {
	t.Parallel()
	o := acme()
	o.People["bo"] = Person{Name: "Bo", Chat: []Actor{{Platform: "console", ID: "op"}}}
	if _, err := NewSnapshot("acme", o); err == nil {
		t.Error("one identity of two people is accepted")
	}
	o = acme()
	o.People["bo"] = Person{Name: "Bo", Chat: []Actor{{Platform: "person", ID: "op"}}}
	if _, err := NewSnapshot("acme", o); err == nil {
		t.Error("an identity that only Resolve gives is accepted")
	}
}

// A deny beats an allow, on the stack and on its environment.
func TestDenyWins(t *testing.T) {
	t.Parallel()
	for _, l := range []Line{
		{"role:operator", "stack/gated", "change", "deny", ""},
		{"role:operator", "env/gated", "change", "deny", ""},
		{"role:operator", "*", "change", "deny", ""},
		{"person:two", "stack/gated", "*", "deny", ""},
	} {
		o := acme()
		o.Lines = []Line{{"person:two", "stack/gated", "change", "allow", ""}, l}
		e := &Enforcer{policy(t, o)}
		if d := e.Decide(t.Context(), ask("two", "gated", Change)); d.Outcome != Deny || !strings.Contains(d.Why(), "a rule denies") {
			t.Errorf("%v: %+v", l, d)
		}
		if d := e.Decide(t.Context(), ask("ad", "gated", Change)); d.Outcome != Ask {
			t.Errorf("%v hits an admin: %+v", l, d)
		}
	}
}
