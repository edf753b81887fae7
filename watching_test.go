package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"interlock/config"
	"interlock/scheduler"
)

// A schedule is late by its own due times: two of them have passed since the last one
// that was done. Nights, weekends and a process that has just begun are no alarm.
func TestWhenAScheduleIsLate(t *testing.T) {
	t.Parallel()
	const longest = longestTry + lateAfter
	at := func(text string) time.Time {
		when, err := time.Parse("Mon 2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct {
		cron, done, began, deadline string
		set                         func(r *scheduler.Record)
	}{
		{"0 8 * * 1-5", "Fri 2026-11-27 08:00", "Sun 2026-11-01 00:00", "Tue 2026-12-01 08:00", nil},
		{"0 8-18 * * *", "Mon 2026-11-30 18:00", "Sun 2026-11-01 00:00", "Tue 2026-12-01 09:00", nil},
		{"0 6,7 * * *", "Mon 2026-11-30 07:00", "Sun 2026-11-01 00:00", "Tue 2026-12-01 07:00", nil},
		{"0 * * * *", "Mon 2026-11-30 07:00", "Mon 2026-11-30 18:30", "Mon 2026-11-30 19:00", nil},                                                                // after an outage it has until the next one
		{"0 6 1 * *", "Sun 2026-11-01 06:00", "Mon 2026-11-30 18:30", "Fri 2027-01-01 06:00", nil},                                                                // which does not put it off for ever
		{"0 * * * *", "Sun 2026-11-01 06:00", "Sun 2026-11-01 00:00", "Mon 2026-11-30 14:00", func(r *scheduler.Record) { r.Since = at("Mon 2026-11-30 12:10") }}, // resumed
	} {
		cron, err := scheduler.ParseCron(c.cron)
		if err != nil {
			t.Fatal(err)
		}
		r := scheduler.Record{Done: at(c.done), Since: at("Sun 2026-11-01 00:00"), Why: "fine", Missed: at(c.done).Add(time.Hour), MissedWhy: "no answer"}
		if c.set != nil {
			c.set(&r)
		}
		sc := scheduler.Schedule{Name: "x", Stack: "web", Cron: cron, Zone: time.UTC, Offset: time.Minute, Longest: longestTry}
		p := pulse(sc, r, at(c.began))
		if want := at(c.deadline).Add(time.Minute + longest); !p.Deadline.Equal(want) || p.Paused || p.Stack != "web" || p.Why != "no answer" {
			t.Errorf("%s: %+v, want %s", c.cron, p, want)
		}
		if r.Paused = new(scheduler.Pause); !pulse(sc, r, at(c.began)).Paused {
			t.Errorf("%s: a pause holds nothing", c.cron)
		}
	}
}

// What did not run for the same reason is one line, what failed first.
func TestLateRunsAreGrouped(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC)
	var runs []scheduler.Run
	add := func(name string, s scheduler.State, why string, hours ...int) {
		for _, h := range hours {
			runs = append(runs, scheduler.Run{Schedule: name, State: s, Why: why, Due: base.Add(time.Duration(h) * time.Hour)})
		}
	}
	add("a", scheduler.Skipped, "paused by Alice: the audit", 1, 2, 3)
	add("b", scheduler.Skipped, "missed while nothing ran", 5, 4)
	add("b", scheduler.Failed, "no answer", 1)
	add("c", scheduler.Failed, "no answer", 2)
	var got []string
	for _, l := range grouped(runs) {
		got = append(got, fmt.Sprintf("%s %d %s %s", l.Name, l.N, l.Due.Format("15"), l.Why))
	}
	want := "c 1 08 no answer, b 1 07 no answer, b 2 11 missed while nothing ran, a 3 09 paused by Alice: the audit"
	if strings.Join(got, ", ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, ", "), want)
	}
}

// A digest tells of the time since the one before it was due, also when a person began it.
func TestWhatADigestTellsOf(t *testing.T) {
	t.Parallel()
	all, err := clock(t, estateOf(map[string]config.Schedule{
		"work":  {Kind: "digest", Channel: "console:lab", Cron: "0 8 * * 1-5", Timezone: "Europe/Berlin"},
		"daily": {Kind: "digest", Channel: "console:lab", Cron: "0 8 * * *", Timezone: "Europe/Berlin"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, due, past string }{
		{"work", "2026-11-30T07:00:00Z", "72h0m0s"},
		{"work", "2026-12-01T07:00:00Z", "24h0m0s"},
		{"work", "2026-11-30T14:10:00Z", "7h10m0s"},  // run now
		{"daily", "2026-03-29T06:00:00Z", "23h0m0s"}, // the clock went forward
		{"daily", "2026-10-25T07:00:00Z", "25h0m0s"}, // and back
		{"daily", "2026-03-29T06:30:00Z", "30m0s"},
	} {
		due, err := time.Parse(time.RFC3339, c.due)
		if err != nil {
			t.Fatal(err)
		}
		if d := all[c.name].Job(due).Digest; d.Past.String() != c.past || !d.At.Equal(due) || d.Name != c.name {
			t.Errorf("%s at %s: %+v, want %s", c.name, c.due, d, c.past)
		}
	}
}
