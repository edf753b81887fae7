package agent_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// tower is a world in which alerts are raised. Where addresses lead is in reach; what
// is not there leads to itself. Every job is run by a runner that is new.
type tower struct {
	*testing.T
	agenttest.Memory
	reach  map[string]agent.Reached
	chains map[string][]agent.Rung
	deny   string // whoever is called so may not read
	frozen *rbac.Freeze
	crash  func(c agent.Claimed) (before, after bool)
	tools  agent.Toolset
	ladder [][]string
}

func (w *tower) Decide(_ context.Context, r rbac.Request) rbac.Decision {
	if r.Action.Effect > rbac.Read || r.Actor.ID == w.deny {
		return rbac.Decision{Outcome: rbac.Ask, Frozen: w.frozen, Approvals: 1, Needs: []rbac.Need{{Count: 1}}, Reasons: []string{"no"}}
	}
	return rbac.Decision{Outcome: rbac.Allow}
}

func (*tower) May(context.Context, rbac.Actor, rbac.Verb, rbac.Request) rbac.Decision {
	return rbac.Decision{Outcome: rbac.Allow}
}

func (*tower) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need { return nil }

const (
	roomOps = "slack:C1"
	roomAna = "slack:@U1"
	roomBo  = "teams:@G2"
	roomCy  = "slack:@U3"
)

// inTower runs a test in fake time with the chain of the guide: the channel, then who
// is on call, their deputy, a service, the lead.
func inTower(t *testing.T, test func(w *tower)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(&tower{
			T: t,
			reach: map[string]agent.Reached{
				"oncall:web": {Rooms: []string{roomAna}, Who: []rbac.Actor{{ID: "ana", Name: "Ana"}}},
				"deputy:web": {Rooms: []string{roomBo}, Who: []rbac.Actor{{ID: "bo", Name: "Bo"}}},
				"person:cy":  {Rooms: []string{roomCy}, Who: []rbac.Actor{{ID: "cy", Name: "Cy"}}},
			},
			chains: map[string][]agent.Rung{"ops": {
				{To: []string{roomOps}},
				{After: 5 * time.Minute, To: []string{"oncall:web"}},
				{After: 15 * time.Minute, To: []string{"deputy:web"}},
				{After: 20 * time.Minute, To: []string{"service:pager"}},
				{After: 30 * time.Minute, To: []string{"person:cy"}},
			}},
		})
	})
}

func (w *tower) control() *agent.Control {
	return &agent.Control{Store: &w.Memory, Gate: w, Tools: w.tools, Keys: map[string][]byte{agenttest.Org: []byte("key")}, Ladder: func(context.Context, rbac.Request) [][]string { return w.ladder }, Escalation: &agent.Escalation{
		Alerts: &w.Memory,
		Chain:  func(_, name string) []agent.Rung { return w.chains[name] },
		For:    func(_ string, a rbac.Action) string { return map[string]string{"web": "ops"}[a.Stack] },
		Reach: func(_ context.Context, _, to string) agent.Reached {
			if r, ok := w.reach[to]; ok {
				return r
			}
			return agent.Reached{Rooms: []string{to}}
		},
		Admins: func(context.Context, string) []string { return []string{"console:admins"} },
		Own:    func(_, stack string) []string { return map[string][]string{"web": {roomOps}}[stack] },
		Title:  func(room string) string { return "the room " + room },
	}}
}

// work runs what is due, each job by a process of its own. A job that a process dies
// with is run again.
func (w *tower) work() {
	w.Helper()
	for range 200 {
		c, ok := w.Next()
		if !ok {
			return
		}
		r := &agent.Runner{
			Control: w.control(), Profile: func(string, string) agent.Profile {
				return agent.Profile{Budget: agent.Budget{Steps: 9, Calls: 9, Plans: 9, Wall: time.Hour, Tokens: 9}}
			},
			Patience: func(string) agent.Patience { return agent.Patience{Expiry: time.Hour, Next: time.Minute} },
		}
		before, after := false, false
		if w.crash != nil {
			before, after = w.crash(c)
		}
		if before {
			w.Fail = agent.KindAlert
		}
		err := r.Run(w.Context(), c)
		w.Fail = ""
		if before != (err != nil) && (c.Raise != nil || c.Alert != "") && err != nil {
			w.Fatal(c.ID, err)
		}
		if before && err != nil || after {
			w.Return(c)
		}
	}
	w.Fatal("it does not come to rest")
}

// pass lets time go by, a minute at a time.
func (w *tower) pass(d time.Duration) {
	w.Helper()
	for range d / time.Minute {
		time.Sleep(time.Minute)
		w.work()
	}
}

func (w *tower) raise(key string) {
	w.Helper()
	j := agent.Raise{Key: key, Chain: "ops", Title: "The disk is full", Text: "of web", Severity: "urgent", Stack: "web"}.Job(agenttest.Org, "raise/"+key, "t")
	if err := w.Enqueue(w.Context(), j); err != nil {
		w.Fatal(err)
	}
	w.work()
}

// only is the one alert that is not resolved.
func (w *tower) only() agent.Alert {
	w.Helper()
	all, err := w.OpenAlerts(w.Context(), agenttest.Org)
	if err != nil || len(all) != 1 {
		w.Fatalf("open are %v, %v", all, err)
	}
	return all[0]
}

// rung writes who was told, and after how many minutes.
func rungs(a agent.Alert) string {
	var all []string
	for _, t := range a.Told {
		s := fmt.Sprintf("%d:%s", t.At.Sub(a.Opened)/time.Minute, t.To)
		if !t.Reached() {
			s += "!"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// notices are the titles and rooms of the notices that are on record.
func (w *tower) notices() (all []string) {
	w.Helper()
	shown, err := w.Outbox(agenttest.Org)
	if err != nil {
		w.Fatal(err)
	}
	for _, s := range shown {
		if s.Event.Kind == agent.KindNotice {
			all = append(all, s.Thread.Room()+" "+s.Event.Payload.Title)
		}
	}
	return all
}

// events counts those of alerts.
func (w *tower) events() (n int) {
	w.Helper()
	shown, err := w.Outbox(agenttest.Org)
	if err != nil {
		w.Fatal(err)
	}
	for _, s := range shown {
		if s.Event.Kind == agent.KindAlert {
			n++
		}
	}
	return n
}

func (w *tower) press(id, room, who string, do agent.Deed) (agent.Alert, string) {
	w.Helper()
	by := rbac.Actor{Org: agenttest.Org, Platform: "person", ID: who, Name: strings.ToUpper(who[:1]) + who[1:], Account: "slack:T1/U-" + who}
	all, err := w.OpenAlerts(w.Context(), agenttest.Org)
	if err != nil {
		w.Fatal(err)
	}
	alert := "none"
	if len(all) > 0 {
		alert = all[0].ID
	}
	a, refused, err := w.control().Attend(w.Context(), agent.AlertPress{
		ID: id, Org: agenttest.Org, Alert: alert, Thread: agent.Thread{Platform: "slack", Channel: "D1", ID: "1"}, Room: room, By: by, Do: do, Tier: rbac.Observe,
	})
	if err != nil {
		w.Fatal(err)
	}
	return a, refused
}

const wholeChain = "0:slack:C1 5:oncall:web 15:deputy:web 20:service:pager 30:person:cy"

// Whatever dies when, nobody is told twice and nobody is forgotten.
func TestChainWalks(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(n int) (before, after bool){
		"nothing dies":                nil,
		"it dies before every write":  func(n int) (bool, bool) { return n == 1, false },
		"it dies after every write":   func(n int) (bool, bool) { return false, n == 1 },
		"it dies before and after":    func(n int) (bool, bool) { return n < 3, n == 3 },
		"it dies three times at each": func(n int) (bool, bool) { return n < 4, false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTower(t, func(w *tower) {
				runs := map[string]int{}
				if crash != nil {
					w.crash = func(c agent.Claimed) (bool, bool) { runs[c.ID]++; return crash(runs[c.ID]) }
				}
				w.raise("disk")
				w.pass(3 * time.Hour)
				a := w.only()
				if got := rungs(a); got != wholeChain {
					w.Errorf("told %s", got)
				}
				if n := w.events(); n != 5 {
					w.Errorf("%d events", n)
				}
				if got := a.Rooms(); !slices.Equal(got, []string{roomOps, roomAna, roomBo, roomCy}) || !slices.Equal(a.Services(), []string{"pager"}) {
					w.Errorf("in %v, %v", got, a.Services())
				}
				if n := w.notices(); len(n) != 0 {
					w.Errorf("noticed %v", n)
				}
			})
		})
	}
}

// again raises once more, by a job of its own.
func (w *tower) again(job string, r agent.Raise) {
	w.Helper()
	if err := w.Enqueue(w.Context(), r.Job(agenttest.Org, job, "t")); err != nil {
		w.Fatal(err)
	}
	w.work()
}

func TestRaisedAgain(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		again := agent.Raise{Key: "disk", Chain: "ops", Title: "again", Stack: "web"}
		w.again("raise/2", again)
		if a := w.only(); a.Count != 2 || a.Title != "The disk is full" || w.events() != 2 || rungs(a) != "0:slack:C1" {
			w.Errorf("%+v", a)
		}
		w.press("0", roomOps, "ana", agent.Take)
		w.again("raise/3", again)
		if n := w.notices(); !slices.Equal(n, []string{"slack:@U-ana It happened again"}) {
			w.Errorf("noticed %v", n)
		}
		w.press("1", roomOps, "ana", agent.Resolve)
		w.again("raise/4", again)
		if a := w.only(); a.Count != 1 || a.Title != "again" {
			w.Errorf("after the first was resolved: %+v", a)
		}
	})
}

// What nobody has resolved for a week swallows nothing any more, whatever dies when.
func TestRaisedAfterAWeek(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		old := w.press1("1", agent.Take)
		time.Sleep(7*24*time.Hour - time.Minute)
		w.work()
		w.again("raise/2", agent.Raise{Key: "disk", Chain: "ops", Title: "again"})
		if a := w.only(); a.ID != old.ID || a.Count != 2 {
			w.Errorf("%+v", a)
		}
		w.pass(time.Minute)
		runs := map[string]int{}
		w.crash = func(c agent.Claimed) (bool, bool) { runs[c.ID]++; return runs[c.ID] == 1, runs[c.ID] == 2 }
		w.again("raise/3", agent.Raise{Key: "disk", Chain: "ops", Title: "again"})
		if a := w.only(); a.ID == old.ID || a.Count != 1 || rungs(a) != "0:slack:C1" {
			w.Errorf("%+v", a)
		}
		if a, err := w.Alert(w.Context(), agenttest.Org, old.ID); err != nil || !strings.HasPrefix(a.Why, "superseded") {
			w.Errorf("%+v, %v", a, err)
		}
	})
}

func (w *tower) press1(id string, do agent.Deed) agent.Alert {
	w.Helper()
	a, why := w.press(id, roomOps, "ana", do)
	if why != "" {
		w.Fatal(why)
	}
	return a
}

// What an alert was about can be over by itself: that ends it, and raises nothing.
func TestOver(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		over := agent.Raise{Key: "disk", Chain: "ops", Over: "web: drifts no more"}
		w.again("over/0", over)
		w.raise("disk")
		id := w.only().ID
		for _, job := range []string{"over/1", "over/2"} {
			w.again(job, over)
			if a, err := w.Alert(w.Context(), agenttest.Org, id); err != nil || a.State != agent.Resolved || a.Why != over.Over {
				w.Errorf("%+v, %v", a, err)
			}
		}
		w.pass(time.Hour)
		if all, _ := w.OpenAlerts(w.Context(), agenttest.Org); len(all) != 0 || w.events() != 2 {
			w.Errorf("%v, %d events", all, w.events())
		}
	})
}

// Whoever takes it over is reminded a day after they did.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		w.press("1", roomOps, "ana", agent.Take)
		w.pass(25 * time.Hour)
		w.press("2", roomOps, "bo", agent.Take)
		w.pass(23 * time.Hour)
		if n := w.notices(); !slices.Equal(n, []string{"slack:@U-ana Not resolved yet"}) {
			w.Errorf("noticed %v", n)
		}
		w.pass(2 * time.Hour)
		if n := w.notices(); !slices.Equal(n, []string{"slack:@U-ana Not resolved yet", "slack:@U-bo Not resolved yet"}) {
			w.Errorf("noticed %v", n)
		}
	})
}

// When nobody of the chain is reached, at once or as it turns out later, the
// administrators have the card.
func TestNobodyReached(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"at once": false, "as it turns out": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTower(t, func(w *tower) {
				w.chains["ops"] = w.chains["ops"][:2]
				for _, to := range []string{roomOps, "oncall:web"} {
					if !late {
						w.reach[to] = agent.Reached{Why: "gone"}
					}
				}
				w.raise("disk")
				w.pass(10 * time.Minute)
				for i, room := range []string{roomOps, roomAna} {
					a := w.only()
					if late {
						if err := w.Enqueue(w.Context(), a.Lost(room, "archived", fmt.Sprint(i))); err != nil {
							w.Fatal(err)
						}
						w.work()
					}
				}
				if a := w.only(); !slices.Equal(a.Rooms(), []string{"console:admins"}) || !a.Heard() || a.Shown("console:admins") {
					w.Errorf("in %v: %s", a.Rooms(), rungs(a))
				}
			})
		})
	}
}

// A place that a chain tells twice can be lost twice.
func TestLostTwice(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.chains["ops"] = []agent.Rung{{To: []string{roomOps}}, {After: time.Minute, To: []string{roomOps}}, {After: time.Hour, To: []string{"person:cy"}}}
		w.raise("disk")
		for _, row := range []string{"first", "second"} {
			a := w.only()
			if err := w.Enqueue(w.Context(), a.Lost(roomOps, "archived", row)); err != nil {
				w.Fatal(err)
			}
			w.work()
		}
		if got := rungs(w.only()); got != "0:slack:C1! 0:slack:C1! 0:person:cy" {
			w.Errorf("told %s", got)
		}
	})
}

// In other rooms than the stack's own, nobody reads what it is about.
func TestShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a    agent.Alert
		want []string
	}{
		"of a stack":          {agent.Alert{Stack: "web", Own: []string{roomOps}}, []string{roomOps, roomAna}},
		"of an unknown stack": {agent.Alert{Stack: "web"}, []string{roomAna}},
		"of a room":           {agent.Alert{Own: []string{roomOps}}, []string{roomOps, roomAna}},
		"of nothing":          {agent.Alert{}, []string{roomOps, roomAna, "slack:C9"}},
	} {
		var got []string
		for _, room := range []string{roomOps, roomAna, "slack:C9"} {
			if c.a.Shown(room) {
				got = append(got, room)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: shown in %v", name, got)
		}
	}
	inTower(t, func(w *tower) {
		w.reach["oncall:web"] = agent.Reached{Rooms: []string{"slack:C9"}}
		w.reach["deputy:web"] = w.reach["oncall:web"]
		w.reach["person:cy"] = agent.Reached{Why: "away"}
		w.raise("disk")
		w.pass(time.Hour)
		shown, err := w.Outbox(agenttest.Org)
		if err != nil {
			w.Fatal(err)
		}
		n := 0
		for _, s := range shown {
			if s.Event.Kind == agent.KindNotice {
				n++
				if strings.Contains(s.Event.Payload.Text, "disk") {
					w.Errorf("%s reads %q", s.Thread.Room(), s.Event.Payload.Text)
				}
			}
		}
		if n != 1 {
			w.Errorf("%d notices", n)
		}
	})
}

func TestPresses(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		w.pass(6 * time.Minute)
		if a, why := w.press("0", roomBo, "bo", agent.Acknowledge); why != agent.NoSuch || a.ID != "" {
			w.Errorf("where nobody was told yet: %q", why)
		}
		w.deny = "guest"
		if _, why := w.press("1", roomOps, "guest", agent.Acknowledge); why != "no" {
			w.Errorf("whoever may not read: %q", why)
		}
		a, why := w.press("2", roomAna, "ana", agent.Acknowledge)
		if why != "" || a.State != agent.Acknowledged || a.Owner.ID != "ana" {
			w.Errorf("%q: %+v", why, a)
		}
		n := w.events()
		if a, why := w.press("2", roomAna, "ana", agent.Acknowledge); why != "" || a.Version != 3 || w.events() != n {
			w.Errorf("the same press again: %q, version %d", why, a.Version)
		}
		if _, why := w.press("3", roomOps, "bo", agent.Acknowledge); why != "Ana has it already; take it over if you want it" {
			w.Errorf("%q", why)
		}
		w.pass(time.Hour)
		if got := rungs(w.only()); got != "0:slack:C1 5:oncall:web" {
			w.Errorf("the chain did not stop: %s", got)
		}
		if a, why := w.press("4", roomOps, "bo", agent.Take); why != "" || a.Owner.ID != "bo" {
			w.Errorf("%q: %+v", why, a)
		}
		if a, why := w.press("4b", roomOps, "ana", agent.Snooze); why != "Bo has it; take it over first if you want to snooze it" || a.Owner.ID != "bo" || a.State != agent.Acknowledged {
			w.Errorf("%q: %+v", why, a)
		}
		if _, why := w.press("5", roomOps, "bo", agent.Take); why != "it is yours already" {
			w.Errorf("%q", why)
		}
		if _, why := w.press("6", roomOps, "bo", "explode"); why != "this button is not known" {
			w.Errorf("%q", why)
		}
		id := w.only().ID
		if a, why := w.press("7", roomAna, "ana", agent.Resolve); why != "" || a.State != agent.Resolved || a.Ended.IsZero() {
			w.Errorf("%q: %+v", why, a)
		}
		late, why, err := w.control().Attend(w.Context(), agent.AlertPress{ID: "8", Org: agenttest.Org, Alert: id, Room: roomOps, Do: agent.Acknowledge})
		if err != nil || why != "it is resolved already" || late.State != agent.Resolved {
			w.Errorf("after the end: %q, %v", why, err)
		}
		s, err := w.Load(w.Context(), agenttest.Org, late.Session)
		if last := s.Events[len(s.Events)-1]; err != nil || last.Kind != agent.KindRefused || last.Run != "8" || last.Payload.Text != why || last.Payload.Alert.ID != id {
			w.Errorf("a late press left %+v, %v", last, err)
		}
		if _, why, err := w.control().Attend(w.Context(), agent.AlertPress{ID: "9", Org: agenttest.Rival, Alert: id, Room: roomOps, Do: agent.Acknowledge}); err != nil || why != agent.NoSuch {
			w.Errorf("of another Org: %q, %v", why, err)
		}
		w.pass(30 * time.Hour)
		if n := w.notices(); len(n) != 0 {
			w.Errorf("reminded after the end: %v", n)
		}
	})
}

// A snooze is an hour, and then the chain has as much time as it had left.
func TestSnooze(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		w.pass(6 * time.Minute)
		if a, why := w.press("1", roomAna, "ana", agent.Snooze); why != "" || a.State != agent.Snoozed {
			w.Errorf("%q: %+v", why, a)
		}
		w.pass(59 * time.Minute)
		if a := w.only(); a.State != agent.Snoozed || a.Step != 2 {
			w.Errorf("%v at step %d", a.State, a.Step)
		}
		w.pass(3 * time.Hour)
		if got := rungs(w.only()); got != "0:slack:C1 5:oncall:web 75:deputy:web 80:service:pager 90:person:cy" {
			w.Errorf("told %s", got)
		}
		if n := w.notices(); !slices.Equal(n, []string{"slack:@U-ana Snooze is over"}) {
			w.Errorf("noticed %v", n)
		}
		w.press1("2", agent.Snooze)
		if _, why := w.press("3", roomOps, "bo", agent.Snooze); why != "Ana has it; take it over first if you want to snooze it" {
			w.Errorf("%q", why)
		}
		w.pass(2 * time.Hour)
		shown, err := w.Outbox(agenttest.Org)
		if err != nil {
			w.Fatal(err)
		}
		var told []string
		for _, s := range shown {
			if s.Event.Kind == agent.KindNotice {
				told = append(told, s.Event.Payload.Text)
			}
		}
		if len(told) != 2 || !strings.Contains(told[0], "and the chain goes on.") || !strings.Contains(told[1], "and nobody else is called.") {
			w.Errorf("told %q", told)
		}
	})
}

func TestReminded(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		w.press("1", roomOps, "ana", agent.Take)
		w.pass(23 * time.Hour)
		if n := w.notices(); len(n) != 0 {
			w.Errorf("too early: %v", n)
		}
		w.pass(72 * time.Hour)
		if n := w.notices(); !slices.Equal(n, []string{"slack:@U-ana Not resolved yet"}) {
			w.Errorf("noticed %v", n)
		}
	})
}

// Whoever cannot be reached is passed over at once, and administrators hear of it.
func TestNotReached(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.reach["oncall:web"] = agent.Reached{Why: "Ana is switched off"}
		w.raise("disk")
		w.pass(time.Hour)
		if got := rungs(w.only()); got != "0:slack:C1 5:oncall:web! 5:deputy:web 20:service:pager 30:person:cy" {
			w.Errorf("told %s", got)
		}
		if n := w.notices(); !slices.Equal(n, []string{"console:admins Not reached"}) {
			w.Errorf("noticed %v", n)
		}
	})
}

// A room that turns out to be closed is as if it had not been there.
func TestLost(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.raise("disk")
		lost := func(place string) {
			a := w.only()
			for range 2 {
				if err := w.Enqueue(w.Context(), a.Lost(place, "archived", fmt.Sprint("row", w.events()))); err != nil {
					w.Fatal(err)
				}
				w.work()
			}
		}
		w.pass(time.Minute)
		lost(roomOps)
		if got := rungs(w.only()); got != "0:slack:C1! 1:oncall:web" {
			w.Errorf("told %s", got)
		}
		lost("slack:C9") // where it never was
		w.pass(time.Hour)
		lost("service:pager") // everybody was told by then
		if got := rungs(w.only()); got != "0:slack:C1! 1:oncall:web 11:deputy:web 16:service:pager! 26:person:cy" {
			w.Errorf("told %s", got)
		}
		if n := w.notices(); !slices.Equal(n, []string{"console:admins Not reached", "console:admins Not reached"}) {
			w.Errorf("noticed %v", n)
		}
	})
}

// Who is called again, in a room that has the card, hears a bell: by that one step alone.
func TestCalledTwice(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.reach["deputy:web"] = w.reach["oncall:web"]
		w.raise("disk")
		w.pass(time.Hour)
		shown, err := w.Outbox(agenttest.Org)
		if err != nil {
			w.Fatal(err)
		}
		var again []string
		for _, s := range shown {
			if a := s.Event.Payload.Alert; a != nil && a.Again(roomAna) {
				again = append(again, rungs(*a))
			}
			if a := s.Event.Payload.Alert; a != nil && (a.Again(roomOps) || a.Again(roomCy)) {
				w.Errorf("called again: %s", rungs(*a))
			}
		}
		if !slices.Equal(again, []string{"0:slack:C1 5:oncall:web 15:deputy:web"}) || len(w.notices()) != 0 {
			w.Errorf("called again by %q, noticed %v", again, w.notices())
		}
	})
}

func TestNoChain(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		delete(w.chains, "ops")
		w.raise("disk")
		if all, err := w.OpenAlerts(w.Context(), agenttest.Org); err != nil || len(all) != 0 {
			w.Errorf("%v, %v", all, err)
		}
		if n := w.notices(); !slices.Equal(n, []string{"console:admins Not reached"}) {
			w.Errorf("noticed %v", n)
		}
	})
}

// Of a step with several addresses, one that is reached is enough.
func TestLostOfSeveral(t *testing.T) {
	t.Parallel()
	inTower(t, func(w *tower) {
		w.chains["ops"][0].To = []string{roomOps, "teams:C2"}
		w.raise("disk")
		a := w.only()
		if err := w.Enqueue(w.Context(), a.Lost(roomOps, "archived", "row")); err != nil {
			w.Fatal(err)
		}
		w.work()
		if got := rungs(w.only()); got != "0:slack:C1! 0:teams:C2" {
			w.Errorf("told %s", got)
		}
	})
}
