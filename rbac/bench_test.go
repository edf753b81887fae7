package rbac

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// large has n rules in one Org: half of them of people, half of roles, each on
// a stack of its own.
func large(n int) OrgRules {
	o := acme()
	for i := len(o.lines()); i < n; i++ {
		id, stack := "p"+strconv.Itoa(i%100), "s"+strconv.Itoa(i)
		o.People[id] = Person{Name: id, Roles: []string{"operator"}, Chat: []Actor{{Platform: "console", ID: id}}}
		o.Stacks[stack] = Stack{Environment: "gated", Rooms: []string{room}}
		subject := "person:" + id
		if i%2 == 0 {
			subject = "role:operator"
		}
		o.Lines = append(o.Lines, Line{Subject: subject, Object: "stack/" + stack, Act: "destroy", Eft: "deny"})
	}
	return o
}

// mix are requests of all kinds: what people ask for most often first.
func mix(n int) (all []Request) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		id, stack := "p"+strconv.Itoa(rnd.IntN(min(100, n/2))), "gated"
		if rnd.IntN(2) == 0 {
			stack = "s" + strconv.Itoa(20+rnd.IntN(n-20))
		}
		all = append(all, ask(id, stack, []Effect{Read, Read, Read, Edit, Propose, Change, Destroy}[rnd.IntN(7)]))
	}
	return all
}

// quantile is in milliseconds.
func quantile(took []time.Duration, q float64) float64 {
	slices.Sort(took)
	return float64(took[int(float64(len(took)-1)*q)].Nanoseconds()) / 1e6
}

// BenchmarkDecide reports the curve of whole decisions over the number of rules,
// beside Casbin alone over all rules of the Org in the same run.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		o := large(n)
		e, plain, requests := &Enforcer{policy(b, o)}, unfiltered(b, o), mix(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			took := make([]time.Duration, 0, b.N)
			for i := 0; b.Loop(); i++ {
				r := requests[i%len(requests)]
				began := time.Now()
				e.Decide(b.Context(), r)
				took = append(took, time.Since(began))
			}
			floor := make([]time.Duration, 0, 200)
			for i := range 200 {
				r := requests[i%len(requests)]
				began := time.Now()
				if _, err := plain.Enforce("person:"+r.Actor.ID, "acme", object(r.Action), act(Do, r.Action)); err != nil {
					b.Fatal(err)
				}
				floor = append(floor, time.Since(began))
			}
			mine, theirs := quantile(took, 0.99), quantile(floor, 0.99)
			b.ReportMetric(quantile(took, 0.5), "p50-ms")
			b.ReportMetric(mine, "p99-ms")
			b.ReportMetric(theirs, "casbin-p99-ms")
			b.ReportMetric(mine/theirs, "ratio")
		})
	}
}

// BenchmarkReloadOracle is a million decisions over 100 rules during constant
// reloads.
func BenchmarkReloadOracle(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		d := reloads(b, n, 100)
		b.ReportMetric(float64(d), "differences")
		b.ReportMetric(n, "decisions")
		if d != 0 {
			b.Fatalf("%d decisions differ", d)
		}
	}
}

// BenchmarkNewSnapshot is what a reload costs.
func BenchmarkNewSnapshot(b *testing.B) {
	o := large(1000)
	for b.Loop() {
		if _, err := NewSnapshot("acme", o); err != nil {
			b.Fatal(err)
		}
	}
}
