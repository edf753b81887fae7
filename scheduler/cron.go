package scheduler

import (
	"math/bits"
	"time"

	"github.com/robfig/cron/v3"

	"interlock/config"
)

// Cron is a parsed expression of five fields, or a preset like "@daily".
type Cron struct{ schedule cron.Schedule }

// ParseCron is config.ParseCron.
func ParseCron(expr string) (Cron, error) {
	s, err := config.ParseCron(expr)
	return Cron{s}, err
}

// allHours are the bits of an expression whose hour is "*".
const allHours = 1<<24 - 1

// Next is the first due time after a moment, in UTC; the zero time when there is
// none. What is due each hour goes by time that passes, and "@every" by multiples of its
// delay since 1970: the same in every replica, and after every restart. All else goes by the clock
// on the wall of the zone: one that it shows twice is due the first time; one that it
// skips is due at the first moment after the gap, or not at all when the expression
// names other hours of that day too.
func (c Cron) Next(after time.Time, zone *time.Location) time.Time {
	if every, ok := c.schedule.(cron.ConstantDelaySchedule); ok {
		d := int64(every.Delay / time.Second)
		return time.Unix((after.Unix()/d+1)*d, 0).UTC()
	}
	spec, ok := c.schedule.(*cron.SpecSchedule)
	if !ok || spec.Hour&allHours == allHours {
		return c.schedule.Next(after.In(zone)).UTC()
	}
	onlyHour := bits.OnesCount64(spec.Hour&allHours) == 1
	for wall := onTheWall(after.In(zone)); ; {
		if wall = spec.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if t, skipped := moment(wall, zone); t.After(after) && (!skipped || onlyHour) {
			return t
		}
	}
}

// onTheWall is what the clock shows at a moment, as if it were in UTC.
func onTheWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// moment is when the clock of a zone first shows a time, or, of one that it skips, the
// end of the gap. time.Date does not say which of two moments it gives.
func moment(wall time.Time, zone *time.Location) (t time.Time, skipped bool) {
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	first := wall.Add(-time.Duration(max(before, after)) * time.Second)
	last := wall.Add(-time.Duration(min(before, after)) * time.Second)
	for _, t := range []time.Time{first, last} {
		if onTheWall(t.In(zone)).Equal(wall) {
			return t, false
		}
	}
	gap, _ := last.In(zone).ZoneBounds() // by the clock that was before, it is after the gap
	return gap.UTC(), true
}

// Before is the last due time before a moment, in UTC. What was never due within a year
// before it was due a day before.
func (c Cron) Before(at time.Time, zone *time.Location) time.Time {
	const day = 24 * time.Hour
	for _, back := range []time.Duration{day, 8 * day, 32 * day, 366 * day} {
		last := time.Time{}
		for t := c.Next(at.Add(-back-time.Second), zone); !t.IsZero() && t.Before(at); t = c.Next(t, zone) {
			last = t
		}
		if !last.IsZero() {
			return last
		}
	}
	return at.Add(-day)
}
