package main

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
	"interlock/scheduler"
	"interlock/scheduler/schedulertest"
)

// clock are the schedules of an Org, by name, on a toolset with the scanners or without.
func clock(t *testing.T, o config.Org, tools ...string) (map[string]scheduler.Schedule, error) {
	t.Helper()
	var all []agent.Tool
	for _, name := range append(tools, "drift_scan") {
		all = append(all, &tool{name: name, effect: rbac.Read})
	}
	set, err := agent.NewToolset(all...)
	if err != nil {
		t.Fatal(err)
	}
	profile := func(_, room string) string { return "of " + room }
	s, err := newScheduler(config.Config{Orgs: map[string]config.Org{org: o}}, schedulertest.NewMemory(), set, profile, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	by := map[string]scheduler.Schedule{}
	for _, sc := range s.Schedules {
		by[sc.Name] = sc
	}
	if len(by) != len(s.Schedules) {
		t.Errorf("two schedules have one name: %d of %d", len(by), len(s.Schedules))
	}
	return by, nil
}

func estateOf(schedules map[string]config.Schedule) config.Org {
	room := func(watch string) config.Stack {
		return config.Stack{Environment: "lab", Channel: "console:lab", Channels: []string{"slack:C1"}, Watch: watch}
	}
	return config.Org{
		Stacks:    map[string]config.Stack{"pay-eu": room(""), "pay-us": room("daily"), "web": room("daily"), "old": room("unmonitored"), "pay-old": room("unmonitored")},
		Schedules: schedules,
	}
}

func TestOneScheduleForEachStack(t *testing.T) {
	t.Parallel()
	all, err := clock(t, estateOf(map[string]config.Schedule{
		"one":   {Kind: "drift", Stack: "web", Cron: "0 7 * * 7", Timezone: "Europe/Berlin", Missed: "skip", Tries: 3, Wait: time.Minute},
		"some":  {Kind: "drift", Stacks: []string{"pay-*", "web"}, Every: "hourly", Missed: "all"},
		"apart": {Kind: "drift", Stacks: []string{"pay-*"}, Every: "daily", Jitter: time.Hour},
		"never": {Kind: "drift", Stacks: []string{"*"}, Every: "unmonitored"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := "apart/pay-eu apart/pay-us one some/pay-eu some/pay-us some/web watch/pay-us watch/web"
	if got := strings.Join(slices.Sorted(maps.Keys(all)), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	due := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
	one := all["one"].Job(due)
	if one.Thread != (agent.Thread{Platform: "console", Channel: "lab", ID: "~scan/web/2026-11-30"}) || one.Scan.Schedule != "one" || one.Scan.Tries != 3 || one.Scan.Wait != time.Minute {
		t.Errorf("%+v, %+v", one, one.Scan)
	}
	if all["one"].Missed != scheduler.Skip || all["some/web"].Missed != scheduler.All || all["some/web"].CatchUp != 10 || all["watch/web"].Missed != scheduler.Once {
		t.Errorf("%+v", all)
	}
	if all["some/pay-eu"].Offset != 0 || all["some/web"].Offset != 2*scheduler.Spacing || all["watch/web"].Offset != scheduler.Spacing {
		t.Errorf("%s %s", all["some/web"].Offset, all["watch/web"].Offset)
	}
	if a, b := all["apart/pay-eu"].Offset, all["apart/pay-us"].Offset; a == b || a >= time.Hour || b >= time.Hour {
		t.Errorf("%s %s", a, b)
	}
	if rooms := all["one"].Rooms; len(rooms) != 2 || all["watch/web"].Expr != "0 6 * * *" {
		t.Errorf("%v", rooms)
	}
}

func TestWhatSchedulesSay(t *testing.T) {
	t.Parallel()
	o := estateOf(map[string]config.Schedule{
		"rules":   {Kind: "compliance", Stack: "web", Scanner: "trivy", Every: "daily"},
		"ask":     {Kind: "prompt", Channel: "console:lab", Text: "look around", Every: "daily"},
		"other":   {Kind: "prompt", Channel: "console:lab", Text: "look around", Profile: "reader", Every: "daily"},
		"plan":    {Kind: "command", Channel: "console:lab", Text: "plan web", Every: "daily"},
		"report":  {Kind: "command", Channel: "console:lab", Text: "digest", Every: "weekly"},
		"morning": {Kind: "digest", Channel: "console:lab", Every: "daily"},
	})
	if _, err := clock(t, o); err == nil || !strings.Contains(err.Error(), "schedule rules of acme: kind compliance needs the tool compliance_scan, which this version does not have") {
		t.Errorf("%v", err)
	}
	all, err := clock(t, o, "compliance_scan")
	if err != nil {
		t.Fatal(err)
	}
	due := time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC)
	if j := all["rules"].Job(due); string(j.Scan.Call.Args) != `{"scanner":"trivy","stack":"web"}` || j.Scan.Scanner != "trivy" || j.Actor.Tenant != "" {
		t.Errorf("%+v", j.Scan)
	}
	if j := all["ask"].Job(due); j.Text != "look around" || j.Profile != "of console:lab" || j.Actor.Tenant != "prompt" || j.Thread.ID != "~prompt/ask/2026-11-30" {
		t.Errorf("%+v", j)
	}
	if j := all["other"].Job(due); j.Profile != "reader" {
		t.Errorf("%+v", j)
	}
	if j := all["plan"].Job(due); len(j.Calls) != 1 || j.Calls[0].Tool != "tofu_plan" || j.Actor.Tenant != "command" {
		t.Errorf("%+v", j)
	}
	for name, past := range map[string]time.Duration{"morning": 24 * time.Hour, "report": 7 * 24 * time.Hour} {
		if j := all[name].Job(due); j.Digest == nil || j.Digest.Past != past || !j.Digest.At.Equal(due) || j.Text != "" {
			t.Errorf("%s: %+v", name, j)
		}
	}
	o.Schedules["stop"] = config.Schedule{Kind: "command", Channel: "console:lab", Text: "stop", Every: "daily"}
	if _, err := clock(t, o, "compliance_scan"); err == nil || !strings.Contains(err.Error(), `"stop" cannot be on a schedule`) {
		t.Errorf("%v", err)
	}
}

// A scan that a person begins knows where they asked; the schedule's own does not.
func TestAScanKnowsWhoAsked(t *testing.T) {
	t.Parallel()
	own := &agent.Scan{Stack: "web"}
	from := agent.Thread{Platform: "console", Channel: "lab", ID: "1"}
	scan := answering(func(time.Time) agent.Job { return agent.Job{Scan: own} }, from)(time.Now())
	if scan.Scan.From != from || scan.Scan.Stack != "web" || own.From != (agent.Thread{}) {
		t.Errorf("%+v, and the schedule's own %+v", scan.Scan, own)
	}
	if j := answering(func(time.Time) agent.Job { return agent.Job{Text: "look"} }, from)(time.Now()); j.Scan != nil || j.Text != "look" {
		t.Errorf("%+v", j)
	}
}

// What a person begins does not meet what comes due: both ask for jobs at the same time.
func TestRunNowBesideADueTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC)
	all, err := clock(t, estateOf(map[string]config.Schedule{
		"ask": {Kind: "prompt", Channel: "console:lab", Text: "look around", Cron: "* * * * *"}, "web": {Kind: "drift", Stack: "web", Cron: "* * * * *"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	s := &scheduler.Scheduler{Claims: schedulertest.NewMemory(), Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return now }}
	s.Schedules = slices.Collect(maps.Values(all))
	if _, err := s.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	from := now
	var people sync.WaitGroup
	for _, sc := range s.Schedules {
		people.Go(func() {
			for n := range 50 {
				if _, err := s.Fire(t.Context(), sc, from.Add(time.Duration(n)*24*time.Hour)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		now = now.Add(time.Minute)
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	people.Wait()
}

// A schedule that says words is carried through a run by its own narrow rights: it reads
// with the tools of its profile, and never more.
func TestAPromptOnlyReads(t *testing.T) {
	t.Parallel()
	snap, err := rbac.NewSnapshot(org, rbac.OrgRules{
		People:       map[string]rbac.Person{"ann": {Name: "Ann", Roles: []string{"admin"}}},
		Environments: map[string]rbac.Tier{"prod": rbac.Gated}, Channels: map[string]rbac.Channel{"chat:C": {Tier: rbac.Gated}},
		Stacks:   map[string]rbac.Stack{"web": {Environment: "prod", Rooms: []string{"chat:C"}}},
		Profiles: map[string]rbac.Profile{"default": {Tier: rbac.Gated, Tools: rbac.ToolList{Allow: []string{"look", "apply", "push"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"look": "look done", "fetch": "profile default does not allow tool fetch", "apply": "schedule ask is at tier observe", "push": "schedule ask is at tier observe"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{name})
			w.runner.Gate = &rbac.Enforcer{Source: snap}
			j := agent.Job{
				ID: "ask@1", Org: org, Trace: "ask@1", Thread: thread, Tier: rbac.Observe, Profile: "default", Text: "look around",
				Actor: rbac.Actor{Org: org, Platform: scheduler.Platform, Tenant: "prompt", ID: "ask", Name: "ask"},
			}
			if err := w.runner.Run(t.Context(), w.Claim(j)); err != nil {
				t.Fatal(err)
			}
			s, err := w.Open(t.Context(), org, thread)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(s.Events)
			if err != nil || !strings.Contains(string(b), want) {
				t.Errorf("%q is not in %s", want, b)
			}
			if name != "look" && w.tools[name].ran > 0 {
				t.Errorf("%s ran", name)
			}
		})
	}
}
