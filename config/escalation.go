package config

import (
	"errors"
	"strings"
	"time"
)

// Chain is who is told one after the other, until somebody takes it.
type Chain []Rung

// Rung is one step of a Chain. After counts from the beginning. To is
// "platform:channel", "oncall:ROTA", "deputy:ROTA", "person:ID" or "service:NAME".
type Rung struct {
	After time.Duration `yaml:"after"`
	To    []string      `yaml:"to"`
}

// Rota is who is on call: People take turns from Starts on, each for Every; or the
// schedule of PagerDuty with this id says so. Turns change at the same time of day by
// the clock of Timezone, whatever its clock does meanwhile.
type Rota struct {
	Title     string        `yaml:"title"`
	People    []string      `yaml:"people"`
	Starts    string        `yaml:"starts"` // 2026-01-05T09:00 by the clock of Timezone
	Every     time.Duration `yaml:"every"`  // whole hours: 24h is a day, 168h a week
	Timezone  string        `yaml:"timezone"`
	Deputy    string        `yaml:"deputy"` // a person; empty is who is next
	Swaps     []Swap        `yaml:"swaps"`
	PagerDuty string        `yaml:"pagerduty"`
	Key       Secret        `yaml:"key"` // of PagerDuty's API
	URL       string        `yaml:"url"` // of PagerDuty's API; empty is its own
}

// Swap puts somebody on call for a time.
type Swap struct {
	Person string    `yaml:"person"`
	From   time.Time `yaml:"from"`
	Until  time.Time `yaml:"until"`
}

var errStarts = errors.New("must be a day and a time by the clock of timezone, such as 2026-01-05T09:00")

// Begins is when the first turn begins.
func (r Rota) Begins() (time.Time, error) {
	zone, err := time.LoadLocation(r.Timezone)
	if err != nil || r.Timezone == "Local" {
		return time.Time{}, errors.New("has no known time zone")
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", r.Starts, zone)
	if err != nil {
		return time.Time{}, errStarts
	}
	return at, nil
}

// Address takes an address of a chain apart: its kind is oncall, deputy, person,
// service, chain or room; of a room, the name is all of it.
func Address(to string) (kind, name string) {
	switch kind, name, _ := strings.Cut(to, ":"); kind {
	case "oncall", "deputy", "person", "service", "chain":
		return kind, name
	}
	return "room", to
}
