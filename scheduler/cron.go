package scheduler

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// shortestEvery is the least of "@every": what comes more often is no schedule.
const shortestEvery = time.Minute

// Cron is a parsed expression of five fields, or a preset like "@daily".
type Cron struct{ schedule cron.Schedule }

var errNever = errors.New("it never comes due")

// ParseCron refuses what the parser panics on (a time zone inside the
// expression: robfig/cron issues 470 and 554), what never comes due, such as
// 30 February, and what comes due more often than once a minute. Sunday is 0 and 7.
func ParseCron(expr string) (c Cron, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read %q: %v", expr, r)
		}
	}()
	if strings.Contains(expr, "TZ=") {
		return c, fmt.Errorf("read %q: name the time zone beside the expression", expr)
	}
	s, err := cron.ParseStandard(sundays(expr))
	if err != nil {
		return c, fmt.Errorf("read %q: %w", expr, err)
	}
	if every, ok := s.(cron.ConstantDelaySchedule); ok && every.Delay < shortestEvery {
		return c, fmt.Errorf("read %q: more often than every %s", expr, shortestEvery)
	}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return c, fmt.Errorf("read %q: %w", expr, errNever)
	}
	return Cron{s}, nil
}

// allHours are the bits of an expression whose hour is "*".
const allHours = 1<<24 - 1

// Next is the first due time after a moment, in UTC; the zero time when there is
// none. What is due each hour goes by time that passes. All else goes by the clock
// on the wall of the zone: one that it shows twice is due the first time; one that it
// skips is due at the first moment after the gap, or not at all when the expression
// names other hours of that day too.
func (c Cron) Next(after time.Time, zone *time.Location) time.Time {
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

// sundays writes the day 7 of the last field as 0, which the parser knows.
func sundays(expr string) string {
	fields := strings.Fields(expr)
	if len(fields) != 5 || !strings.Contains(fields[4], "7") {
		return expr
	}
	var days []string
	for day := range strings.SplitSeq(fields[4], ",") {
		var from, to, step int
		switch {
		case day == "7":
			day = "0"
		case scans(day, "%d-%d/%d", &from, &to, &step) && to == 7 && step > 0 && from <= 7, scans(day, "%d-%d", &from, &to) && to == 7 && from <= 7:
			day = ""
			for d := from; d <= to; d += max(step, 1) {
				day += fmt.Sprintf(",%d", d%7)
			}
			day = day[1:]
		}
		days = append(days, day)
	}
	fields[4] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// scans tells whether a text is of a form and nothing else.
func scans(text, form string, into ...any) bool {
	if n, err := fmt.Sscanf(text, form, into...); err != nil || n != len(into) {
		return false
	}
	var all []any
	for _, p := range into {
		all = append(all, *p.(*int)) //nolint:forcetypeassert // only numbers are scanned here
	}
	return fmt.Sprintf(form, all...) == text
}
