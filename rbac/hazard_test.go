package rbac

import (
	"errors"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// Each thing that Casbin is known to let through.
func TestHazards(t *testing.T) {
	t.Parallel()
	t.Run("a person called like a role", func(t *testing.T) {
		t.Parallel()
		o := acme()
		for _, id := range []string{"role:admin", "admin", "person:ad", "anyone"} {
			o.People[id] = Person{Name: id, Chat: []Actor{{Platform: "console", ID: id}}}
		}
		e := &Enforcer{policy(t, o)}
		for _, id := range []string{"role:admin", "admin", "person:ad", "anyone"} {
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
	t.Run("names that run together", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"a,b", "a;b", "*", "a b", "", "a\n", "a\x7f"} {
			people, stacks, envs, groups := acme(), acme(), acme(), acme()
			people.People[name] = Person{}
			stacks.Stacks[name] = Stack{}
			envs.Environments[name] = Gated
			groups.Groups = map[string]Group{name: {}}
			for what, o := range map[string]OrgRules{"person": people, "stack": stacks, "environment": envs, "group": groups} {
				if _, err := NewSnapshot("acme", o); err == nil {
					t.Errorf("%s %q is accepted", what, name)
				}
			}
		}
	})
	t.Run("a rule that Casbin passes over", func(t *testing.T) {
		t.Parallel()
		m, err := model.NewModelFromString(modelText)
		if err != nil {
			t.Fatal(err)
		}
		one, two := []string{"p", "person:a", "acme", "stack/b", "read", "allow"}, []string{"p", "person:a,acme", "stack/b", "read", "allow", ""}
		if err := (adapter{[][]string{one, one[:]}}).LoadPolicy(m.Copy()); !errors.Is(err, errHalf) {
			t.Errorf("twice: %v", err)
		}
		if err := (adapter{[][]string{one, two}}).LoadPolicy(m.Copy()); err != nil {
			t.Errorf("two rules: %v", err)
		}
		if err := (adapter{[][]string{{"q", "x"}}}).LoadPolicy(m.Copy()); err == nil {
			t.Error("a rule of no kind is accepted")
		}
	})
	t.Run("nothing is written through Casbin", func(t *testing.T) {
		t.Parallel()
		s := policy(t, acme())
		var e *casbin.Enforcer
		for _, e = range s.rulers["ad"][0].made {
			break
		}
		for what, err := range map[string]error{
			"save": adapter{}.SavePolicy(nil), "add": adapter{}.AddPolicy("", "", nil), "remove": adapter{}.RemovePolicy("", "", nil),
			"filter": adapter{}.RemoveFilteredPolicy("", "", 0), "enforcer": e.SavePolicy(),
		} {
			if !errors.Is(err, errReadOnly) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	t.Run("what the caller changes later", func(t *testing.T) {
		t.Parallel()
		o := acme()
		s := policy(t, o)
		o.Environments["observe"] = Gated
		o.People["vi"].Chat[0] = Actor{Platform: "console", ID: "x"}
		o.Stacks["gated"].Rooms[0] = "x:y"
		if d := (&Enforcer{s}).Decide(t.Context(), ask("op", "observe", Change)); d.Outcome != Deny {
			t.Errorf("%+v", d)
		}
		if d := (&Enforcer{s}).Decide(t.Context(), ask("vi", "gated", Read)); d.Outcome != Allow {
			t.Errorf("%+v", d)
		}
	})
	t.Run("names that are asked for do not pile up", func(t *testing.T) {
		t.Parallel()
		r := policy(t, acme()).rulers["op"][0]
		for _, object := range []string{"env/nosuch", "stack/nosuch", "stack/gated", theOrg} {
			if _, as := r.enforcer(object, "read"); as != theOrg {
				t.Errorf("%s is asked for as %s", object, as)
			}
		}
	})
	t.Run("an act that is no name of a stack", func(t *testing.T) {
		t.Parallel()
		o := acme()
		o.Lines = []Line{{"person:vi", "*", "*", "allow", ""}}
		e := &Enforcer{policy(t, o)}
		if d := e.May(t.Context(), someone("vi"), Approve, ask("op", "gated", Change)); d.Outcome != Allow {
			t.Errorf("approve: %+v", d)
		}
		if d := e.May(t.Context(), someone("vi"), Break, ask("op", "gated", Change)); d.Outcome != Deny {
			t.Errorf("\"*\" breaks the glass: %+v", d)
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
		for _, e := range s.rulers["ad"][0].made {
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
