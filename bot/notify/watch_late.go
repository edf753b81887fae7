package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/bot"
)

// schedules tells of all that are late at once, when one of them is for the first time.
func (w *Watch) schedules(ctx context.Context, org string, now time.Time) ([]Notice, error) {
	all, err := w.Pulses(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("read schedules: %w", err)
	}
	late := slices.DeleteFunc(slices.Clone(all), func(p Pulse) bool { return p.Paused || p.Deadline.IsZero() || !now.After(p.Deadline) })
	slices.SortFunc(late, func(a, b Pulse) int { return cmp.Or(a.Deadline.Compare(b.Deadline), cmp.Compare(a.Name, b.Name)) })
	before, known, fresh := w.late[org], map[string]bool{}, false
	for _, p := range late {
		key := p.Name + "@" + p.Deadline.UTC().Format(time.RFC3339)
		if known[key] = true; !before[key] {
			fresh = true
			w.Log.WarnContext(ctx, "watch: schedule is late", "org", org, "schedule", p.Name, "deadline", p.Deadline, "why", p.Why)
		}
	}
	if w.late == nil {
		w.late = map[string]map[string]bool{}
	}
	if w.late[org] = known; !fresh {
		return nil, nil
	}
	return []Notice{lateNotice(late)}, nil
}

// lateNotice names schedules that are late, those first that have been for the longest
// time. Its id is that of the last one, so that every process tells it once. What they
// said when they failed stays in their own channels.
func lateNotice(late []Pulse) Notice {
	last := late[len(late)-1]
	n := Notice{ID: ScheduleLate + "/" + last.Name + "/" + last.Deadline.UTC().Format(time.RFC3339), Type: ScheduleLate}
	if len(late) == 1 {
		n.Stack, n.Environment = last.Stack, last.Environment
		n.Title = "Schedule " + bot.Safe(last.Name) + " does not complete"
		n.Body = "It should have completed by " + at(last.Deadline) + ". Say schedules in its channel to see why."
		return n
	}
	var names []string
	for _, p := range late {
		name := bot.Safe(p.Name)
		if p.Stack != "" {
			name, _, _ = strings.Cut(name, "/") // where it is told, the stack may not be spoken of
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	text := strings.Join(names[:min(len(names), lateNamed)], ", ")
	if more := len(names) - lateNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	n.Title = fmt.Sprintf("%d schedules do not complete", len(late))
	n.Body = text + ": the first should have completed by " + at(late[0].Deadline) + ". Say schedules in their channels to see why."
	return n
}
