package store

import (
	"cmp"
	"strings"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/scheduler"
)

// judgeRuns writes onto a schedule's run that it failed, when its log says so, and which
// job goes on with it, when it is tried again.
func judgeRuns(tx *gorm.DB, org string, b agent.Batch) error {
	for _, j := range b.Jobs {
		if j.Scan == nil || b.Fence == nil || j.Actor.Platform != scheduler.Platform {
			continue
		}
		// Before anything else: a run that is tried again has not failed yet.
		n, err := exec(tx, "UPDATE schedule_runs SET job = ? WHERE org = ? AND job = ? AND state = 'claimed'", j.ID, org, b.Fence.Job)
		if err != nil || n > 0 {
			return err
		}
	}
	for _, ev := range b.Events {
		if why := failure(ev); why != "" && ev.Actor.Platform == scheduler.Platform {
			if err := endRun(tx, org, ev.Run, scheduler.Failed, why); err != nil {
				return err
			}
		}
	}
	return nil
}

// failure is why a run did not do what it was started for, or empty. The calls of a
// command are all that it is; a tool that fails in a model's run is the model's to handle.
func failure(ev agent.Event) string {
	p := ev.Payload
	switch {
	case ev.Kind == agent.KindFinding && p.Scan != nil:
		return firstLine(p.Scan.Failed)
	case ev.Kind == agent.KindResult && ev.Actor.Tenant == command && p.Result != nil && p.Result.Failed:
		return cmp.Or(firstLine(p.Result.Text), "a call failed")
	case ev.Kind == agent.KindRefused, ev.Kind == agent.KindGaveUp, ev.Kind == agent.KindStopped:
		return cmp.Or(firstLine(p.Text), string(ev.Kind))
	}
	return ""
}

// command is the tenant of a schedule that says one.
const command = "command"

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.ToValidUTF8(line[:min(len(line), longestWhy)], "")
}

// endRun writes how a run ended, once.
func endRun(tx *gorm.DB, org, job string, s scheduler.State, why string) error {
	type endedRow struct {
		Schedule string
		Due      int64
	}
	r, ok, err := one[endedRow](tx, "UPDATE schedule_runs SET state = ?, why = ?, ended = ? WHERE org = ? AND job = ? AND state = 'claimed' RETURNING schedule, due",
		string(s), why, nowMicros(), org, job)
	if err != nil || !ok {
		return err
	}
	if s == scheduler.Done {
		return tx.Exec("UPDATE schedules SET done = ? WHERE org = ? AND name = ? AND done < ?", r.Due, org, r.Schedule, r.Due).Error
	}
	return tx.Exec("UPDATE schedules SET missed = ?, missed_why = ? WHERE org = ? AND name = ? AND missed < ?", r.Due, why, org, r.Schedule, r.Due).Error
}

// settleRun ends a schedule's run with its job.
func settleRun(tx *gorm.DB, c agent.Claimed, e end) error {
	switch {
	case c.Actor.Platform != scheduler.Platform:
		return nil
	case e.state == "done":
		return endRun(tx, c.Org, c.ID, scheduler.Done, "")
	case e.state == "dead":
		return endRun(tx, c.Org, c.ID, scheduler.Failed, firstLine(e.why))
	}
	return nil
}

// buryRuns ends the runs of jobs that took their workers down until they were given up.
func buryRuns(tx *gorm.DB) error {
	type deadRow struct{ Org, Job string }
	dead, err := many[deadRow](tx, `SELECT r.org, r.job FROM schedule_runs r JOIN jobs j ON j.org = r.org AND j.id = r.job WHERE r.state = 'claimed' AND j.state = 'dead'`)
	for _, d := range dead {
		if err == nil {
			err = endRun(tx, d.Org, d.Job, scheduler.Failed, "the worker went silent")
		}
	}
	return err
}
