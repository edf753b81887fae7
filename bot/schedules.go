package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Scheduled is a schedule as configuration and the record have it. Times are zero when
// there is none.
type Scheduled struct {
	Name, What         string // What it does, in a few words
	Stack, Environment string // empty for what is about no stack
	Rooms              []string
	Next               time.Time
	Last               time.Time // the newest due time that was given a job
	Runs               bool      // that job has not ended
	Waits              bool      // it has not begun: it starts at Next
	Failed             string    // why that job failed
	Missed             time.Time // the newest due time that did not run
	MissedWhy          string
	Paused             *Paused
}

// Paused is who holds a schedule, and why.
type Paused struct {
	By  rbac.Actor
	At  time.Time
	Why string
}

// Schedules is what people can do with schedules. Hold with nil resumes them; what is
// told is enqueued in the same transaction. RunNow is false when the run before has not
// ended; the same id twice is one run, and what is told is enqueued only with one. What a
// scan comes to is told in the thread from, too.
type Schedules interface {
	Scheduled(ctx context.Context, org string) ([]Scheduled, error)
	Hold(ctx context.Context, org string, names []string, p *Paused, told []agent.Job) error
	RunNow(ctx context.Context, org, name, id string, from agent.Thread, told []agent.Job) (began bool, err error)
}

// The commands about schedules.
const (
	listSchedules  = "schedules"
	pauseSchedule  = "pause"
	resumeSchedule = "resume"
	runSchedule    = "run"
)

// Fixed is the job of a Command that makes calls which are written down, so that a
// schedule can say it too. It is false for all others.
func Fixed(text string) (agent.Job, bool) {
	name, rest, ok := command(text)
	switch {
	case rest == "": // half said
	case ok && name == "scan":
		return agent.Job{Text: text, Calls: []agent.ToolCall{onStack("drift_scan", rest)}}, true
	case ok && name == "plan":
		return agent.Job{Text: text, Calls: []agent.ToolCall{onStack("tofu_plan", rest)}}, true
	}
	return agent.Job{}, false
}

// meant tells whether words that look like an order to a schedule are one: "run the
// tests" is for the model, and so is "run tests" where no schedule of this channel is
// called so. Those of other channels are as if they were not there. A pause with its
// reason is one, and so are a word alone and what is written as the names of schedules
// are: they get an answer without a model, also when there is no such schedule.
func (in *Inbox) meant(ctx context.Context, m Mention, name, rest string) bool {
	if name != pauseSchedule && name != resumeSchedule && name != runSchedule {
		return true
	}
	if rest == "" || in.Schedules == nil {
		return rest == ""
	}
	which, _, reasoned := strings.Cut(rest, " ")
	if reasoned || strings.ContainsAny(which, "-/_") {
		return true
	}
	all, err := in.Schedules.Scheduled(ctx, m.Org)
	return err != nil || slices.ContainsFunc(all, func(s Scheduled) bool { return s.called(which) && slices.Contains(s.Rooms, m.Thread.Room()) })
}

// called tells whether a name means this schedule: its own, or that of all its stacks.
func (s Scheduled) called(name string) bool {
	return s.Name == name || strings.HasPrefix(s.Name, name+"/")
}

// schedules answers what people say about schedules.
func (in *Inbox) schedules(ctx context.Context, c Command) (Reply, error) {
	if in.Schedules == nil {
		return said("No schedule is configured."), nil
	}
	all, err := in.Schedules.Scheduled(ctx, c.Org)
	if err != nil {
		return Reply{}, fmt.Errorf("list schedules: %w", err)
	}
	here := slices.DeleteFunc(slices.Clone(all), func(s Scheduled) bool { return !in.shows(ctx, c, s) })
	if c.Name == listSchedules {
		return Reply{Note: schedulesCard(here, len(all)-len(here), time.Now())}, nil
	}
	which, why, because := cutBecause(c.Text)
	if which == "" || strings.Contains(which, " ") || because && (why == "" || c.Name != pauseSchedule) {
		return said("Say: schedules, pause SCHEDULE because REASON, resume SCHEDULE, or run SCHEDULE."), nil
	}
	here = slices.DeleteFunc(here, func(s Scheduled) bool { return !s.called(which) })
	switch {
	case len(here) == 0:
		return said("No schedule of this channel is called " + plain(which) + ". Say schedules: it lists them. To have the agent do something, say it in more words."), nil
	case c.Name == runSchedule:
		return in.runNow(ctx, c, which, here)
	}
	return in.holdSchedules(ctx, c, which, why, here)
}

// shows tells whether this room may hear of a schedule, and this person.
func (in *Inbox) shows(ctx context.Context, c Command, s Scheduled) bool {
	if !slices.Contains(s.Rooms, c.Thread.Room()) {
		return false
	}
	r := rbac.Request{Org: c.Org, Action: rbac.Action{Tool: "drift_scan", Stack: s.Stack, Environment: s.Environment}}
	return s.Stack == "" || in.reads(ctx, in.who(ctx, c.Actor), r, c.Thread.Room()).Outcome == rbac.Allow
}

// runNow starts what the schedules would start. The run is the schedule's; who wanted it
// is told with it, or not at all.
func (in *Inbox) runNow(ctx context.Context, c Command, which string, all []Scheduled) (Reply, error) {
	idle := slices.DeleteFunc(slices.Clone(all), func(s Scheduled) bool { return s.Runs || s.Waits })
	if len(idle) == 0 {
		return said("Not started: the run of " + plain(which) + " that is due since " + clockFrom(time.Now(), all[0].Last) + " has not ended."), nil
	}
	text := fmt.Sprintf("%s runs %s now.", plain(in.who(ctx, c.Actor).Name), several(which, len(idle)))
	if slices.ContainsFunc(idle, func(s Scheduled) bool { return s.Stack != "" }) {
		text += " What comes of it is told here."
	}
	told, began := tellRooms(c, nil, "Schedule runs", text), false
	for _, s := range idle {
		one, err := in.Schedules.RunNow(ctx, c.Org, s.Name, c.ID+"/"+s.Name, c.Thread, told)
		if err != nil {
			return Reply{}, fmt.Errorf("run schedules: %w", err)
		}
		began = began || one
	}
	if !began {
		return said("Not started: a run of " + plain(which) + " has just begun, or this was asked twice."), nil
	}
	return Reply{}, nil
}

// tellRooms are the jobs that tell the thread, and each other room of the schedules.
func tellRooms(c Command, all []Scheduled, title, text string) []agent.Job {
	jobs := []agent.Job{{ID: c.ID + "/told", Org: c.Org, Trace: c.ID, Thread: c.Thread, Title: title, Notice: text}}
	rooms := map[string]bool{c.Thread.Room(): true}
	for _, s := range all {
		for _, room := range s.Rooms {
			if rooms[room] {
				continue
			}
			rooms[room] = true
			platform, channel, _ := strings.Cut(room, ":")
			t := agent.Thread{Platform: platform, Channel: channel, ID: "~schedule/" + c.ID}
			jobs = append(jobs, agent.Job{ID: c.ID + "/told/" + room, Org: c.Org, Trace: c.ID, Thread: t, Title: title, Notice: text})
		}
	}
	return jobs
}

// several is a name, with how many schedules it means when they are several.
func several(which string, n int) string {
	if n == 1 {
		return plain(which)
	}
	return fmt.Sprintf("%s (%s)", plain(which), count(n, "schedule"))
}
