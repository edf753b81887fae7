// Package schedulertest holds the suite that every scheduler.Claims must pass, one in
// memory, and the simulation that schedulers are driven through. It must never know SQL.
package schedulertest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
	"interlock/scheduler"
)

// Claims is what the suite drives: claims, the queue that they fill, and the log.
type Claims interface {
	scheduler.Claims
	scheduler.Records
	agenttest.Queue
}

// TestClaims is what every scheduler.Claims must do. Open gives an empty one
// that knows agenttest.Org and agenttest.Rival.
func TestClaims(t *testing.T, open func(t *testing.T) Claims) {
	for name, test := range map[string]func(t *testing.T, c Claims){
		"a due time has one winner":          oneWinner,
		"what has passed is remembered":      passed,
		"another rule begins anew":           anew,
		"no run overlaps the one before":     noOverlap,
		"what is made up for waits in line":  follows,
		"a pause skips":                      paused,
		"a person's run passes no due time":  extra,
		"a run that went well is done":       wentWell,
		"a run that could not look failed":   couldNotLook,
		"a run that is tried again goes on":  triedAgain,
		"a command whose call fails failed":  callFailed,
		"what was skipped stands on record":  skipped,
		"what fails late is told late":       failedLate,
		"what is resumed counts from then":   resumed,
		"what nobody wants is forgotten":     forgotten,
		"who began it is told once":          told,
		"another Org's schedules are no one": apart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func at(hour int) time.Time { return time.Date(2026, 3, 29, hour, 30, 0, 0, time.UTC) }

// due is a claim of a schedule's scan.
func due(org, schedule string, hour int) scheduler.Claim {
	j := agenttest.Asked(org, schedule+"@"+at(hour).Format("15"), agenttest.Thread("~scan/"+schedule+at(hour).Format("15")))
	j.Actor = rbac.Actor{Org: org, Platform: scheduler.Platform, ID: schedule, Name: schedule}
	j.Text, j.Scan = "", &agent.Scan{Schedule: schedule, Stack: "web"}
	return scheduler.Claim{Schedule: schedule, Due: at(hour), Job: j}
}

// claims claims and says how many jobs must come of it.
func claims(t *testing.T, c Claims, org string, want int, all ...scheduler.Claim) {
	t.Helper()
	if n, err := c.Claim(t.Context(), org, all...); err != nil || n != want {
		t.Errorf("%s of %v: %d jobs, want %d (%v)", all[0].Schedule, all[0].Due, n, want, err)
	}
}

func record(t *testing.T, c Claims, schedule string) scheduler.Record {
	t.Helper()
	all, err := c.Records(t.Context(), agenttest.Org)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Schedule == schedule {
			return r
		}
	}
	t.Fatalf("no record of %s in %+v", schedule, all)
	return scheduler.Record{}
}

func oneWinner(t *testing.T, c Claims) {
	const replicas = 8
	var won atomic.Int32
	var all sync.WaitGroup
	for range replicas {
		all.Go(func() {
			n, err := c.Claim(t.Context(), agenttest.Org, due(agenttest.Org, "nightly", 1), due(agenttest.Org, "weekly", 1))
			if err != nil {
				t.Error(err)
			}
			won.Add(int32(n))
		})
	}
	all.Wait()
	if won.Load() != 2 {
		t.Errorf("%d jobs of 2 due times", won.Load())
	}
	claims(t, c, agenttest.Rival, 1, due(agenttest.Rival, "nightly", 1))
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "hourly", 1))
	jobs := make(chan agent.Claimed, 9)
	agenttest.Work(t, c, tell(jobs))
	seen := map[string]bool{}
	for range 4 {
		j := agenttest.Await(t, jobs)
		seen[j.Org+j.ID] = true
	}
	if len(seen) != 4 {
		t.Errorf("the queue has %v, want 4 jobs", seen)
	}
}

func begin(t *testing.T, c Claims, rule string, hour int) time.Time {
	t.Helper()
	all, err := c.Begin(t.Context(), agenttest.Org, at(hour), map[string]string{"nightly": rule})
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return all["nightly"]
}

func passed(t *testing.T, c Claims) {
	if got := begin(t, c, "daily", 1); !got.Equal(at(1)) {
		t.Errorf("a new schedule counts from %v", got)
	}
	if got := begin(t, c, "daily", 2); !got.Equal(at(1)) {
		t.Errorf("one that is known counts from %v", got)
	}
	late := due(agenttest.Org, "nightly", 3)
	late.Skip = "missed"
	claims(t, c, agenttest.Org, 0, late)
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 2))
	if got := begin(t, c, "daily", 4); !got.Equal(at(3)) {
		t.Errorf("passed up to %v", got)
	}
}

func anew(t *testing.T, c Claims) {
	begin(t, c, "daily", 1)
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 2))
	if got := begin(t, c, "hourly", 5); !got.Equal(at(5)) {
		t.Errorf("by another rule it counts from %v", got)
	}
	if r := record(t, c, "nightly"); !r.Since.Equal(at(5)) || !r.Fired.Equal(at(2)) {
		t.Errorf("on record is %+v", r)
	}
}

func noOverlap(t *testing.T, c Claims) {
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 1))
	claims(t, c, agenttest.Org, 0, due(agenttest.Org, "nightly", 2))
	if r := record(t, c, "nightly"); !r.Missed.Equal(at(2)) || r.MissedWhy != "the run of 29 March 01:30 UTC is still going on" || r.State != scheduler.Claimed {
		t.Errorf("on record is %+v", r)
	}
	jobs := make(chan agent.Claimed, 9)
	stop := agenttest.Work(t, c, tell(jobs))
	agenttest.Await(t, jobs)
	stop()
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 3))
}

func follows(t *testing.T, c Claims) {
	all := []scheduler.Claim{due(agenttest.Org, "nightly", 1), due(agenttest.Org, "nightly", 2), due(agenttest.Org, "nightly", 3)}
	for i := range all {
		all[i].Follows, all[i].Job.Thread = at(1), all[2].Job.Thread
	}
	claims(t, c, agenttest.Org, 3, all...)
	claims(t, c, agenttest.Org, 0, due(agenttest.Org, "nightly", 4))
	more := due(agenttest.Org, "nightly", 5)
	more.Follows = at(5)
	claims(t, c, agenttest.Org, 0, more)
}

func paused(t *testing.T, c Claims) {
	p := &scheduler.Pause{By: rbac.Actor{Org: agenttest.Org, ID: "alice", Name: "Alice"}, At: at(1), Why: "a migration"}
	told := agenttest.Asked(agenttest.Org, "told", agenttest.Thread("1"))
	for range 2 {
		if err := c.Pause(t.Context(), agenttest.Org, []string{"nightly", "weekly"}, p, told); err != nil {
			t.Fatal(err)
		}
	}
	claims(t, c, agenttest.Org, 0, due(agenttest.Org, "nightly", 2), due(agenttest.Org, "weekly", 2))
	r := record(t, c, "nightly")
	if r.MissedWhy != "paused by Alice: a migration" || r.Paused == nil || r.Paused.By != p.By || !r.Paused.At.Equal(p.At) {
		t.Errorf("on record is %+v", r)
	}
	now := due(agenttest.Org, "weekly", 1)
	now.Extra = true
	claims(t, c, agenttest.Org, 1, now)
	if err := c.Pause(t.Context(), agenttest.Org, []string{"nightly"}, nil); err != nil {
		t.Fatal(err)
	}
	if r := record(t, c, "nightly"); r.Paused != nil {
		t.Errorf("on record is %+v", r)
	}
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 3))
	jobs := make(chan agent.Claimed, 9)
	agenttest.Work(t, c, tell(jobs))
	seen := map[string]int{}
	for range 3 {
		seen[agenttest.Await(t, jobs).ID]++
	}
	if seen["told"] != 1 {
		t.Errorf("%v ran", seen)
	}
}

func extra(t *testing.T, c Claims) {
	begin(t, c, "daily", 1)
	now := due(agenttest.Org, "nightly", 3)
	now.Extra = true
	claims(t, c, agenttest.Org, 1, now)
	again := now
	again.Due = at(4)
	claims(t, c, agenttest.Org, 0, again) // the same job
	again.Job.ID = "another"
	claims(t, c, agenttest.Org, 0, again) // it would overlap
	if got := begin(t, c, "daily", 4); !got.Equal(at(1)) {
		t.Errorf("passed up to %v", got)
	}
	if r := record(t, c, "nightly"); !r.Fired.Equal(at(3)) || !r.Missed.IsZero() {
		t.Errorf("on record is %+v", r)
	}
}

func skipped(t *testing.T, c Claims) {
	before := time.Now().Add(-time.Second)
	for _, hour := range []int{1, 2} {
		one := due(agenttest.Org, "nightly", hour)
		one.Skip = "missed while nothing ran"
		claims(t, c, agenttest.Org, 0, one, one)
	}
	got, err := c.NotRun(t.Context(), agenttest.Org, before)
	if err != nil || len(got) != 2 || got[0].Ended.Before(before) || !got[1].Due.Equal(at(2)) {
		t.Fatalf("%+v, %v", got, err)
	}
	want := scheduler.Run{Schedule: "nightly", Due: at(1), State: scheduler.Skipped, Why: "missed while nothing ran", Ended: got[0].Ended}
	if got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
	if got, err := c.NotRun(t.Context(), agenttest.Org, time.Now().Add(time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("of later %+v, %v", got, err)
	}
	if r := record(t, c, "nightly"); !r.Missed.Equal(at(2)) || !r.Fired.IsZero() {
		t.Errorf("on record is %+v", r)
	}
}

// resumed: a schedule that stood still for weeks is not late for them.
func resumed(t *testing.T, c Claims) {
	begin(t, c, "daily", 1)
	before := time.Now().Add(-time.Second)
	for _, p := range []*scheduler.Pause{{At: at(1)}, nil} {
		if err := c.Pause(t.Context(), agenttest.Org, []string{"nightly"}, p); err != nil {
			t.Fatal(err)
		}
	}
	if r := record(t, c, "nightly"); r.Since.Before(before) {
		t.Errorf("on record is %+v", r)
	}
	if got := begin(t, c, "daily", 4); !got.Equal(at(1)) {
		t.Errorf("passed up to %v", got)
	}
}

// forgotten: what is in no configuration any more is on record for 90 days.
func forgotten(t *testing.T, c Claims) {
	begin(t, c, "daily", 1)
	claims(t, c, agenttest.Org, 0, scheduler.Claim{Schedule: "nightly", Due: at(2), Skip: "missed"})
	for _, when := range []struct{ days, known int }{{89, 2}, {91, 1}} {
		if _, err := c.Begin(t.Context(), agenttest.Org, at(2).AddDate(0, 0, when.days), map[string]string{"other": "daily"}); err != nil {
			t.Fatal(err)
		}
		if all, err := c.Records(t.Context(), agenttest.Org); err != nil || len(all) != when.known {
			t.Errorf("after %d days %+v, %v", when.days, all, err)
		}
	}
}

// told: what tells of a run is enqueued with it, once however many runs it tells of.
func told(t *testing.T, c Claims) {
	one, two := due(agenttest.Org, "nightly", 1), due(agenttest.Org, "weekly", 1)
	one.Extra, two.Extra = true, true
	one.Told = []agent.Job{agenttest.Asked(agenttest.Org, "told", agenttest.Thread("1"))}
	two.Told = one.Told
	claims(t, c, agenttest.Org, 2, one, two)
	again := one
	again.Job.ID, again.Due = "another", at(2)
	again.Told = []agent.Job{agenttest.Asked(agenttest.Org, "told again", agenttest.Thread("1"))}
	claims(t, c, agenttest.Org, 0, again)
	jobs := make(chan agent.Claimed, 9)
	agenttest.Work(t, c, tell(jobs))
	seen := map[string]int{}
	for range 3 {
		seen[agenttest.Await(t, jobs).ID]++
	}
	if seen["told"] != 1 || len(seen) != 3 || len(jobs) > 0 {
		t.Errorf("%v ran", seen)
	}
}

func apart(t *testing.T, c Claims) {
	claims(t, c, agenttest.Rival, 1, due(agenttest.Rival, "nightly", 1))
	if err := c.Pause(t.Context(), agenttest.Rival, []string{"nightly"}, &scheduler.Pause{At: at(0)}); err != nil {
		t.Fatal(err)
	}
	claims(t, c, agenttest.Org, 1, due(agenttest.Org, "nightly", 1))
	if r := record(t, c, "nightly"); r.Paused != nil {
		t.Errorf("on record is %+v", r)
	}
	if all, err := c.Records(t.Context(), agenttest.Org); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}
