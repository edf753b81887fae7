package bot

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// desk is a record and a gate that lets everybody read.
type desk struct {
	running, resting []agent.Job
	sums             map[string]agent.Sum
	err              error
	asked            []agent.BillFilter
}

func (*desk) OpenHolds(context.Context, string) ([]agent.Hold, error) { return nil, nil }

func (*desk) HoldByCode(context.Context, string, string) ([]agent.Hold, error) { return nil, nil }

func (d *desk) Running(context.Context, string) ([]agent.Job, error) { return d.running, nil }

func (d *desk) Resting(context.Context, string) ([]agent.Job, error) { return d.resting, nil }

func (d *desk) Billed(_ context.Context, _ string, f agent.BillFilter) (agent.Sum, error) {
	d.asked = append(d.asked, f)
	switch {
	case f.Thread != (agent.Thread{}):
		return d.sums["thread"], d.err
	case f.Person != "":
		return d.sums["person"], d.err
	}
	return d.sums["month"], d.err
}

func (*desk) Decide(context.Context, rbac.Request) rbac.Decision {
	return rbac.Decision{Outcome: rbac.Allow}
}

func (*desk) May(context.Context, rbac.Actor, rbac.Verb, rbac.Request) rbac.Decision {
	return rbac.Decision{}
}

func (*desk) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need {
	return []rbac.Need{{Count: 1}}
}

func (d *desk) inbox() *Inbox {
	return &Inbox{
		Control: &agent.Control{Gate: d}, Records: d, Room: func(context.Context, string, string) Room { return Room{} },
		Who:   func(context.Context, rbac.Actor) rbac.Actor { return alice },
		Bills: d, Spending: func(string) agent.Spending { return agent.Spending{Currency: "USD", Month: 200 * agent.Unit} },
	}
}

var here = agent.Thread{Platform: "console", Channel: "ops", ID: "1"}

func statusOf(t *testing.T, in *Inbox) Card {
	t.Helper()
	r, err := in.Mention(t.Context(), Mention{ID: "m", Org: "acme", Thread: here, Actor: rbac.Actor{ID: "chat"}, Text: "status"})
	if err != nil || r.Note == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	return *r.Note
}

func (d *desk) busy() *Inbox {
	usage := agent.Usage{Input: 250_000, Output: 90_000, CacheRead: 1_000_000}
	d.running = []agent.Job{{Thread: here, Actor: alice, Text: "look at web"}, {Actor: bob, Text: "secret"}}
	d.resting = []agent.Job{{Turn: "a", After: noon.Add(5 * time.Minute)}, {Turn: "b", After: noon.Add(time.Hour)}}
	d.sums = map[string]agent.Sum{
		"month":  {Usage: usage, Cost: 1240 * agent.Unit / 100, Replies: 9},
		"thread": {Usage: agent.Usage{Input: 900, Output: 10}, Cost: agent.Unit / 1000, Replies: 2, Unpriced: 1},
		"person": {Usage: agent.Usage{Input: 90, Output: 1}, Replies: 1, Unpriced: 1},
	}
	in := d.inbox()
	in.Models = func() []ModelState {
		return []ModelState{
			{Name: "big", Open: true, Until: noon.Add(5 * time.Minute), Last: "overloaded\x1b[31m"},
			{Name: "small", Last: "a failure of yesterday"},
		}
	}
	return in
}

func TestStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the month of the fake clock is January 2000
		d := &desk{}
		golden(t, "status", statusOf(t, d.busy()))
		january := agent.Month(time.Now())
		want := []agent.BillFilter{{From: january}, {Thread: here}, {From: january, Person: alice.Subject()}}
		if !reflect.DeepEqual(d.asked, want) {
			t.Errorf("asked %+v, want %+v", d.asked, want)
		}
	})
	golden(t, "status-idle", statusOf(t, (&desk{}).inbox()))
}

func TestStatusWithoutModels(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*Inbox{"no bills": (&desk{}).inbox(), "no prices": (&desk{}).inbox()} {
		in.Bills = map[string]agent.Bills{"no prices": &desk{}}[name]
		in.Spending = map[string]func(string) agent.Spending{"no bills": in.Spending}[name]
		if c := statusOf(t, in); len(c.Fields) != 4 || c.Fallback != "Status: 0 requests running, 0 cards waiting" {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestStatusThatCannotLook(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	r, err := (&desk{err: down}).inbox().Command(t.Context(), Command{Org: "acme", Thread: here, Name: "status"})
	if !errors.Is(err, down) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBilled(t *testing.T) {
	t.Parallel()
	u := agent.Usage{Input: 1000, Output: 2}
	for want, c := range map[string]struct {
		sum   agent.Sum
		limit agent.Money
	}{
		"nothing":                                       {},
		"0 of 5.00 USD, 0%":                             {limit: 5 * agent.Unit},
		"0 USD; 1,000 tokens in, 2 out":                 {sum: agent.Sum{Usage: u, Replies: 1}},
		"no price set; 1,000 tokens in, 2 out":          {sum: agent.Sum{Usage: u, Replies: 1, Unpriced: 1}},
		"0.00010 USD; 1,000 tokens in, 2 out":           {sum: agent.Sum{Usage: u, Replies: 1, Cost: 100_000}},
		"4.99 of 5.00 USD, 99%; 1,000 tokens in, 2 out": {agent.Sum{Usage: u, Replies: 1, Cost: 4_990_000_000}, 5 * agent.Unit},
		"6.00 of 5.00 USD, 120% and more without a price, so no model is asked until the month ends (UTC); 1,000 tokens in, 2 out": {
			agent.Sum{Usage: u, Replies: 2, Unpriced: 1, Cost: 6 * agent.Unit}, 5 * agent.Unit,
		},
	} {
		if got := billed(c.sum, "USD", c.limit); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFooter(t *testing.T) {
	t.Parallel()
	for want, sp := range map[string]agent.Spent{
		"0.2 s":            {Steps: 1, Wall: 249 * time.Millisecond},
		"1 tool call, 1 s": {Steps: 1, Calls: 1, Wall: time.Second},
		"1 step, 7 tokens in, 1 out, 0 USD, 1 min 0 s": {
			Steps: 1, Usage: agent.Usage{Input: 7, Output: 1}, Currency: "USD", Wall: 59_960 * time.Millisecond,
		},
		"2 steps, 1,234,567 tokens in (99% cached), 0 out, 1.50 and more without a price, 95 min 3 s": {
			Steps: 2, Usage: agent.Usage{Input: 4567, CacheRead: 1_230_000}, Cost: 3 * agent.Unit / 2, Unpriced: 1, Wall: 95*time.Minute + 3*time.Second,
		},
	} {
		if got := footer(&sp); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := footer(nil); got != "" {
		t.Errorf("nothing spent is %q", got)
	}
}

// Every promise of another try is taken back by an edit of the same message.
func TestPauseIsOneMessage(t *testing.T) {
	t.Parallel()
	all := events()
	keys := map[string]bool{}
	for _, name := range []string{"paused", "resumed", "pause-stopped"} {
		ev := all[name]
		ev.Turn = "t"
		c, key, _ := render(ev)
		keys[key] = true
		if strings.Contains(c.Next+c.Fallback, "I try again") != (ev.Kind == agent.KindPaused) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if !reflect.DeepEqual(keys, map[string]bool{"pause/t": true}) {
		t.Errorf("messages %v", keys)
	}
}

// An erased event that nobody has seen yet says nothing that is not so.
func TestErasedIsNotShown(t *testing.T) {
	t.Parallel()
	for _, ev := range []agent.Event{
		{Kind: agent.KindPaused, Payload: agent.Payload{Text: "(erased)", Pause: &agent.Pause{}}},
		{Kind: agent.KindFinding, Payload: agent.Payload{Text: "(erased)", Scan: &agent.ScanNews{}}},
		{Kind: agent.KindSummary, Payload: agent.Payload{Text: "(erased)", Summary: &agent.Summary{}}},
	} {
		if c, _, show := render(ev); show {
			t.Errorf("%s is shown: %+v", ev.Kind, c)
		}
	}
}
