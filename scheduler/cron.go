package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a parsed expression of five fields, or a preset like "@daily".
type Cron struct{ schedule cron.Schedule }

var errNever = errors.New("it never comes due")

// ParseCron refuses what the parser panics on (a time zone inside the
// expression: robfig/cron issues 470 and 554) and what never comes due, such as
// 30 February.
func ParseCron(expr string) (c Cron, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read %q: %v", expr, r)
		}
	}()
	if strings.Contains(expr, "TZ=") {
		return c, fmt.Errorf("read %q: name the time zone beside the expression", expr)
	}
	s, err := cron.ParseStandard(expr)
	if err != nil {
		return c, fmt.Errorf("read %q: %w", expr, err)
	}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return c, fmt.Errorf("read %q: %w", expr, errNever)
	}
	return Cron{s}, nil
}

// Next is the first due time after a moment, in UTC.
func (c Cron) Next(after time.Time, zone *time.Location) time.Time {
	return c.schedule.Next(after.In(zone)).UTC()
}
