package rbac

import (
	"context"
	"slices"
	"strings"
	"sync"
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
			"two": {Name: "Two", Roles: []string{"operator", "approver"}},
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
	for id, want := range map[string][]string{
		"vi": read, "ap": read, "op": most, "ad": most, "two": most, "off": never, "none": never, "stranger": never,
	} {
		for tier, cells := range want {
			for effect, cell := range cells {
				d := e.Decide(t.Context(), ask(id, Tier(tier).String(), Effect(effect)))
				if got := letter(d); got != cell {
					t.Errorf("%s, tier %s, %s: %c, want %c (%s)", id, Tier(tier), Effect(effect), got, cell, d.Why())
				}
				if len(d.Reasons) == 0 {
					t.Errorf("%s, tier %s, %s: no reason", id, Tier(tier), Effect(effect))
				}
			}
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
		"schedule changes":       {change(func(r *Request) { r.Actor = Actor{Org: "acme", Platform: "schedule", ID: "s"} }), '-', "schedule s is at tier observe"},
		"schedule asks":          {Request{Org: "acme", Actor: Actor{Org: "acme", Platform: "schedule", ID: "s"}, Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, '-', "may not ask"},
		"viewer asks":            {Request{Org: "acme", Actor: someone("vi"), Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, 'a', "Vi may ask"},
		"viewer stops":           {Request{Org: "acme", Actor: someone("vi"), Action: Action{Tool: "stop", Effect: Read}, Label: Clean()}, '-', "Vi may not stop"},
		"approver stops":         {Request{Org: "acme", Actor: someone("ap"), Action: Action{Tool: "stop", Effect: Read}, Label: Clean()}, 'a', ""},
		"operator answers":       {Request{Org: "acme", Actor: someone("op"), Action: Action{Tool: "answer", Effect: Read}, Label: Clean()}, 'a', ""},
		"stranger asks":          {Request{Org: "acme", Actor: someone("x"), Action: Action{Tool: "ask", Effect: Read}, Label: Clean()}, '-', "you are not known here (ask Ad)"},
		"a tool called ask":      {change(func(r *Request) { r.Profile, r.Action.Tool = "none", "ask" }), '-', "profile none does not allow tool ask"},
		"another Org":            {func() Request { r := ask("op", "gated", Read); r.Org, r.Actor.Org = "umbrella", "umbrella"; return r }(), '-', "the policy could not be read"},
		"another Org's operator": {change(func(r *Request) { r.Actor.Org = "umbrella" }), '-', "no policy for this organisation"},
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
		if got := s.Resolve(a); got != want {
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

// Each thing that Casbin is known to let through.
func TestHazards(t *testing.T) {
	t.Parallel()
	t.Run("a person called like a role", func(t *testing.T) {
		t.Parallel()
		o := acme()
		for _, id := range []string{"role:admin", "admin", "person:ad", "*", "anyone"} {
			o.People[id] = Person{Name: id, Chat: []Actor{{Platform: "console", ID: id}}}
		}
		e := &Enforcer{policy(t, o)}
		for _, id := range []string{"role:admin", "admin", "person:ad", "*", "anyone"} {
			if d := e.Decide(t.Context(), ask(id, "gated", Read)); d.Outcome != Deny {
				t.Errorf("%s: %+v", id, d)
			}
		}
	})
	t.Run("a path that leads elsewhere", func(t *testing.T) {
		t.Parallel()
		e := &Enforcer{policy(t, acme())}
		for _, stack := range []string{"../gated", "gated/", "*", "gated/../observe", "GATED", " gated"} {
			if d := e.Decide(t.Context(), ask("ad", stack, Read)); d.Outcome != Deny {
				t.Errorf("%q: %+v", stack, d)
			}
		}
	})
	t.Run("a rule with a typing mistake", func(t *testing.T) {
		t.Parallel()
		good := Line{"role:operator", "stack/gated", "change", "deny", ""}
		for _, bad := range []Line{
			{"role:operator", "stack/gated", "change", "DENY", ""},
			{"role:operator", "stack/gated", "change", "", ""},
			{"role:operator", "stack/gated", "chnage", "deny", ""},
			{"role:oprator", "stack/gated", "change", "deny", ""},
			{"operator", "stack/gated", "change", "deny", ""},
			{"person:nobody", "stack/gated", "change", "deny", ""},
			{"role:operator", "stack/gatd", "change", "deny", ""},
			{"role:operator", "env/nosuch", "change", "deny", ""},
			{"role:operator", "stack/*", "change", "deny", ""},
			{"role:operator", "", "change", "deny", ""},
			{},
		} {
			o := acme()
			o.Lines = []Line{good, bad}
			if s, err := NewSnapshot("acme", o); err == nil || s != nil {
				t.Errorf("%v is accepted", bad)
			}
		}
	})
	t.Run("a rule twice", func(t *testing.T) {
		t.Parallel()
		o := acme()
		o.Lines = []Line{{"role:operator", "env/gated", "change", "deny", ""}, {"role:operator", "env/gated", "change", "deny", ""}}
		if d := (&Enforcer{policy(t, o)}).Decide(t.Context(), ask("op", "gated", Change)); d.Outcome != Deny {
			t.Errorf("%+v", d)
		}
	})
	t.Run("an error denies", func(t *testing.T) {
		t.Parallel()
		s := policy(t, acme())
		for _, e := range s.rulers["ad"][0].byObject {
			e.GetModel()["p"]["p"].Policy = [][]string{{"too", "short"}}
		}
		if d := (&Enforcer{s}).Decide(t.Context(), ask("ad", "gated", Read)); d.Outcome != Deny || !strings.Contains(d.Why(), "rules could not be read") {
			t.Errorf("%+v", d)
		}
	})
	t.Run("nothing is remembered", func(t *testing.T) {
		t.Parallel()
		live := &Live{}
		e := &Enforcer{live}
		before, revoked, narrowed := acme(), acme(), acme()
		revoked.People["op"] = Person{Name: "Op", Chat: before.People["op"].Chat, Roles: []string{"viewer"}}
		narrowed.Lines = []Line{{"person:op", "env/gated", "change", "deny", ""}}
		for i, o := range []OrgRules{before, revoked, before, narrowed} {
			live.Swap(policy(t, o))
			want := []Outcome{Ask, Deny, Ask, Deny}[i]
			if d := e.Decide(t.Context(), ask("op", "gated", Change)); d.Outcome != want {
				t.Errorf("after swap %d: %+v", i, d)
			}
		}
	})
}

func TestUnknownRole(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"schedule", "root", "", "Admin"} {
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

func TestEmptyLive(t *testing.T) {
	t.Parallel()
	live := &Live{}
	e := &Enforcer{live}
	deny := func(when string) {
		t.Helper()
		if d := e.Decide(t.Context(), ask("ad", "gated", Read)); d.Outcome != Deny {
			t.Errorf("%s: %+v", when, d)
		}
		if d := e.May(t.Context(), someone("ad"), Approve, ask("op", "gated", Change)); d.Outcome != Deny {
			t.Errorf("%s: %+v", when, d)
		}
		if a := live.Snapshot("acme").Resolve(someone("ad")); when != "another Org" && a != someone("ad") {
			t.Errorf("%s: %+v", when, a)
		}
	}
	deny("before the first")
	live.Swap(policy(t, acme()))
	if d := e.Decide(t.Context(), ask("ad", "gated", Read)); d.Outcome != Allow {
		t.Errorf("%+v", d)
	}
	if d := e.Decide(t.Context(), Request{Org: "other", Actor: Actor{Org: "other"}}); d.Outcome != Deny {
		t.Errorf("another Org: %+v", d)
	}
}

// While snapshots are swapped, each decision is of one of them and no other.
func TestSwapWhileDeciding(t *testing.T) {
	t.Parallel()
	live := &Live{}
	e := &Enforcer{live}
	narrow := acme()
	narrow.People["op"] = Person{Name: "Op", Roles: []string{"viewer"}, Chat: narrow.People["op"].Chat}
	both := []*Snapshot{policy(t, acme()), policy(t, narrow)}
	live.Swap(both[0])
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			live.Swap(both[i%2])
		}
	})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range 300 {
				id, effect := []string{"op", "stranger", "ad"}[i%3], []Effect{Read, Change}[i%2]
				d := e.Decide(ctx, ask(id, "gated", effect))
				if id == "stranger" && d.Outcome != Deny || id == "ad" && d.Outcome == Deny || id == "op" && effect == Read && d.Outcome != Allow {
					t.Errorf("%s %s: %+v", id, effect, d)
				}
			}
		})
	}
	readers.Wait()
	cancel()
	wg.Wait()
}
