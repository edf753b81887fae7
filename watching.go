package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot/notify"
	"interlock/scheduler"
)

// wireWatching builds what works without being asked, beside the schedules: digests, and
// the watch over the bot itself.
func (a *app) wireWatching() {
	d := &notify.Digest{
		Book: a.db, Pending: a.db.Undecided, Frozen: a.db.Frozen, Alerts: a.db, Told: a.toldDigest, Drifts: a.db, Looks: a.db.Looks, Looked: a.db.Looked, Stacks: a.namedStacks, Late: a.late,
		Bills: a.db, Spending: a.spending, Rota: a.in.Rota,
	}
	a.runner.Report = d.Due
	began := time.Now()
	pulses := func(ctx context.Context, org string) ([]notify.Pulse, error) { return a.pulses(ctx, org, began) }
	a.watch = &notify.Watch{Orgs: a.orgs(), Signs: a.db, Pulses: pulses, Oldest: a.db.Waits, Tell: a.db.PutNotice, To: a.admins, Log: a.log}
}

// toldDigest is the due time of the last digest of a schedule that was told.
func (a *app) toldDigest(ctx context.Context, org, name string) (time.Time, error) {
	records, err := a.db.Records(ctx, org)
	for _, r := range records {
		if r.Schedule == name {
			return r.Done, err
		}
	}
	return time.Time{}, err
}

// late are the due times of a room's schedules of which it came out between two moments
// that they did not run well.
func (a *app) late(ctx context.Context, org, room string, from, until time.Time) ([]agent.LateRun, error) {
	runs, err := a.db.NotRun(ctx, org, from)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, sc := range a.scheduler.Schedules {
		own[sc.Name] = own[sc.Name] || sc.Org == org && slices.Contains(sc.Rooms, room)
	}
	return grouped(slices.DeleteFunc(runs, func(r scheduler.Run) bool { return !own[r.Schedule] || !r.Ended.Before(until) })), nil
}

// grouped counts what did not run for the same reason: what failed first, what somebody
// paused last.
func grouped(runs []scheduler.Run) (all []agent.LateRun) {
	type group struct{ schedule, why string }
	at, rank := map[group]int{}, map[group]int{}
	for _, r := range runs {
		g := group{r.Schedule, r.Why}
		i, known := at[g]
		if !known {
			i, at[g] = len(all), len(all)
			all = append(all, agent.LateRun{Name: r.Schedule, Why: r.Why})
		}
		if all[i].N++; r.Due.After(all[i].Due) {
			all[i].Due = r.Due
		}
		rank[g] = 1
		if r.State == scheduler.Failed {
			rank[g] = 0
		} else if strings.HasPrefix(r.Why, scheduler.PausedBy) {
			rank[g] = 2
		}
	}
	slices.SortStableFunc(all, func(a, b agent.LateRun) int {
		return cmp.Or(rank[group{a.Name, a.Why}]-rank[group{b.Name, b.Why}], b.Due.Compare(a.Due), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// pulses are the schedules of an Org as the watch sees them, which began to look at a
// moment.
func (a *app) pulses(ctx context.Context, org string, began time.Time) (all []notify.Pulse, err error) {
	records, err := a.db.Records(ctx, org)
	if err != nil {
		return nil, err
	}
	known := make(map[string]scheduler.Record, len(records))
	for _, r := range records {
		known[r.Schedule] = r
	}
	for _, sc := range a.scheduler.Schedules {
		if r, ok := known[sc.Name]; ok && sc.Org == org {
			all = append(all, pulse(sc, r, began))
		}
	}
	for i := range all {
		all[i].Environment = a.cfg.Orgs[org].Stacks[all[i].Stack].Environment
	}
	return all, nil
}

// lateAfter is how long after its time, with all its tries, a run may be on its way.
const lateAfter = 10 * time.Minute

// pulse gives a schedule until its second due time after the last one that it completed.
// What a process finds when it begins, after an outage, has until its next due time.
func pulse(sc scheduler.Schedule, r scheduler.Record, began time.Time) notify.Pulse {
	p := notify.Pulse{Name: sc.Name, Stack: sc.Stack, Why: r.Why, Paused: r.Paused != nil, Done: r.Done}
	if r.Missed.After(r.Done) {
		p.Why = r.MissedWhy
	}
	from := r.Done
	if r.Since.After(from) {
		from = r.Since
	}
	due := sc.Cron.Next(sc.Cron.Next(from, sc.Zone), sc.Zone)
	if first := sc.Cron.Next(began, sc.Zone); first.After(due) {
		due = first
	}
	if !due.IsZero() {
		p.Deadline = due.Add(sc.Offset + sc.Longest + lateAfter)
	}
	return p
}

// admins are where the bot's own troubles are told: as configuration says, else to the
// administrators themselves.
func (a *app) admins(ctx context.Context, org string) (to []string) {
	if to = a.cfg.Orgs[org].Notify.Admins; len(to) > 0 {
		return to
	}
	for _, c := range a.gate.Admins(ctx, org) {
		to = append(to, "person:"+c.ID)
	}
	return to
}
