package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostSchedules is how many a card lists; the rest is counted.
const mostSchedules = 20

// schedulesCard lists the schedules of a room, what needs a look first.
func schedulesCard(here []Scheduled, elsewhere int, now time.Time) *Card {
	slices.SortStableFunc(here, func(a, b Scheduled) int { return cmp.Or(b.worry()-a.worry(), strings.Compare(a.Name, b.Name)) })
	c := &Card{Title: "Schedules"}
	for _, s := range here {
		c.Fields = append(c.Fields, Field{plain(s.Name), s.text(now)})
	}
	var more string
	c.Fields, more = counted(c.Fields, mostSchedules)
	c.Body = strings.TrimSpace(fmt.Sprintf("%s %d here, %d in other channels.", more, len(here), elsewhere))
	c.Fallback = c.Title + ": " + c.Body
	return c
}

// worry orders schedules by how much they need a look.
func (s Scheduled) worry() int {
	switch {
	case s.Failed != "" || s.Missed.After(s.Last):
		return 2
	case s.Paused != nil:
		return 1
	}
	return 0
}

// text says what it does, when it does it next, and what became of the last run.
func (s Scheduled) text(now time.Time) string {
	parts := []string{plain(s.What)}
	switch {
	case s.Paused != nil:
		parts = append(parts, "paused by "+plain(s.Paused.By.Name)+reason(s.Paused.Why))
	case !s.Next.IsZero():
		parts = append(parts, "next "+clockFrom(now, s.Next))
	}
	switch {
	case s.Last.IsZero():
		parts = append(parts, "has not run yet")
	case s.Waits:
		parts = append(parts, "the run of "+clockFrom(now, s.Last)+" has not begun")
	case s.Runs:
		parts = append(parts, "the run of "+clockFrom(now, s.Last)+" is going on")
	case s.Failed != "":
		parts = append(parts, "the run of "+clockFrom(now, s.Last)+" failed: "+plain(s.Failed))
	default:
		parts = append(parts, "last run "+clockFrom(now, s.Last)+", done")
	}
	if s.Missed.After(s.Last) {
		parts = append(parts, "did not run at "+clockFrom(now, s.Missed)+reason(s.MissedWhy))
	}
	return strings.Join(parts, "; ")
}
