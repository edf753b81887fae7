package main

import (
	"context"
	"errors"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/scheduler"
)

// upcoming is when schedules of an Org are due next.
func (a *app) upcoming(org string, now time.Time) (all []bot.Upcoming) {
	for _, s := range a.scheduler.Schedules {
		if s.Org == org && s.Stack != "" {
			all = append(all, bot.Upcoming{Name: s.Name, Stack: s.Stack, At: s.Next(now)})
		}
	}
	return all
}

var errNoSchedule = errors.New("no such schedule")

// dial is what people can do with schedules from a chat.
type dial struct{ *app }

var _ bot.Schedules = dial{}

// Scheduled lists those of the configuration, with what is on record.
func (d dial) Scheduled(ctx context.Context, org string) (all []bot.Scheduled, err error) {
	records, err := d.db.Records(ctx, org)
	if err != nil {
		return nil, err
	}
	known := map[string]scheduler.Record{}
	for _, r := range records {
		known[r.Schedule] = r
	}
	now := time.Now()
	for _, sc := range d.scheduler.Schedules {
		if sc.Org != org {
			continue
		}
		r := known[sc.Name]
		one := bot.Scheduled{
			Name: sc.Name, What: what(sc), Stack: sc.Stack, Environment: d.cfg.Orgs[org].Stacks[sc.Stack].Environment, Rooms: sc.Rooms,
			Next: sc.Next(now), Last: r.Fired, Runs: r.State == scheduler.Claimed, Missed: r.Missed, MissedWhy: r.MissedWhy,
		}
		if one.Runs && now.Before(r.Fired.Add(sc.Offset)) {
			one.Runs, one.Waits = false, true
		}
		if r.State == scheduler.Failed {
			one.Failed = r.Why
		}
		if r.Paused != nil {
			one.Paused = &bot.Paused{By: r.Paused.By, At: r.Paused.At, Why: r.Paused.Why}
		}
		all = append(all, one)
	}
	return all, nil
}

// what a schedule does, in a few words.
func what(sc scheduler.Schedule) string {
	switch sc.Kind {
	case "drift":
		return "scans " + sc.Stack + " for drift"
	case "compliance":
		return "checks " + sc.Stack + " against its rules"
	}
	return sc.Kind
}

// Hold pauses schedules, or resumes them.
func (d dial) Hold(ctx context.Context, org string, names []string, p *bot.Paused, told []agent.Job) error {
	if p == nil {
		return d.db.Pause(ctx, org, names, nil, told...)
	}
	return d.db.Pause(ctx, org, names, &scheduler.Pause{By: p.By, At: p.At, Why: p.Why}, told...)
}

// answering makes jobs whose scan tells a thread what it came to.
func answering(job func(due time.Time) agent.Job, from agent.Thread) func(due time.Time) agent.Job {
	return func(due time.Time) agent.Job {
		j := job(due)
		if j.Scan != nil {
			scan := *j.Scan
			scan.From, j.Scan = from, &scan
		}
		return j
	}
}

// RunNow starts a schedule's job beside its due times, with what tells of it.
func (d dial) RunNow(ctx context.Context, org, name, id string, from agent.Thread, told []agent.Job) (bool, error) {
	for _, sc := range d.scheduler.Schedules {
		if sc.Org == org && sc.Name == name {
			sc.Job = answering(sc.Job, from)
			return d.scheduler.FireAs(ctx, sc, time.Now(), id, told...)
		}
	}
	return false, errNoSchedule
}
