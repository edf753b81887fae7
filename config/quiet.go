package config

import (
	"fmt"
	"time"
)

// Parse gives quiet hours as times since midnight in a zone. From after until is
// a night. Without any, the zone is nil.
func (q Quiet) Parse() (from, until time.Duration, zone *time.Location, err error) {
	if zone, err = time.LoadLocation(q.Timezone); err != nil || q.Timezone == "Local" {
		return 0, 0, nil, fmt.Errorf("timezone: no time zone %s; write it as Europe/Berlin or UTC", shown(q.Timezone))
	}
	if q.From == "" && q.Until == "" {
		return 0, 0, nil, nil
	}
	if from, err = clock(q.From); err != nil {
		return 0, 0, nil, fmt.Errorf("from: %w", err)
	}
	if until, err = clock(q.Until); err != nil {
		return 0, 0, nil, fmt.Errorf("until: %w", err)
	}
	return from, until, zone, nil
}

// clock reads exactly HH:MM.
func clock(text string) (time.Duration, error) {
	const layout = "15:04"
	t, err := time.Parse(layout, text)
	if err != nil || len(text) != len(layout) {
		return 0, fmt.Errorf("must be HH:MM, not %s", shown(text))
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
