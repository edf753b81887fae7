package rbac

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// oracle reads the lines one by one.
func oracle(lines []Line, subjects, objects []string, act string) bool {
	ok := false
	for _, l := range lines {
		any := l.Act == "*" && act != "break"
		if slices.Contains(subjects, l.Subject) && (l.Object == "*" || slices.Contains(objects, l.Object)) && (any || l.Act == act) {
			if l.Eft == "deny" {
				return false
			}
			ok = true
		}
	}
	return ok
}

// subjectsOf are all subjects that a person is.
func subjectsOf(o OrgRules, id string) []string {
	subjects := []string{"person:" + id}
	for _, r := range o.People[id].Roles {
		subjects = append(subjects, "role:"+r)
	}
	for name, g := range o.Groups {
		if slices.Contains(g.Members, id) {
			subjects = append(subjects, "group:"+name)
			for _, r := range g.Roles {
				subjects = append(subjects, "role:"+r)
			}
		}
	}
	return subjects
}

// unfiltered is Casbin over all lines of an Org, in one enforcer.
func unfiltered(t testing.TB, o OrgRules) *casbin.Enforcer {
	t.Helper()
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		t.Fatal(err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		t.Fatal(err)
	}
	add := func(ptype string, rule ...string) {
		var err error
		switch ptype {
		case "p":
			_, err = e.AddPolicy(rule)
		default:
			_, err = e.AddNamedGroupingPolicy(ptype, rule)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range o.lines() {
		add("p", l.Subject, "acme", l.Object, l.Act, l.Eft)
	}
	for id := range o.People {
		for _, s := range subjectsOf(o, id)[1:] {
			add("g", "person:"+id, s, "acme")
		}
	}
	for name, st := range o.Stacks {
		add("g2", "stack/"+name, "env/"+st.Environment, "acme")
	}
	return e
}

// random is an Org with so many rules of its own.
func random(rnd *rand.Rand, n int) OrgRules {
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	o := acme()
	roles := []string{"viewer", "operator", "approver", "admin", "breakglass"}
	some := func() (all []string) {
		for _, r := range roles {
			if rnd.IntN(4) == 0 {
				all = append(all, r)
			}
		}
		return all
	}
	o.Groups = map[string]Group{"dba": {Roles: some()}, "sre": {Roles: some()}}
	for _, id := range []string{"ad", "ap", "none", "off", "op", "two", "vi"} {
		p := o.People[id]
		p.Roles = some()
		o.People[id] = p
		for _, name := range []string{"dba", "sre"} {
			if g := o.Groups[name]; rnd.IntN(3) == 0 {
				g.Members = append(g.Members, id)
				o.Groups[name] = g
			}
		}
	}
	for range n {
		o.Lines = append(o.Lines, Line{
			Subject: pick("person:op", "person:vi", "role:viewer", "role:operator", "role:admin", "group:dba", "group:sre"),
			Object:  pick("*", "stack/gated", "stack/draft", "env/gated", "env/draft"),
			Act:     pick(acts()...), Eft: pick("allow", "allow", "deny"),
		})
	}
	return o
}

// Casbin over few rules says what one Casbin over all rules says, and a loop too.
func FuzzOracle(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(seed, uint8(seed*7))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint8) {
		o := random(rand.New(rand.NewPCG(seed, 1)), int(n))
		s, plain, lines := policy(t, o), unfiltered(t, o), o.lines()
		for id, p := range o.People {
			subjects := subjectsOf(o, id)
			for _, on := range []string{"stack/gated", "stack/draft", "stack/observe", "env/gated", "env/observe", "env/nosuch", ""} {
				for _, q := range questions(on) {
					objects := []string{object(q.action)}
					if name, is := strings.CutPrefix(on, "stack/"); is {
						objects = append(objects, "env/"+name)
					}
					what := act(q.verb, q.action)
					d, _, err := s.rule(person("acme", id, p), q.verb, Request{Org: "acme", Action: q.action}, nil)
					if err != nil {
						t.Fatal(err)
					}
					alike, err := plain.Enforce("person:"+id, "acme", objects[0], what)
					if err != nil {
						t.Fatal(err)
					}
					looped := oracle(lines, subjects, objects, what)
					if got := d.Outcome == Allow; got != alike || got != looped {
						t.Fatalf("%s, %s on %q: %v, Casbin says %v, the loop %v: %+v", id, what, on, got, alike, looped, d)
					}
				}
			}
		}
	})
}

// questioned is one thing that the rules can be asked.
type questioned struct {
	verb   Verb
	action Action
}

// questions are all of them about one object.
func questions(on string) (all []questioned) {
	kind, name, _ := strings.Cut(on, "/")
	var a Action
	switch kind {
	case "stack":
		a.Stack, a.Environment = name, name
	case "env":
		a.Environment = name
	}
	for e := Read; e <= Destroy; e++ {
		a.Tool, a.Effect = "tool", e
		all = append(all, questioned{Do, a})
	}
	all = append(all, questioned{Approve, a}, questioned{Break, a})
	for _, word := range spoken {
		if a.Tool, a.Effect = word, Read; speech(a) {
			all = append(all, questioned{Do, a})
		}
	}
	return all
}

// reloads decides n times from several goroutines while snapshots are swapped,
// and counts answers that unfiltered Casbin, over all rules of the version that
// answered, would not have given.
func reloads(t testing.TB, n, rules int) (differences int) {
	t.Helper()
	const versions, readers = 8, 4
	snaps, oracles := make([]*Snapshot, versions), map[string]map[string]bool{}
	ids, stacks, effects := []string{"ad", "ap", "none", "off", "op", "two", "vi"}, []string{"gated", "draft", "observe"}, []Effect{Read, Propose, Change, Destroy}
	for i := range snaps {
		o := random(rand.New(rand.NewPCG(uint64(i), 2)), 0)
		for len(o.lines()) < rules {
			o.Lines = append(o.Lines, random(rand.New(rand.NewPCG(uint64(i), uint64(len(o.Lines)))), 1).Lines...)
		}
		snaps[i] = policy(t, o)
		e, said := unfiltered(t, o), map[string]bool{}
		for _, id := range ids {
			for _, st := range stacks {
				for _, eff := range effects {
					ok, err := e.Enforce("person:"+id, "acme", "stack/"+st, eff.String())
					if err != nil {
						t.Fatal(err)
					}
					said[id+st+eff.String()] = ok
				}
			}
		}
		oracles[snaps[i].Version()] = said
	}
	live := &Live{}
	live.Swap(snaps[0])
	stop := make(chan struct{})
	var swapper, all sync.WaitGroup
	swapper.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				live.Swap(snaps[i%versions])
			}
		}
	})
	var mu sync.Mutex
	for r := range readers {
		all.Go(func() {
			wrong := 0
			for i := range n / readers {
				k := i*readers + r
				id, st, eff := ids[k%len(ids)], stacks[k/7%len(stacks)], effects[k/21%len(effects)]
				p, err := live.Policy(t.Context(), "acme")
				if err != nil {
					wrong++
					continue
				}
				q := ask(id, st, eff)
				d, err := p.Rule(t.Context(), q.Actor, Do, q)
				if want, known := oracles[d.Policy][id+st+eff.String()]; err != nil || !known || (d.Outcome != Deny) != want {
					wrong++
				}
			}
			mu.Lock()
			differences += wrong
			mu.Unlock()
		})
	}
	all.Wait()
	close(stop)
	swapper.Wait()
	return differences
}

func TestReloadsAgainstTheOracle(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	if d := reloads(t, n, 100); d != 0 {
		t.Errorf("%d of %s decisions differ", d, strconv.Itoa(n))
	}
}
