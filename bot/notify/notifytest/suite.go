package notifytest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/rbac"
)

// Noon is the moment at which the tests begin.
func Noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// Notice is one of a type about a stack.
func Notice(id, typ, stack string) notify.Notice {
	return notify.Notice{
		ID: id, Org: agenttest.Org, Type: typ, Severity: notify.Usual(typ), Title: stack + " " + typ, Stack: stack, Key: typ + "/" + stack, At: Noon(),
	}
}

func delivery(n notify.Notice, target string) notify.Delivery {
	name, service := strings.CutPrefix(target, "service:")
	if !service {
		name = ""
	}
	return notify.Delivery{
		ID: n.ID + "@" + target, Org: n.Org, Notice: n.ID, Target: target, Way: target, Lane: name, Type: n.Type, Stack: n.Stack,
		Severity: n.Severity, Key: n.Key, Topic: n.Topic(), Step: n.Step, Due: Noon(), Alone: true,
	}
}

const (
	room = "console:lab"
	hook = "service:hook"
)

// TestStore is what every store of notices does. Jobs are the ids of those that were
// enqueued.
func TestStore(t *testing.T, open func(t *testing.T) (s Store, jobs func(t *testing.T) []string)) {
	for name, test := range map[string]func(t *testing.T, s Store, jobs func(t *testing.T) []string){
		"once": testOnce, "apart": testApart, "bundles": testBundles, "tries": testTries, "tellings": testTellings, "mutes": testMutes, "given up": testGivenUp, "order": testOrder, "ends": testEnds, "ends for all": testEndsForAll, "lanes": testLanes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, jobs := open(t)
			test(t, s, jobs)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// route keeps deliveries, in their order, each notice's only once.
func route(t *testing.T, s Store, ds ...notify.Delivery) {
	t.Helper()
	var ids []string
	for _, d := range ds {
		ids = append(ids, d.Notice)
	}
	must(t, s.Route(t.Context(), ds[0].Org, ids, ds))
}

func put(t *testing.T, s Store, all ...notify.Notice) {
	t.Helper()
	for _, n := range all {
		must(t, s.PutNotice(t.Context(), n))
	}
}

// past is what one target was told.
func past(t *testing.T, s Store, at time.Time, target, key, topic string) notify.Past {
	t.Helper()
	other := notify.Asked{Target: "console:nowhere", Key: key, Topic: topic}
	all, err := s.Past(t.Context(), agenttest.Org, at, []notify.Asked{other, {Target: target, Key: key, Topic: topic}})
	must(t, err)
	if len(all) != 2 || all[0] != (notify.Past{}) {
		t.Fatalf("the past of another target is %+v", all)
	}
	return all[1]
}

func due(t *testing.T, s Store, at time.Time, outside bool) []notify.Bundle {
	t.Helper()
	lane := ""
	if outside {
		lane = "hook"
	}
	all, err := s.Due(t.Context(), agenttest.Org, at, lane, 10)
	must(t, err)
	return all
}

// A notice is put once, routed once, and shown once.
func testOnce(t *testing.T, s Store, jobs func(t *testing.T) []string) {
	a, b := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.ScanFailed, "web")
	a.Facts, a.Thread = []agent.Fact{{Name: "New", Value: "1"}}, agent.Thread{Platform: "console", Channel: "lab", ID: "1"}
	again := a
	again.Title = "not this one"
	put(t, s, a, b, again)
	got, err := s.Unrouted(t.Context(), agenttest.Org, 10)
	must(t, err)
	if !reflect.DeepEqual(got, []notify.Notice{a, b}) {
		t.Fatalf("unrouted are %+v", got)
	}
	if got, _ = s.Unrouted(t.Context(), agenttest.Org, 1); len(got) != 1 || got[0].ID != "a" {
		t.Errorf("the oldest is %+v", got)
	}
	d := delivery(a, room)
	must(t, s.Route(t.Context(), agenttest.Org, []string{"a"}, []notify.Delivery{d}))
	d.ID = "other"
	must(t, s.Route(t.Context(), agenttest.Org, []string{"a"}, []notify.Delivery{d}))
	if got, _ = s.Unrouted(t.Context(), agenttest.Org, 10); len(got) != 1 || got[0].ID != "b" {
		t.Errorf("unrouted is %+v", got)
	}
	bundles := due(t, s, Noon(), false)
	if len(bundles) != 1 || bundles[0].Count != 1 || bundles[0].Way != room || !reflect.DeepEqual(bundles[0].Top, []notify.Notice{a}) {
		t.Fatalf("due is %+v", bundles)
	}
	job := agent.Job{ID: "shows it", Org: agenttest.Org, Notice: "x"}
	must(t, s.Delivered(t.Context(), agenttest.Org, bundles[0].ID, job))
	job.ID = "shows it again"
	must(t, s.Delivered(t.Context(), agenttest.Org, bundles[0].ID, job))
	if got := jobs(t); !reflect.DeepEqual(got, []string{"shows it"}) || len(due(t, s, Noon(), false)) != 0 {
		t.Errorf("jobs %v", got)
	}
}

// Another Org sees nothing and moves nothing.
func testApart(t *testing.T, s Store, jobs func(t *testing.T) []string) {
	a := Notice("a", notify.DriftDetected, "web")
	put(t, s, a)
	if got, err := s.Unrouted(t.Context(), agenttest.Rival, 10); err != nil || len(got) != 0 {
		t.Errorf("another Org reads %v, %v", got, err)
	}
	must(t, s.Route(t.Context(), agenttest.Rival, []string{"a"}, nil))
	route(t, s, delivery(a, room))
	id := delivery(a, room).ID
	must(t, s.Delivered(t.Context(), agenttest.Rival, id, agent.Job{ID: "j", Org: agenttest.Rival, Notice: "x"}))
	must(t, s.GiveUp(t.Context(), agenttest.Rival, id, "x", nil, agent.Job{ID: "j", Org: agenttest.Rival, Notice: "x"}))
	must(t, s.Postpone(t.Context(), agenttest.Rival, id, Noon().Add(time.Hour), "x"))
	if what, err := s.Mute(t.Context(), agenttest.Rival, bot.Mute{Delivery: id, Room: room, Until: Noon().Add(time.Hour)}); err != nil || len(what) != 0 {
		t.Errorf("another Org mutes %q, %v", what, err)
	}
	if b := due(t, s, Noon(), false); len(b) != 1 || b[0].Attempts != 0 || len(jobs(t)) != 0 {
		t.Errorf("due is %+v, jobs %v", b, jobs(t))
	}
}

// What is gathered becomes one bundle when it is due, and keeps its members.
func testBundles(t *testing.T, s Store, _ func(t *testing.T) []string) {
	later := func(n notify.Notice, target string, wait time.Duration) notify.Delivery {
		d := delivery(n, target)
		d.Alone, d.Due, d.More = false, Noon().Add(wait), 2
		return d
	}
	a, b, c := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.ChangeFailed, "web"), Notice("c", notify.DriftDetected, "db")
	b.At = Noon().Add(-time.Hour) // since when is told by what happened, not by what is due
	put(t, s, a, b, c)
	route(t, s, later(a, room, time.Minute), later(b, room, time.Minute), later(c, room, 2*time.Minute))
	if got := due(t, s, Noon(), false); len(got) != 0 {
		t.Errorf("due too early: %+v", got)
	}
	if p := past(t, s, Noon(), room, "none", ""); !p.Opens.Equal(Noon().Add(time.Minute)) || !p.Told.IsZero() {
		t.Errorf("past is %+v", p)
	}
	got := due(t, s, Noon().Add(time.Minute), false)
	want := []notify.Tally{{Type: notify.DriftDetected, Count: 1}, {Type: notify.ChangeFailed, Count: 1}}
	if len(got) != 1 || got[0].Count != 2 || got[0].More != 4 || !reflect.DeepEqual(got[0].Tallies, want) || !got[0].Since.Equal(Noon().Add(-time.Hour)) {
		t.Fatalf("due is %+v", got)
	}
	if got[0].Top[0].ID != "b" || got[0].Top[1].ID != "a" {
		t.Errorf("the most severe is not first: %+v", got[0].Top)
	}
	if both := due(t, s, Noon().Add(time.Hour), false); len(both) != 2 || both[0].ID != got[0].ID || both[0].Count != 2 || both[1].Count != 1 {
		t.Errorf("a bundle has changed: %+v", both)
	}
	if len(due(t, s, Noon().Add(time.Hour), true)) != 0 {
		t.Error("a room is taken for a service")
	}
}

// A postponed bundle comes again with its attempts, and no sooner.
func testTries(t *testing.T, s Store, _ func(t *testing.T) []string) {
	a := Notice("a", notify.AgentFailed, "")
	put(t, s, a)
	route(t, s, delivery(a, hook))
	first := due(t, s, Noon(), true)
	if len(first) != 1 || len(due(t, s, Noon(), false)) != 0 {
		t.Fatalf("due is %+v", first)
	}
	must(t, s.Postpone(t.Context(), agenttest.Org, first[0].ID, Noon().Add(time.Minute), "down"))
	if got := due(t, s, Noon().Add(59*time.Second), true); len(got) != 0 {
		t.Errorf("too early: %+v", got)
	}
	if got := due(t, s, Noon().Add(time.Minute), true); len(got) != 1 || got[0].ID != first[0].ID || got[0].Attempts != 1 {
		t.Errorf("due is %+v", got)
	}
}

// What is told again within the window is only counted, until it is told.
func testTellings(t *testing.T, s Store, _ func(t *testing.T) []string) {
	a, b, c := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.DriftDetected, "web"), Notice("c", notify.DriftDetected, "web")
	put(t, s, a, b, c)
	repeat := delivery(b, room)
	repeat.Repeat = true
	route(t, s, delivery(a, room), repeat)
	if p := past(t, s, Noon(), room, a.Key, a.Topic()); !p.Told.Equal(Noon()) || p.More != 1 {
		t.Errorf("past is %+v", p)
	}
	if got := due(t, s, Noon(), false); len(got) != 1 {
		t.Errorf("a repeat is due: %+v", got)
	}
	last := delivery(c, room)
	last.Due = Noon().Add(time.Hour)
	route(t, s, last)
	if p := past(t, s, Noon(), room, a.Key, a.Topic()); !p.Told.Equal(last.Due) || p.More != 0 {
		t.Errorf("past is %+v", p)
	}
}

// A room mutes what it was told, a person what they were told.
func testMutes(t *testing.T, s Store, _ func(t *testing.T) []string) {
	a := Notice("a", notify.DriftDetected, "web")
	put(t, s, a)
	in, to := delivery(a, room), delivery(a, "person:ana")
	to.Way = "slack:@U-bo" // who stands in for ana
	must(t, s.Route(t.Context(), agenttest.Org, []string{"a"}, []notify.Delivery{in, to}))
	ana, bo := rbac.Actor{Org: agenttest.Org, Platform: "person", ID: "ana"}, rbac.Actor{Org: agenttest.Org, Platform: "person", ID: "bo"}
	until, drift := Noon().Add(time.Hour), []bot.Muted{{Type: notify.DriftDetected, Stack: "web"}}
	for _, c := range []struct {
		mute bot.Mute
		want []bot.Muted
	}{
		{bot.Mute{Delivery: in.ID, Room: "console:other", By: ana, Until: until}, nil},
		{bot.Mute{Delivery: to.ID, Room: room, By: bo, Until: until}, nil},
		{bot.Mute{Delivery: to.ID, Room: room, By: rbac.Actor{Org: agenttest.Org, Platform: "console", ID: "ana"}, Until: until}, nil},
		{bot.Mute{Delivery: "nosuch", Room: room, By: ana, Until: until}, nil},
		{bot.Mute{Delivery: in.ID, Room: room, By: bo, Until: until}, drift},
	} {
		if what, err := s.Mute(t.Context(), agenttest.Org, c.mute); err != nil || !slices.Equal(what, c.want) {
			t.Errorf("%+v mutes %q, %v", c.mute, what, err)
		}
	}
	for target, want := range map[string]bool{room: true, "person:ana": false} {
		if p := past(t, s, Noon(), target, "", a.Topic()); p.Muted != want {
			t.Errorf("%s: %+v", target, p)
		}
	}
	if p := past(t, s, until, room, "", a.Topic()); p.Muted {
		t.Error("it is muted for ever")
	}
	if what, _ := s.Mute(t.Context(), agenttest.Org, bot.Mute{Delivery: to.ID, Room: "slack:D1", By: ana, Until: until}); len(what) == 0 {
		t.Error("a person cannot mute what they were told")
	}
	bo.Account = "slack:T1/U-bo"
	if what, _ := s.Mute(t.Context(), agenttest.Org, bot.Mute{Delivery: to.ID, Room: "slack:D2", By: bo, Until: until}); len(what) == 0 {
		t.Error("who stands in cannot mute what they were told")
	}
}

// What is given up is told, once.
func testGivenUp(t *testing.T, s Store, jobs func(t *testing.T) []string) {
	a := Notice("a", notify.DriftDetected, "web")
	put(t, s, a)
	d := delivery(a, hook)
	route(t, s, d)
	lost := Notice("lost", notify.NotifyFailed, "")
	next := agent.Job{ID: "next", Org: agenttest.Org, Notice: "x"}
	must(t, s.GiveUp(t.Context(), agenttest.Org, d.ID, "gone", []notify.Notice{lost}, next))
	lost.ID, next.ID = "lost again", "next again"
	must(t, s.GiveUp(t.Context(), agenttest.Org, d.ID, "gone", []notify.Notice{lost}, next))
	if got := jobs(t); !reflect.DeepEqual(got, []string{"next"}) {
		t.Errorf("jobs %v", got)
	}
	if got, _ := s.Unrouted(t.Context(), agenttest.Org, 10); len(got) != 1 || got[0].ID != "lost" {
		t.Errorf("told is %+v", got)
	}
	if len(due(t, s, Noon().Add(time.Hour), true)) != 0 {
		t.Error("it is sent all the same")
	}
}

// What ends something waits for its beginning, which is tried again; what is about
// something else does not.
func testOrder(t *testing.T, s Store, _ func(t *testing.T) []string) {
	begins, ends, other := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.DriftGone, "web"), Notice("c", notify.DriftDetected, "db")
	ends.Key, ends.Step = begins.Key, notify.Resolve
	put(t, s, begins, ends, other)
	route(t, s, delivery(begins, hook), delivery(ends, hook), delivery(other, hook), delivery(ends, room))
	want := func(at time.Time, ids ...string) {
		t.Helper()
		var got []string
		for _, b := range due(t, s, at, true) {
			got = append(got, b.ID)
		}
		if !slices.Equal(got, ids) {
			t.Errorf("due are %q, want %q", got, ids)
		}
	}
	want(Noon(), "a@service:hook", "c@service:hook")
	later := Noon().Add(time.Minute)
	must(t, s.Postpone(t.Context(), agenttest.Org, "a@service:hook", later, "down"))
	want(Noon(), "c@service:hook")
	must(t, s.Delivered(t.Context(), agenttest.Org, "c@service:hook"))
	want(later, "a@service:hook")
	must(t, s.GiveUp(t.Context(), agenttest.Org, "a@service:hook", "gone", nil))
	want(later, "b@service:hook")
}

// What has ended can be told anew; that somebody has taken it changes nothing.
func testEnds(t *testing.T, s Store, _ func(t *testing.T) []string) {
	begins, taken, ends := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.DriftDetected, "web"), Notice("c", notify.DriftGone, "web")
	ends.Key, ends.Step, taken.Step = begins.Key, notify.Resolve, notify.Acknowledge
	put(t, s, begins, taken, ends)
	route(t, s, delivery(begins, room), delivery(taken, room))
	if p := past(t, s, Noon(), room, begins.Key, ""); !p.Told.Equal(Noon()) {
		t.Errorf("past is %+v", p)
	}
	route(t, s, delivery(ends, room))
	if p := past(t, s, Noon(), room, begins.Key, ""); !p.Told.IsZero() {
		t.Errorf("past is %+v", p)
	}
	if got := due(t, s, Noon(), false); len(got) != 1 || got[0].ID != "a@"+room { // one after the other
		t.Errorf("due are %+v", got)
	}
}

// An end for everybody forgets what all targets were told of its key, and of no other.
func testEndsForAll(t *testing.T, s Store, _ func(t *testing.T) []string) {
	one, other := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.DriftDetected, "db")
	one.Key, other.Key = "drift/web", "more/drift/web" // it ends like the first
	ends := Notice("c", notify.DriftGone, "web")
	ends.Key = one.Key
	put(t, s, one, other, ends)
	route(t, s, delivery(one, room), delivery(one, hook), delivery(other, room))
	route(t, s, notify.Delivery{Org: ends.Org, Notice: ends.ID, Key: ends.Key, Step: notify.Resolve, Repeat: true})
	for _, target := range []string{room, hook} {
		if p := past(t, s, Noon(), target, one.Key, ""); !p.Told.IsZero() {
			t.Errorf("%s still knows %+v", target, p)
		}
	}
	if p := past(t, s, Noon(), room, other.Key, ""); !p.Told.Equal(Noon()) {
		t.Errorf("of another key it knows %+v", p)
	}
	if got := due(t, s, Noon().Add(time.Hour), false); len(got) != 2 {
		t.Errorf("the end is shown: %+v", got)
	}
}

// A lane is there as long as something may be due in it.
func testLanes(t *testing.T, s Store, _ func(t *testing.T) []string) {
	a, b, c := Notice("a", notify.DriftDetected, "web"), Notice("b", notify.DriftDetected, "db"), Notice("c", notify.DriftDetected, "app")
	put(t, s, a, b, c)
	gathered := delivery(b, "service:post")
	gathered.Alone, gathered.Due = false, Noon().Add(time.Minute)
	route(t, s, delivery(a, hook), gathered, delivery(c, room))
	for at, want := range map[time.Duration][]string{0: {"hook"}, time.Minute: {"hook", "post"}} {
		got, err := s.Lanes(t.Context(), agenttest.Org, Noon().Add(at))
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("lanes are %q, %v", got, err)
		}
	}
	must(t, s.Delivered(t.Context(), agenttest.Org, delivery(a, hook).ID))
	if got, _ := s.Lanes(t.Context(), agenttest.Org, Noon()); len(got) != 0 {
		t.Errorf("lanes are %q", got)
	}
	if got, _ := s.Lanes(t.Context(), agenttest.Rival, Noon().Add(time.Hour)); len(got) != 0 {
		t.Errorf("another Org's are %q", got)
	}
}
