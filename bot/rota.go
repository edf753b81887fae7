package bot

import "time"

// Rota is who is on call: People take turns from Starts on, each for Every by the
// clock of Starts' zone, so that a turn changes at the same time of day whatever that
// clock does. It has no gap, unless there are no People. Persons are ids.
type Rota struct {
	People []string
	Starts time.Time
	Every  time.Duration // whole minutes
	Deputy string        // empty is who is next
	Swaps  []Swap
}

// Swap puts somebody on call from a moment until another.
type Swap struct {
	Person      string
	From, Until time.Time
}

// Duty is who is on call until when, who follows, and who stands in.
type Duty struct {
	Person, Next, Deputy string
	Until                time.Time // when somebody else is; zero is never
}

// String is the duty in a line.
func (d Duty) String() string {
	if d.Person == "" {
		return "nobody just now"
	}
	text := plain(d.Person)
	if !d.Until.IsZero() {
		text += " until " + dated(d.Until)
	}
	if d.Next != "" {
		text += ", then " + plain(d.Next)
	}
	if d.Deputy != "" {
		text += "; deputy " + plain(d.Deputy)
	}
	return text
}

// At is who is on call at a moment; before Starts it is the first one. The zero Duty
// is nobody.
func (r Rota) At(at time.Time) Duty {
	if len(r.People) == 0 || r.Every <= 0 {
		return Duty{}
	}
	d := Duty{}
	d.Person, d.Until = r.stretch(at)
	for n := 0; n < len(r.People)+1 || d.Until.Before(r.planned()); n++ { // turns of the same person are one
		next, until := r.stretch(d.Until)
		if next != d.Person {
			d.Next = next
			break
		}
		d.Until = until
	}
	if d.Next == "" { // one person alone
		d.Until = time.Time{}
	}
	d.Deputy = r.deputy(d)
	return d
}

// planned is the end of the last swap: from then on, turns alone say who.
func (r Rota) planned() (last time.Time) {
	for _, s := range r.Swaps {
		if s.Until.After(last) {
			last = s.Until
		}
	}
	return last
}

// deputy is never the one who is on call.
func (r Rota) deputy(d Duty) string {
	if r.Deputy != "" && r.Deputy != d.Person {
		return r.Deputy
	}
	return d.Next
}

// stretch is who is on call at a moment, and until when nothing changes.
func (r Rota) stretch(at time.Time) (person string, until time.Time) {
	turn, until := r.turn(at)
	person = r.People[turn%len(r.People)]
	for _, s := range r.Swaps {
		switch {
		case !at.Before(s.From) && at.Before(s.Until):
			return s.Person, s.Until
		case at.Before(s.From) && s.From.Before(until):
			until = s.From
		}
	}
	return person, until
}

// turn is the number of the turn that a moment is in, and when it ends.
func (r Rota) turn(at time.Time) (n int, ends time.Time) {
	if at.Before(r.Starts) {
		return 0, r.change(1)
	}
	n = max(0, int(at.Sub(r.Starts)/r.Every)-1) // clocks that are moved shift it by an hour or two
	for !r.change(n + 1).After(at) {
		n++
	}
	return n, r.change(n + 1)
}

// change is when turn n begins, by the zone's own clock.
func (r Rota) change(n int) time.Time {
	s := r.Starts
	return time.Date(s.Year(), s.Month(), s.Day(), s.Hour(), s.Minute()+n*int(r.Every/time.Minute), 0, 0, s.Location())
}
