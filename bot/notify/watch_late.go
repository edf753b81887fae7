package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
		if known[p.key()] = true; !before[p.key()] {
			fresh = true
			w.Log.WarnContext(ctx, "watch: schedule is late", "org", org, "schedule", p.Name, "deadline", p.Deadline, "why", p.Why)
		}
	}
	hour := now.UTC().Truncate(time.Hour)
	if !fresh || w.hour[org].Equal(hour) {
		return nil, nil // at most once an hour, however many become late one after the other
	}
	if w.late == nil {
		w.late, w.hour = map[string]map[string]bool{}, map[string]time.Time{}
	}
	w.late[org], w.hour[org] = known, hour
	return []Notice{lateNotice(late)}, nil
}

// key is the same as long as a schedule has not completed again.
func (p Pulse) key() string { return p.Name + "@" + p.Done.UTC().Format(time.RFC3339) }

// lateNotice names schedules that are late, those first that have been for the longest
// time. Its id is that of which they are, so that every process tells it once. What they
// said when they failed stays in their own channels.
func lateNotice(late []Pulse) Notice {
	last, which := late[len(late)-1], make([]string, 0, len(late))
	for _, p := range late {
		which = append(which, p.key())
	}
	slices.Sort(which)
	sum := sha256.Sum256([]byte(strings.Join(which, "\n")))
	n := Notice{ID: ScheduleLate + "/" + hex.EncodeToString(sum[:8]), Type: ScheduleLate}
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
