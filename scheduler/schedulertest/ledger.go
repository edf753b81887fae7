package schedulertest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"interlock/agent"
	"interlock/scheduler"
)

var (
	_ scheduler.Claims  = (*Ledger)(nil)
	_ scheduler.Records = (*Ledger)(nil)
)

// Row is one due time on record.
type Row struct {
	Org, Schedule string
	Due           time.Time
	Job           string // empty when it was skipped
	State         scheduler.State
	Why           string
	Ended         time.Time
}

type name struct{ org, schedule string }

// schedule is what is known of one.
type schedule struct {
	rule                 string
	since, passed, fired time.Time
	rows, open           map[int64]*Row // open are those that have not ended
	pause                *scheduler.Pause
}

// Ledger keeps claims in memory. Queue takes their jobs; it must be set. It is safe for
// concurrent use.
type Ledger struct {
	Queue func(ctx context.Context, j agent.Job) error

	mu   sync.Mutex
	all  map[name]*schedule
	jobs map[name]*Row // by the job's id
}

func (l *Ledger) of(n name) *schedule {
	if l.all == nil {
		l.all, l.jobs = map[name]*schedule{}, map[name]*Row{}
	}
	if l.all[n] == nil {
		l.all[n] = &schedule{rows: map[int64]*Row{}, open: map[int64]*Row{}}
	}
	return l.all[n]
}

// Begin notes schedules whose rule is new, and tells up to when each has been passed.
func (l *Ledger) Begin(_ context.Context, org string, at time.Time, rules map[string]string) (map[string]time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	passed := map[string]time.Time{}
	for n, rule := range rules {
		s := l.of(name{org, n})
		if s.rule != rule {
			s.rule, s.since, s.passed = rule, at, at
		}
		passed[n] = s.passed
	}
	for n, s := range l.all {
		if _, ok := rules[n.schedule]; n.org == org && !ok && s.since.Before(at.Add(-memory)) && s.passed.Before(at.Add(-memory)) && s.fired.Before(at.Add(-memory)) {
			delete(l.all, n)
		}
	}
	return passed, nil
}

// memory is how long what is in no configuration any more stays on record.
const memory = 90 * 24 * time.Hour

// Claim gives due times to one caller, with their jobs.
func (l *Ledger) Claim(ctx context.Context, org string, all ...scheduler.Claim) (enqueued int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range all {
		s := l.of(name{org, c.Schedule})
		r := &Row{Org: org, Schedule: c.Schedule, Due: c.Due, Why: s.skips(c), State: scheduler.Skipped, Ended: time.Now().UTC()}
		if r.Why == "" {
			r.State, r.Job, r.Ended = scheduler.Claimed, c.Job.ID, time.Time{}
		}
		if c.Extra && r.Why != "" || s.rows[c.Due.UnixMicro()] != nil || r.Job != "" && l.jobs[name{org, r.Job}] != nil {
			continue
		}
		s.rows[c.Due.UnixMicro()] = r
		if r.Job != "" {
			s.open[c.Due.UnixMicro()] = r
		}
		if !c.Extra && c.Due.After(s.passed) {
			s.passed = c.Due
		}
		if r.Job == "" {
			continue
		}
		if l.jobs[name{org, r.Job}] = r; c.Due.After(s.fired) {
			s.fired = c.Due
		}
		for _, j := range append([]agent.Job{c.Job}, c.Told...) {
			if err := l.Queue(ctx, j); err != nil {
				return 0, err
			}
		}
		enqueued++
	}
	return enqueued, nil
}

// skips says why a due time gets no job.
func (s *schedule) skips(c scheduler.Claim) string {
	if c.Skip != "" {
		return c.Skip
	}
	if !c.Extra && s.pause != nil {
		return s.pause.Text()
	}
	var open time.Time
	for _, r := range s.open {
		if !r.Due.Equal(c.Due) && (c.Follows.IsZero() || r.Due.Before(c.Follows)) && r.Due.After(open) {
			open = r.Due
		}
	}
	if open.IsZero() {
		return ""
	}
	return "the run of " + open.UTC().Format("2 January 15:04 MST") + " is still going on"
}

// End writes how the run of a job ended, once.
func (l *Ledger) End(org, job string, s scheduler.State, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.jobs[name{org, job}]; r != nil && r.State == scheduler.Claimed {
		r.State, r.Why, r.Ended = s, why, time.Now().UTC()
		delete(l.of(name{org, r.Schedule}).open, r.Due.UnixMicro())
	}
}

// moved lets another job go on with the run of one.
func (l *Ledger) moved(org, from, to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.jobs[name{org, from}]; r != nil && r.State == scheduler.Claimed {
		r.Job, l.jobs[name{org, to}] = to, r
		delete(l.jobs, name{org, from})
	}
}

// Rows are all due times on record.
func (l *Ledger) Rows() (all []Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.all {
		for _, r := range s.rows {
			all = append(all, *r)
		}
	}
	return all
}

// Records lists all schedules that ever counted.
func (l *Ledger) Records(_ context.Context, org string) (all []scheduler.Record, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, s := range l.all {
		if n.org != org {
			continue
		}
		rec := scheduler.Record{Schedule: n.schedule, Since: s.since, Fired: s.fired, Paused: s.pause}
		for _, r := range s.rows {
			if r.Due.Equal(s.fired) {
				rec.State, rec.Why, rec.Ended = r.State, r.Why, r.Ended
			}
			if r.State == scheduler.Done && r.Due.After(rec.Done) {
				rec.Done = r.Due
			}
			if (r.State == scheduler.Skipped || r.State == scheduler.Failed) && r.Due.After(rec.Missed) {
				rec.Missed, rec.MissedWhy = r.Due, r.Why
			}
		}
		all = append(all, rec)
	}
	slices.SortFunc(all, func(a, b scheduler.Record) int { return cmp.Compare(a.Schedule, b.Schedule) })
	return all, nil
}

// NotRun lists due times that were skipped or failed, as it was put on record.
func (l *Ledger) NotRun(_ context.Context, org string, since time.Time) (all []scheduler.Run, err error) {
	for _, r := range l.Rows() {
		if r.Org == org && !r.Ended.Before(since) && (r.State == scheduler.Skipped || r.State == scheduler.Failed) {
			all = append(all, scheduler.Run{Schedule: r.Schedule, Due: r.Due, State: r.State, Why: r.Why, Ended: r.Ended})
		}
	}
	slices.SortFunc(all, func(a, b scheduler.Run) int {
		return cmp.Or(a.Ended.Compare(b.Ended), a.Due.Compare(b.Due), cmp.Compare(a.Schedule, b.Schedule))
	})
	return all, nil
}

// Pause holds schedules, or resumes them.
func (l *Ledger) Pause(ctx context.Context, org string, schedules []string, p *scheduler.Pause, told ...agent.Job) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range schedules {
		s := l.of(name{org, n})
		if s.pause = p; p == nil {
			s.since = time.Now().UTC()
		}
	}
	for _, j := range told {
		if err := l.Queue(ctx, j); err != nil {
			return err
		}
	}
	return nil
}
