package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"interlock/bot/notify"
)

// patient is an Org whose signs a test sets.
type patient struct {
	pulses        []notify.Pulse
	oldest        time.Duration
	ended, failed int
	days          []int
	told          map[string]notify.Notice
	writes        int
}

func (p *patient) Ended(context.Context, string, time.Time) (int, int, error) {
	return p.ended, p.failed, nil
}

func (p *patient) Tokens(context.Context, string, int, time.Time) ([]int, error) { return p.days, nil }

// Tell keeps a notice once, as a store does.
func (p *patient) Tell(_ context.Context, n notify.Notice) error {
	p.writes++
	if _, ok := p.told[n.ID]; !ok {
		p.told[n.ID] = n
	}
	return nil
}

// Each trouble is told once to the administrators, and none while all is well.
func TestWatchTellsOnce(t *testing.T) {
	t.Parallel()
	now := dawn
	p := &patient{told: map[string]notify.Notice{}}
	w := &notify.Watch{
		Orgs: []string{"acme"}, Signs: p, Tell: p.Tell, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Pulses: func(context.Context, string) ([]notify.Pulse, error) { return p.pulses, nil },
		Oldest: func(context.Context, string) (time.Duration, error) { return p.oldest, nil },
		To:     func(context.Context, string) []string { return []string{"person:dana"} },
	}
	for _, c := range []struct {
		name string
		set  func()
		want int // told so far
	}{
		{"well", func() {
			p.pulses = []notify.Pulse{{Name: "hourly", Deadline: now.Add(time.Minute)}, {Name: "held", Deadline: ago(99), Paused: true}, {Name: "never"}}
			p.oldest, p.ended, p.failed, p.days = 14*time.Minute, 100, 29, []int{0, 50_000, 100_000, 199_999}
		}, 0},
		{"a few failed", func() { p.ended, p.failed = 4, 4 }, 0},
		{"a schedule is late", func() { p.pulses[0].Deadline = ago(1) }, 1},
		{"and stays so", func() { now = now.Add(61 * time.Minute) }, 1},
		{"it completed, and is late again", func() { p.pulses[0].Done, p.pulses[0].Deadline = now.Add(-time.Hour), now.Add(-time.Minute) }, 2},
		{"work waits", func() { p.oldest = 16 * time.Minute }, 3},
		{"work still waits", func() { p.oldest, now = 3*time.Hour, now.Add(time.Minute) }, 3},
		{"many fail", func() { p.ended, p.failed = 10, 3 }, 4},
		{"many tokens", func() { p.days = []int{0, 100_000, 100_000, 300_000} }, 5},
		{"the next day", func() { now = now.AddDate(0, 0, 1) }, 8},
	} {
		c.set()
		if err := w.Check(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
		if len(p.told) != c.want {
			t.Errorf("%s: told %v, want %d", c.name, p.told, c.want)
		}
		if p.writes != c.want {
			t.Errorf("%s: written %d times, want %d", c.name, p.writes, c.want)
		}
	}
	for id, n := range p.told {
		if n.Org != "acme" || n.Severity == "" || len(n.To) != 1 || n.Title == "" || !strings.HasPrefix(id, n.Type) {
			t.Errorf("%s is %+v", id, n)
		}
	}
}

// All schedules that are late are told in one notice, and again only when another one is.
func TestLateSchedulesAreToldTogether(t *testing.T) {
	t.Parallel()
	var told []notify.Notice
	var pulses []notify.Pulse
	now := dawn
	fails := errors.New("the disk is full")
	w := &notify.Watch{
		Signs: &patient{}, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), To: func(context.Context, string) []string { return nil },
		Tell: func(_ context.Context, n notify.Notice) error {
			if fails == nil {
				told = append(told, n)
			}
			return fails
		},
		Pulses: func(context.Context, string) ([]notify.Pulse, error) { return pulses, nil },
		Oldest: func(context.Context, string) (time.Duration, error) { return 0, nil },
	}
	late := func(name, stack string, hours int) {
		pulses = append(pulses, notify.Pulse{Name: name, Stack: stack, Environment: "prod", Deadline: ago(hours), Why: "no answer from 10.9.8.7"})
	}
	check := func(want int) notify.Notice {
		t.Helper()
		if err := w.Check(t.Context(), "acme"); !errors.Is(err, fails) {
			t.Fatal(err)
		}
		if len(told) != want {
			t.Fatalf("told %d times, want %d: %+v", len(told), want, told)
		}
		if want == 0 {
			return notify.Notice{}
		}
		return told[want-1]
	}
	late("drift/pay-prod", "pay-prod", 9)
	check(0) // it could not be told
	fails = nil
	if n := check(1); n.Stack != "pay-prod" || n.Environment != "prod" || n.Title != "Schedule drift/pay-prod does not complete" || strings.Contains(n.Body, "10.9.8.7") {
		t.Errorf("of one stack %+v", n)
	}
	check(1)
	for i, name := range []string{"a", "b", "c", "d", "e", "f", "drift/web"} {
		late(name, map[string]string{"drift/web": "web"}[name], 8-i)
	}
	check(1) // others follow within the hour
	now = now.Add(time.Hour)
	n := check(2)
	if n.Title != "8 schedules do not complete" || n.Stack != "" || !strings.HasPrefix(n.Body, "drift, a, b, c, d and 2 more: ") || strings.Contains(n.Body, "web") || strings.Contains(n.Body, "pay") {
		t.Errorf("of many %+v", n)
	}
	pulses = pulses[1:]
	check(2) // fewer are no news
	now = now.Add(time.Hour)
	pulses[0].Deadline = ago(1)
	check(2) // another deadline, and nothing has completed
	pulses[0].Done = ago(5)
	if again := check(3); again.ID == n.ID {
		t.Errorf("the same notice twice: %+v", again)
	}
}
