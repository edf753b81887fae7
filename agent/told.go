package agent

import (
	"strings"
	"time"
)

// Told is what a notice of the router says beside its words: what its card needs,
// and what a press on it is about.
type Told struct {
	Type, Severity string   // such as drift.detected; info, warning, action or urgent
	Facts          []Fact   `json:",omitempty"`
	Lines          []string `json:",omitempty"` // of a burst, one for each thing that happened
	Stack          string   `json:",omitempty"` // that can be scanned from here
	Delivery       string   `json:",omitempty"` // by which the reader can mute what is like it
}

// Fact is a named value, computed from data. Of a moment, Value is how it reads in UTC
// and At lets a chat show it in the reader's zone.
type Fact struct {
	Name, Value string
	At          time.Time `json:",omitzero"`
}

// Moment is a fact that is a moment.
func Moment(name string, at time.Time) Fact {
	return Fact{name, at.UTC().Format("2 January 15:04 MST"), at.UTC()}
}

// budgetSpent begins the reason of a turn that ended because it had spent what it may.
const budgetSpent = "the budget of "

// OverBudget tells whether an event ended a turn because its budget was spent.
func (ev Event) OverBudget() bool {
	return ev.Kind == KindStopped && strings.HasPrefix(ev.Payload.Text, budgetSpent)
}

// Ends is when the quiet time that at is in is over. Outside of it, it is at.
func (q Quiet) Ends(at time.Time) time.Time {
	if q.Zone == nil {
		return at
	}
	begins, ends := q.around(at)
	if at.Before(begins) {
		return at
	}
	return ends
}
