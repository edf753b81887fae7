package chart

import (
	"time"

	"gonum.org/v1/plot"
)

// rhythm is how far labels of an axis of time are from each other, and how they read.
type rhythm struct {
	months, days int
	clock        time.Duration
	format       string
}

// rhythms are all, from the shortest.
var rhythms = [...]rhythm{
	{clock: time.Minute, format: "15:04"},
	{clock: 5 * time.Minute, format: "15:04"},
	{clock: 15 * time.Minute, format: "15:04"},
	{clock: time.Hour, format: "15:04"},
	{clock: 3 * time.Hour, format: "15:04"},
	{clock: 6 * time.Hour, format: "2 Jan 15:04"},
	{days: 1, format: "2 Jan"},
	{days: 2, format: "2 Jan"},
	{days: 7, format: "2 Jan"},
	{days: 14, format: "2 Jan"},
	{months: 1, format: "Jan 2006"},
	{months: 3, format: "Jan 2006"},
	{months: 6, format: "Jan 2006"},
	{months: 12, format: "2006"},
	{months: 5 * 12, format: "2006"},
	{months: 25 * 12, format: "2006"},
	{months: 250 * 12, format: "2006"},
	{months: 2500 * 12, format: "2006"},
}

// long is about how long it is, in seconds: nine thousand years are more than a
// Duration holds.
func (r rhythm) long() int64 {
	const day = 24 * 60 * 60
	return int64(r.clock/time.Second) + int64(r.days)*day + int64(r.months)*day*30
}

// first is the last label at or before a moment.
func (r rhythm) first(t time.Time) time.Time {
	y, m, d := t.Date()
	switch {
	case r.months > 12:
		return time.Date(y-y%(r.months/12), 1, 1, 0, 0, 0, 0, t.Location())
	case r.months > 0:
		return time.Date(y, m-(m-1)%time.Month(min(r.months, 12)), 1, 0, 0, 0, 0, t.Location())
	case r.days%7 == 0 && r.days > 0: // weeks begin on Monday
		d -= (int(t.Weekday()) + 6) % 7
	}
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// next is the label after n others. Days are those of the calendar, of whatever length.
func (r rhythm) next(first time.Time, n int) time.Time {
	return first.AddDate(0, n*r.months, n*r.days).Add(time.Duration(n) * r.clock)
}

// moments are the labels of an axis of time, in the zone in which it begins.
func moments(from, until time.Time) (all []plot.Tick) {
	r := rhythms[len(rhythms)-1]
	for _, one := range rhythms {
		if (until.Unix()-from.Unix())/one.long() < mostDays {
			r = one
			break
		}
	}
	first := r.first(from)
	skipped := 0
	if r.clock > 0 {
		skipped = int(from.Sub(first) / r.clock)
	}
	for i := skipped; ; i++ {
		t := r.next(first, i)
		if t.After(until) {
			return all
		}
		if !t.Before(from) {
			all = append(all, plot.Tick{Value: seconds(t), Label: t.Format(r.format)})
		}
	}
}
