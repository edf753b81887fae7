package scheduler_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
	"interlock/scheduler"
	"interlock/scheduler/schedulertest"
)

// shop is a scheduler over a ledger; jobs end at once unless it is told otherwise.
type shop struct {
	*testing.T
	*schedulertest.Ledger
	jobs []agent.Job
	now  time.Time
	down error
}

func newShop(t *testing.T, now string) *shop {
	t.Helper()
	s := &shop{T: t, now: at(t, now)}
	s.Ledger = &schedulertest.Ledger{Queue: func(_ context.Context, j agent.Job) error {
		s.jobs = append(s.jobs, j)
		return nil
	}}
	return s
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func (s *shop) Claim(ctx context.Context, org string, all ...scheduler.Claim) (int, error) {
	if s.down != nil {
		return 0, s.down
	}
	return s.Ledger.Claim(ctx, org, all...)
}

func (s *shop) open(all ...scheduler.Schedule) *scheduler.Scheduler {
	return &scheduler.Scheduler{Claims: s, Schedules: all, Clock: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler)}
}

// tick looks at a time of day, and says how long it wants to sleep.
func (s *shop) tick(sch *scheduler.Scheduler, day string) time.Duration {
	s.Helper()
	s.now = at(s.T, day)
	wait, err := sch.Tick(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return wait
}

// fired are the jobs since it was asked last, by id, whose runs end now.
func (s *shop) fired() string {
	var all []string
	for _, j := range s.jobs {
		name, unix, _ := strings.Cut(j.ID, "@")
		d, err := time.ParseDuration(unix + "s")
		if err != nil {
			s.Fatal(err)
		}
		all = append(all, name+" "+time.Unix(0, 0).Add(d).UTC().Format("02 15:04"))
		s.End(j.Org, j.ID, scheduler.Done, "")
	}
	s.jobs = nil
	return strings.Join(all, ", ")
}

// held are the due times that were skipped.
func (s *shop) held() string {
	runs, err := s.NotRun(s.Context(), agenttest.Org, time.Time{})
	if err != nil {
		s.Fatal(err)
	}
	var all []string
	for _, r := range runs {
		all = append(all, r.Due.Format("02 15:04")+" "+r.Why)
	}
	return strings.Join(all, ", ")
}

func hourly(t *testing.T) scheduler.Schedule {
	t.Helper()
	c, err := scheduler.ParseCron("0 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	return scheduler.Schedule{
		Org: agenttest.Org, Name: "hourly", Cron: c, Expr: "0 * * * *", Zone: time.UTC,
		Job: func(due time.Time) agent.Job {
			return agent.Job{Thread: agenttest.Thread("~scan/web/" + due.Format("15")), Tier: rbac.Gated, Scan: &agent.Scan{Stack: "web"}}
		},
	}
}

func TestWhatWasMissed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		missed      scheduler.Missed
		catchUp     int
		back        string
		fired, held string
		oneThread   bool
	}{
		{"once", scheduler.Once, 0, "2026-03-20 15:20", "hourly 20 15:00", "20 13:00 missed while nothing ran, 20 14:00 missed while nothing ran", false},
		{"none", scheduler.Skip, 0, "2026-03-20 14:20", "", "20 13:00 missed while nothing ran, 20 14:00 missed while nothing ran", false},
		{"none, but one is on time", scheduler.Skip, 0, "2026-03-20 14:01", "hourly 20 14:00", "20 13:00 missed while nothing ran", false},
		{"two of three", scheduler.All, 2, "2026-03-20 15:20", "hourly 20 14:00, hourly 20 15:00", "20 13:00 missed while nothing ran", true},
		{"all", scheduler.All, 100, "2026-03-20 14:20", "hourly 20 13:00, hourly 20 14:00", "", true},
		{"nothing was due", scheduler.All, 100, "2026-03-20 12:59", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "2026-03-20 11:30")
			sc := hourly(t)
			sc.Missed, sc.CatchUp = c.missed, c.catchUp
			before := s.open(sc)
			s.tick(before, "2026-03-20 11:30")
			s.tick(before, "2026-03-20 12:00")
			if got := s.fired(); got != "hourly 20 12:00" {
				t.Fatalf("fired %s", got)
			}
			after := s.open(sc) // the process was away
			s.tick(after, c.back)
			if c.oneThread && s.jobs[0].Thread != s.jobs[1].Thread {
				t.Error("what is made up for could run at the same time")
			}
			if got := s.fired(); got != c.fired {
				t.Errorf("fired %q", got)
			}
			if got := s.held(); got != c.held {
				t.Errorf("held %q", got)
			}
		})
	}
}

// A replica that saw a clock that was wrong, and is right again, fires nothing twice and
// loses nothing.
func TestAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2026-03-20 11:30")
	sch := s.open(hourly(t))
	s.tick(sch, "2026-03-20 11:30")
	s.tick(sch, "2026-03-20 14:10")
	if got := s.fired(); got != "hourly 20 14:00" {
		t.Errorf("fired %q", got)
	}
	for _, day := range []string{"2026-03-20 12:00", "2026-03-20 13:00", "2026-03-20 13:10", "2026-03-20 14:00"} {
		s.tick(sch, day)
	}
	if got := s.fired(); got != "" {
		t.Errorf("fired %q again", got)
	}
	s.tick(sch, "2026-03-20 15:00")
	if got := s.fired(); got != "hourly 20 15:00" {
		t.Errorf("fired %q", got)
	}
}

// A clock that was years ahead for a moment does not silence a schedule for years, in the
// process that saw it or in one that starts later.
func TestAClockThatWasYearsAhead(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2026-03-20 11:30")
	sch := s.open(hourly(t))
	s.tick(sch, "2026-03-20 11:30")
	s.tick(sch, "2036-03-20 11:30")
	s.fired()
	s.tick(sch, "2026-03-20 11:31")
	s.tick(sch, "2026-03-20 12:00")
	if got := s.fired(); got != "hourly 20 12:00" {
		t.Errorf("fired %q", got)
	}
	other := s.open(hourly(t))
	s.tick(other, "2026-03-20 12:01")
	s.tick(other, "2026-03-20 13:00")
	if got := s.fired(); got != "hourly 20 13:00" {
		t.Errorf("fired %q by another process", got)
	}
}

func TestASleepIsShort(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2026-03-20 11:30")
	sch := s.open(hourly(t))
	if wait := s.tick(sch, "2026-03-20 11:30"); wait != 30*time.Second {
		t.Errorf("it sleeps %s", wait)
	}
	s.now = at(t, "2026-03-20 11:59").Add(50 * time.Second)
	if wait, err := sch.Tick(t.Context()); err != nil || wait != 10*time.Second {
		t.Errorf("it sleeps %s (%v)", wait, err)
	}
}

// What could not be claimed stays due, however late.
func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2026-03-20 11:30")
	sch := s.open(hourly(t))
	s.tick(sch, "2026-03-20 11:30")
	s.now, s.down = at(t, "2026-03-20 12:00"), errors.New("the disk is full")
	if wait, err := sch.Tick(t.Context()); !errors.Is(err, s.down) || wait != time.Second {
		t.Errorf("it sleeps %s: %v", wait, err)
	}
	s.down = nil
	s.tick(sch, "2026-03-20 12:00")
	if got := s.fired(); got != "hourly 20 12:00" {
		t.Errorf("fired %q", got)
	}
}

func TestTheEnvelopeIsTheSchedulers(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2026-03-20 11:30")
	sc := hourly(t)
	sc.Offset = 7 * time.Minute
	sch := s.open(sc)
	s.tick(sch, "2026-03-20 11:30")
	s.tick(sch, "2026-03-20 12:00")
	j := s.jobs[0]
	if j.Tier != rbac.Observe || j.Actor.Platform != scheduler.Platform || j.Actor.ID != "hourly" || j.Org != agenttest.Org || !j.After.Equal(s.now.Add(7*time.Minute)) {
		t.Errorf("the job is %+v", j)
	}
	s.fired()
	s.tick(sch, "2026-03-20 14:30") // what was missed is spread from now on
	if j := s.jobs[0]; !j.After.Equal(s.now.Add(7 * time.Minute)) {
		t.Errorf("the job is %+v", j)
	}
}

func TestFireIsBesideDueTimes(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2026-03-20 11:30")
	sc := hourly(t)
	sch := s.open(sc)
	s.tick(sch, "2026-03-20 11:30")
	for _, want := range []bool{true, false} { // the first one has not ended
		if fired, err := sch.Fire(t.Context(), sc, s.now.Add(time.Minute)); err != nil || fired != want {
			t.Errorf("fired: %v, %v", fired, err)
		}
		s.now = s.now.Add(time.Minute)
	}
	s.fired()
	s.tick(sch, "2026-03-20 12:00")
	if got := s.fired(); got != "hourly 20 12:00" {
		t.Errorf("fired %q", got)
	}
}

func TestRunByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, "2000-01-01 00:00")
		sch := s.open(hourly(t))
		sch.Clock = nil
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Hour+time.Second)
		defer stop()
		if err := sch.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(s.jobs) != 1 || s.held() == "" {
			t.Errorf("%d jobs, held %q", len(s.jobs), s.held()) // the first one never ends
		}
	})
}

func TestSpread(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	const n = 1000
	for i := range n {
		name := strings.Repeat("x", i)
		d := scheduler.Spread("acme", name, time.Hour)
		if d < 0 || d >= time.Hour || d != scheduler.Spread("acme", name, time.Hour) {
			t.Fatalf("%s", d)
		}
		sum += d
	}
	if mean := sum / n; mean < 25*time.Minute || mean > 35*time.Minute {
		t.Errorf("the middle of an hour is at %s", mean)
	}
	if d := scheduler.Spread("acme", "x", 0); d != 0 {
		t.Errorf("without jitter: %s", d)
	}
}

// What is told to be next is the start of the job, also while its due time has passed.
func TestNextIsTheStart(t *testing.T) {
	t.Parallel()
	c, err := scheduler.ParseCron("0 2 * * *")
	if err != nil {
		t.Fatal(err)
	}
	sc := scheduler.Schedule{Cron: c, Zone: time.UTC, Offset: 6 * time.Hour}
	day := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	for at, want := range map[time.Duration]time.Duration{0: 8 * time.Hour, 2 * time.Hour: 8 * time.Hour, 7 * time.Hour: 8 * time.Hour, 8 * time.Hour: 32 * time.Hour, 20 * time.Hour: 32 * time.Hour} {
		if got := sc.Next(day.Add(at)); !got.Equal(day.Add(want)) {
			t.Errorf("at %s the next start is %s, want %s", at, got, day.Add(want))
		}
	}
}
