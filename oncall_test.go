package main

import (
	"testing"
	"time"

	"interlock/adapters/notify/pagerduty"
	"interlock/agent"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
)

// Whoever has the lowest level that holds is on call, in whatever order the turns came;
// their deputy is somebody else, of the level nearest to theirs.
func TestOnDuty(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	turn := func(name string, level int, begins, ends time.Duration) pagerduty.Turn {
		return pagerduty.Turn{Name: name, Level: level, From: now.Add(begins), Until: now.Add(ends)}
	}
	ana, next := turn("ana", 1, -time.Hour, time.Hour), turn("cy", 1, time.Hour, 2*time.Hour)
	for name, c := range map[string]struct {
		turns []pagerduty.Turn
		want  bot.Duty
	}{
		"nobody":                {nil, bot.Duty{}},
		"one alone":             {[]pagerduty.Turn{ana}, bot.Duty{Person: "ana", Until: ana.Until}},
		"who follows stands in": {[]pagerduty.Turn{ana, next}, bot.Duty{Person: "ana", Until: ana.Until, Next: "cy", Deputy: "cy"}},
		"the higher level came first": {
			[]pagerduty.Turn{turn("dan", 3, -3*time.Hour, time.Hour), turn("bo", 2, -2*time.Hour, time.Hour), ana, next},
			bot.Duty{Person: "ana", Until: ana.Until, Next: "cy", Deputy: "bo"},
		},
		"the same person at two levels": {
			[]pagerduty.Turn{turn("ana", 2, -2*time.Hour, time.Hour), turn("dan", 3, -2*time.Hour, time.Hour), ana},
			bot.Duty{Person: "ana", Until: ana.Until, Deputy: "dan"},
		},
		"only a higher level": {[]pagerduty.Turn{turn("bo", 2, -time.Hour, time.Hour), next}, bot.Duty{Person: "bo", Until: ana.Until, Next: "cy", Deputy: "cy"}},
	} {
		if got := onDuty(c.turns, now, func(t pagerduty.Turn) string { return t.Name }); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A notice has its chain called, with where it may be read and what it waits for; an end
// has it called off.
func TestRaiseOfANotice(t *testing.T) {
	t.Parallel()
	a := &app{cfg: config.Config{Orgs: map[string]config.Org{"acme": {Chains: map[string]config.Chain{"ops": {}}}}}}
	n := notify.Notice{ID: "n", Org: "acme", Key: "hold/H", Hold: "H", Title: "It waits", Thread: agent.Thread{Platform: "slack", Channel: "C1", ID: "7"}}
	j, ok := a.raise(n, "ops", "j")
	if r := j.Raise; !ok || r.Over != "" || r.Hold != "H" || r.Room != "slack:C1" || j.Thread != agent.AlertThread("hold/H") {
		t.Errorf("%+v, %v", j, ok)
	}
	n.Step = notify.Resolve
	if j, ok := a.raise(n, "ops", "j"); !ok || j.Raise.Over != "It waits" {
		t.Errorf("%+v, %v", j.Raise, ok)
	}
	if _, ok := a.raise(n, "nosuch", "j"); ok {
		t.Error("a chain that is not there is called")
	}
}
