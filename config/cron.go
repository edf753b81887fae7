package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// shortestEvery is the least of "@every": what comes more often is no schedule.
const shortestEvery = time.Minute

var errNever = errors.New("it never comes due")

// ParseCron reads five fields, or a preset like "@daily". It refuses what the parser
// panics on (a time zone inside the expression: robfig/cron issues 470 and 554), what
// never comes due, such as 30 February, and what comes due more often than once a
// minute. Sunday is 0 and 7. When it is due is for package scheduler to say.
func ParseCron(expr string) (s cron.Schedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read %q: %v", expr, r)
		}
	}()
	if strings.Contains(expr, "TZ=") {
		return nil, fmt.Errorf("read %q: name the time zone beside the expression", expr)
	}
	if s, err = cron.ParseStandard(sundays(expr)); err != nil {
		return nil, fmt.Errorf("read %q: %w", expr, err)
	}
	if every, ok := s.(cron.ConstantDelaySchedule); ok && every.Delay < shortestEvery {
		return nil, fmt.Errorf("read %q: more often than every %s", expr, shortestEvery)
	}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("read %q: %w", expr, errNever)
	}
	return s, nil
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
