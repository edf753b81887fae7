package agent

import "time"

// Patience is how long people are waited for.
type Patience struct {
	Expiry time.Duration // of a card
	Next   time.Duration // after which the next people are called; 0 calls nobody else
	Quiet  Quiet
}

// Quiet is when nobody is expected to answer, as times of day in a zone. The
// zero value is never. From after Until is a night.
type Quiet struct {
	From, Until time.Duration // since midnight
	Zone        *time.Location
}

// oldest is the longest that a card waits in all, whatever is quiet: one that
// stays for days is forgotten when it is pressed.
const oldest = 24 * time.Hour

// after is the moment when so much time will have passed, quiet hours not
// counted, at most a day later. What is urgent knows no quiet hours.
func (p Patience) after(from time.Time, wait time.Duration, urgent bool) time.Time {
	last := from.Add(oldest)
	at := from
	for !urgent && p.Quiet.Zone != nil && at.Before(last) {
		begins, ends := p.Quiet.around(at)
		if at.Before(begins) && !at.Add(wait).After(begins) {
			break // it ends before anything is quiet
		}
		if at.Before(begins) {
			wait -= begins.Sub(at)
		}
		at = ends
	}
	if at = at.Add(wait); at.After(last) {
		return last
	}
	return at
}

// around is the quiet time that at is in, or the next one.
func (q Quiet) around(at time.Time) (begins, ends time.Time) {
	local := at.In(q.Zone)
	for day := -1; ; day++ {
		begins = q.clock(local, day, q.From)
		ends = q.clock(local, day, q.Until)
		if !ends.After(begins) {
			ends = q.clock(local, day+1, q.Until)
		}
		if ends.After(at) {
			return begins.UTC(), ends.UTC()
		}
	}
}

// clock is a time of day, so many days away, by the zone's own clock.
func (q Quiet) clock(local time.Time, days int, since time.Duration) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day()+days, 0, int(since/time.Minute), 0, 0, q.Zone)
}
