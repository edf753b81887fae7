package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/config"
	"interlock/scheduler"
)

// defaultCatchUp is how many due times missed: all makes up for, when nobody said.
const defaultCatchUp = 10

// longestTry is how long one try may take, the queue before it and the sandbox included.
const longestTry = 30 * time.Minute

// clockwork makes schedules of an Org's configuration.
type clockwork struct {
	org     string
	cfg     config.Org
	tools   agent.Toolset
	profile func(org, room string) string // of a channel, now
}

// newScheduler follows every schedule of the configuration, and of each stack's watch.
func newScheduler(cfg config.Config, claims scheduler.Claims, tools agent.Toolset, profile func(org, room string) string, log *slog.Logger) (*scheduler.Scheduler, error) {
	s := &scheduler.Scheduler{Claims: claims, Log: log}
	for _, org := range slices.Sorted(maps.Keys(cfg.Orgs)) {
		all, err := clockwork{org, cfg.Orgs[org], tools, profile}.all()
		if err != nil {
			return nil, err
		}
		s.Schedules = append(s.Schedules, all...)
	}
	return s, nil
}

func (w clockwork) all() (all []scheduler.Schedule, err error) {
	for _, name := range slices.Sorted(maps.Keys(w.cfg.Schedules)) {
		more, err := w.expand(name, w.cfg.Schedules[name])
		if err != nil {
			return nil, fmt.Errorf("schedule %s of %s: %w", name, w.org, err)
		}
		all = append(all, more...)
	}
	watched := map[string][]string{}
	for _, stack := range slices.Sorted(maps.Keys(w.cfg.Stacks)) {
		if every := w.cfg.Stacks[stack].Watch; every != "" {
			watched[every] = append(watched[every], stack)
		}
	}
	for _, every := range slices.Sorted(maps.Keys(watched)) {
		more, err := w.expand("watch", config.Schedule{Kind: "drift", Every: every, Stacks: watched[every]})
		if err != nil {
			return nil, fmt.Errorf("watch of %s: %w", w.org, err)
		}
		all = append(all, more...)
	}
	return all, nil
}

// expand makes one schedule for each of several stacks. Those that have no moment of
// their own start one after the other.
func (w clockwork) expand(name string, sc config.Schedule) (all []scheduler.Schedule, err error) {
	if sc.Due() == "" {
		return nil, nil // unmonitored
	}
	one, err := w.timing(name, sc)
	if err != nil {
		return nil, err
	}
	if sc.Kind != "drift" && sc.Kind != "compliance" {
		one.Rooms = []string{sc.Channel}
		one.Job, err = w.spoken(name, sc, one)
		return []scheduler.Schedule{one}, err
	}
	for i, stack := range sc.Targets(w.cfg) {
		of := one
		if len(sc.Stacks) > 0 {
			of.Name = name + "/" + stack
		}
		of.Stack, of.Rooms = stack, w.cfg.Stacks[stack].Rooms()
		if of.Offset = time.Duration(i) * scheduler.Spacing; sc.Jitter > 0 {
			of.Offset = scheduler.Spread(w.org, of.Name, sc.Jitter)
		}
		if len(of.Rooms) == 0 {
			return nil, fmt.Errorf("stack %s has no channel", stack)
		}
		if of.Job, err = w.scan(of, sc); err != nil {
			return nil, err
		}
		all = append(all, of)
	}
	return all, nil
}

// timing is when a schedule is due, and what becomes of what was missed.
func (w clockwork) timing(name string, sc config.Schedule) (scheduler.Schedule, error) {
	c, err := scheduler.ParseCron(sc.Due())
	if err != nil {
		return scheduler.Schedule{}, err
	}
	zone, err := time.LoadLocation(sc.Timezone)
	if err != nil {
		return scheduler.Schedule{}, fmt.Errorf("read time zone: %w", err)
	}
	missed, ok := map[string]scheduler.Missed{"": scheduler.Once, "once": scheduler.Once, "skip": scheduler.Skip, "all": scheduler.All}[sc.Missed]
	if !ok {
		return scheduler.Schedule{}, fmt.Errorf("no policy %q for what was missed", sc.Missed)
	}
	return scheduler.Schedule{
		Org: w.org, Name: name, Kind: sc.Kind, Cron: c, Expr: sc.Due(), Zone: zone, Offset: scheduler.Spread(w.org, name, sc.Jitter),
		Missed: missed, CatchUp: cmp.Or(sc.CatchUp, defaultCatchUp), Longest: time.Duration(max(sc.Tries, 1)) * (longestTry + sc.Wait),
	}, nil
}

// scan is one fixed call. Its thread is the day's own, so that no log grows for ever;
// what it finds is told in the stack's.
func (w clockwork) scan(of scheduler.Schedule, sc config.Schedule) (func(time.Time) agent.Job, error) {
	call := agent.DriftScan(of.Stack)
	if sc.Kind == "compliance" {
		args, err := json.Marshal(map[string]string{"stack": of.Stack, "scanner": sc.Scanner})
		if err != nil {
			return nil, err
		}
		call = agent.ToolCall{Tool: "compliance_scan", Args: args}
	}
	if _, known := w.tools.Tool(call.Tool); !known {
		return nil, fmt.Errorf("kind %s needs the tool %s, which this version does not have", sc.Kind, call.Tool)
	}
	job := agent.Job{Scan: &agent.Scan{Schedule: of.Name, Stack: of.Stack, Scanner: sc.Scanner, Call: call, Tries: sc.Tries, Wait: sc.Wait}}
	return dated(of.Rooms[0], "~scan/"+of.Stack, job), nil
}

// spoken is what a schedule says in a channel.
func (w clockwork) spoken(name string, sc config.Schedule, one scheduler.Schedule) (func(time.Time) agent.Job, error) {
	switch sc.Kind {
	case "prompt":
		return w.words(name, sc, agent.Job{Text: sc.Text}), nil
	case "command":
		if strings.TrimSpace(sc.Text) == "digest" {
			sc.Kind = "digest"
			return w.spoken(name, sc, one)
		}
		job, ok := bot.Fixed(sc.Text)
		if !ok {
			return nil, fmt.Errorf("%q cannot be on a schedule; scan STACK, plan STACK and digest can", sc.Text)
		}
		return w.words(name, sc, job), nil
	case "digest":
		return func(due time.Time) agent.Job {
			d := agent.Digest{Name: name, At: due, Past: due.Sub(one.Cron.Before(due, one.Zone))}
			return dated(sc.Channel, "~digest/"+name, agent.Job{Digest: &d})(due)
		}, nil
	}
	return nil, fmt.Errorf("no kind %q", sc.Kind)
}

// words are said like those of a person who may only read, with the tools of the profile
// and no others: that is what the tenant of the actor stands for.
func (w clockwork) words(name string, sc config.Schedule, job agent.Job) func(time.Time) agent.Job {
	return func(due time.Time) agent.Job {
		said := job // several may call at once
		said.Actor.Tenant, said.Profile = sc.Kind, cmp.Or(sc.Profile, w.profile(w.org, sc.Channel))
		return dated(sc.Channel, "~"+sc.Kind+"/"+name, said)(due)
	}
}

// dated gives a job a thread of its own each day, which the bot opens when there is
// something to say.
func dated(room, thread string, job agent.Job) func(time.Time) agent.Job {
	platform, channel, _ := strings.Cut(room, ":")
	return func(due time.Time) agent.Job {
		one := job // several may call at once
		one.Thread = agent.Thread{Platform: platform, Channel: channel, ID: thread + "/" + due.UTC().Format(time.DateOnly)}
		return one
	}
}

// scanners are those of compliance that schedules of a stack use.
func (a *app) scanners(org, stack string) (all []string) {
	o := a.cfg.Orgs[org]
	for _, sc := range o.Schedules {
		if sc.Kind == "compliance" && slices.Contains(sc.Targets(o), stack) {
			all = append(all, sc.Scanner)
		}
	}
	return all
}

// roomProfile is the profile of a channel, as the policy has it now.
func (a *app) roomProfile(org, room string) string {
	return cmp.Or(a.policies.org(org).Channels[room].Profile, defaultProfile)
}
