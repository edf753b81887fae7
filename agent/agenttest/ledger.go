package agenttest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Ledger is a store that adds up what its events cost.
type Ledger interface {
	agent.Store
	agent.Bills
}

// TestBills is what every Ledger must do. Open gives an empty one that knows
// Org and Rival.
func TestBills(t *testing.T, open func(t *testing.T) Ledger) {
	for name, test := range map[string]func(t *testing.T, b *biller){
		"filters":                       billFilters,
		"an event is billed once":       billedOnce,
		"many runs at once":             billedAtOnce,
		"what is refused costs nothing": billedWithItsEvent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &biller{Ledger: open(t)})
		})
	}
}

// priced and unpriced are what replies cost.
func priced() agent.Bill {
	return agent.Bill{Model: "m", Usage: agent.Usage{Input: 1, Output: 2, CacheRead: 3, CacheWrite: 4}, Cost: 5, Priced: true}
}

func unpriced() agent.Bill { return agent.Bill{Model: "x", Usage: agent.Usage{Input: 10}} }

// march is a moment in the middle of a month.
func march() time.Time { return time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC) }

func billFilters(t *testing.T, b *biller) {
	march, ana, bo, one, free := march(), Person(Org, "ana"), Person(Org, "bo"), priced(), unpriced()
	april := agent.Month(march.AddDate(0, 1, 0))
	b.bill(t, Org, "1", ana, march, one, one, free)
	b.bill(t, Org, "1", bo, april, one)
	b.bill(t, Org, "2", bo, april.Add(-time.Microsecond), one)
	b.bill(t, Rival, "1", Person(Rival, "ana"), march, free)
	for name, c := range map[string]struct {
		org  string
		f    agent.BillFilter
		want agent.Sum
	}{
		"all":                             {Org, agent.BillFilter{}, sumOf(one, one, free, one, one)},
		"from the middle of March":        {Org, agent.BillFilter{From: march.AddDate(0, 0, 10)}, sumOf(one, one, free, one, one)},
		"from April":                      {Org, agent.BillFilter{From: april}, sumOf(one)},
		"from April, elsewhere":           {Org, agent.BillFilter{From: april.Add(-time.Minute).In(time.FixedZone("", 3600))}, sumOf(one, one, free, one, one)},
		"of a person":                     {Org, agent.BillFilter{From: march, Person: ana.Subject()}, sumOf(one, one, free)},
		"of a person from April":          {Org, agent.BillFilter{From: april, Person: ana.Subject()}, agent.Sum{}},
		"of a thread":                     {Org, agent.BillFilter{Thread: Thread("1")}, sumOf(one, one, free, one)},
		"of a thread from a moment":       {Org, agent.BillFilter{Thread: Thread("1"), From: march.Add(time.Second)}, sumOf(one)},
		"of a thread from that moment":    {Org, agent.BillFilter{Thread: Thread("1"), From: march}, sumOf(one, one, free, one)},
		"of a thread and a person":        {Org, agent.BillFilter{Thread: Thread("1"), Person: bo.Subject()}, sumOf(one)},
		"of a thread that is not there":   {Org, agent.BillFilter{Thread: Thread("3")}, agent.Sum{}},
		"of a person who is not there":    {Org, agent.BillFilter{Person: "person:eve"}, agent.Sum{}},
		"of another Org":                  {Rival, agent.BillFilter{From: march}, sumOf(free)},
		"of a thread of another Org":      {Rival, agent.BillFilter{Thread: Thread("2")}, agent.Sum{}},
		"of another Org, of one's person": {Rival, agent.BillFilter{Person: bo.Subject()}, agent.Sum{}},
		"of the future":                   {Org, agent.BillFilter{From: march.AddDate(1, 0, 0)}, agent.Sum{}},
	} {
		b.sum(t, name, c.org, c.f, c.want)
	}
}

func billedOnce(t *testing.T, b *biller) {
	evs := b.bill(t, Org, "1", Person(Org, "ana"), march(), priced())
	for range 2 {
		if err := b.Append(t.Context(), Org, agent.Batch{Events: evs}); err == nil {
			t.Error("an event is written twice")
		}
	}
	b.both(t, sumOf(priced()))
}

func billedAtOnce(t *testing.T, b *biller) {
	const runs, each = 6, 5
	var all sync.WaitGroup
	var want []agent.Bill
	for r := range runs {
		s := mustOpen(t, b, Org, fmt.Sprint(r))
		for range each {
			want = append(want, priced())
		}
		all.Go(func() {
			for i := range each {
				ev := billed(s, fmt.Sprint("run", r, "/", i), Person(Org, "ana"), march(), priced())
				if err := b.Append(t.Context(), Org, agent.Batch{Events: []agent.Event{ev}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.sum(t, "all", Org, agent.BillFilter{From: march()}, sumOf(want...))
	b.sum(t, "of one thread", Org, agent.BillFilter{Thread: Thread("0")}, sumOf(want[:each]...))
}

// billedWithItsEvent: the bill and its event are one write.
func billedWithItsEvent(t *testing.T, b *biller) {
	s := mustOpen(t, b, Org, "1")
	h := card(s)
	h.Version = 7 // there is no such version to swap
	evs := []agent.Event{billed(s, "lost", Person(Org, "ana"), march(), priced())}
	isErr(t, b.Append(t.Context(), Org, agent.Batch{Events: evs, Hold: &h}), agent.ErrRaced)
	isErr(t, b.Append(t.Context(), Org, agent.Batch{Events: evs, Fence: &agent.Fence{Job: "j", Token: 1}}), agent.ErrFenced)
	stray := Asked(Rival, "j", Thread("1"))
	isErr(t, b.Append(t.Context(), Org, agent.Batch{Events: evs, Jobs: []agent.Job{stray}}), agent.ErrNotFound)
	b.both(t, agent.Sum{})
}

func sumOf(bills ...agent.Bill) (s agent.Sum) {
	for _, b := range bills {
		s = s.Add(b)
	}
	return s
}

// biller writes events that cost something.
type biller struct {
	Ledger
	made int
}

func (b *biller) bill(t *testing.T, org, thread string, who rbac.Actor, at time.Time, bills ...agent.Bill) (evs []agent.Event) {
	t.Helper()
	s := mustOpen(t, b, org, thread)
	for _, bill := range bills {
		b.made++
		evs = append(evs, billed(s, fmt.Sprint("bill", b.made), who, at, bill))
	}
	evs = append(evs, Answer(s, "costs nothing"))
	mustAppend(t, b, org, agent.Batch{Events: evs})
	return evs
}

func billed(s *agent.Session, id string, who rbac.Actor, at time.Time, bill agent.Bill) agent.Event {
	ev := Answer(s, "")
	ev.ID, ev.At, ev.Actor, ev.Kind = id, at, who, agent.KindStep
	ev.Payload = agent.Payload{Step: &agent.Step{}, Bill: &bill}
	return ev
}

func (b *biller) sum(t *testing.T, name, org string, f agent.BillFilter, want agent.Sum) {
	t.Helper()
	if got, err := b.Billed(t.Context(), org, f); err != nil || got != want {
		t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
	}
}

// both asks for the month and for the first thread.
func (b *biller) both(t *testing.T, want agent.Sum) {
	t.Helper()
	b.sum(t, "of the month", Org, agent.BillFilter{From: march()}, want)
	b.sum(t, "of the thread", Org, agent.BillFilter{Thread: Thread("1")}, want)
}
