package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/rbac"
)

// AlertState is how far an alert is. The zero value is of no alert: nobody can
// press anything on it.
type AlertState int

// An alert begins Alerting and ends Resolved. Acknowledged and Snoozed stop the
// chain; a snoozed one is Alerting again when its time is over.
const (
	NoAlert AlertState = iota
	Alerting
	Acknowledged
	Snoozed
	Resolved
)

var alertNames = [...]string{"nothing", "open", "acknowledged", "snoozed", "resolved"}

func (s AlertState) String() string { return alertNames[s] }

// Rung is one step of a chain. After counts from the beginning. To is
// "platform:channel", "oncall:ROTA", "deputy:ROTA", "person:ID" or "service:NAME".
type Rung struct {
	After time.Duration
	To    []string
}

// Telling is who was told by a rung, and where. Without rooms it is a service, or Why
// says why nobody was reached.
type Telling struct {
	Rung  int
	To    string
	Rooms []string     `json:",omitempty"` // "platform:channel", or "platform:@id" of a person
	Who   []rbac.Actor `json:",omitempty"` // whom the address meant at that moment
	As    string       `json:",omitempty"` // how people know a channel
	At    time.Time
	Why   string `json:",omitempty"`
}

// Reached tells whether anybody was.
func (t Telling) Reached() bool { return t.Why == "" }

// Attended is what one person pressed on an alert. ID is the click's, so that one
// that is delivered twice counts once.
type Attended struct {
	ID string
	Do Deed
	By rbac.Actor
	At time.Time
}

// Alert is something that somebody must take, as a row: who is told next is a job
// with a time. Rungs are the chain as it was at the raise.
type Alert struct {
	ID, Org, Session, Key, Trace string
	Version                      int // counted by the store
	State                        AlertState
	Chain, Title, Text           string
	Facts                        []Fact `json:",omitempty"`
	Severity, Stack, Environment string
	Hold                         string    `json:",omitempty"` // an approval or a question that nobody answers
	Ends                         time.Time `json:",omitzero"`  // of the approval's card; zero is of none
	Own                          []string  `json:",omitempty"` // rooms in which what it is about may be read
	Rungs                        []Rung
	Step                         int       // how many rungs were told
	Since                        time.Time // what the delays of the rungs count from; time that the chain stood still is added
	Stopped                      time.Time `json:",omitzero"` // the chain stands still since then
	Told                         []Telling
	Count                        int // how often it was raised
	Owner                        rbac.Actor
	Taken                        time.Time  `json:",omitzero"` // when the owner took it
	Until                        time.Time  `json:",omitzero"` // of a snooze
	Attended                     []Attended `json:",omitempty"`
	Reminded                     bool       `json:",omitempty"` // its owner, since Taken
	Opened, Moved, Ended         time.Time  // Moved is the moment of the newest change
	Why                          string     `json:",omitempty"` // it ended without anybody's press
}

// Alerts keeps alerts. OpenAlerts are those that are not resolved, oldest first.
type Alerts interface {
	Alert(ctx context.Context, org, id string) (Alert, error)
	OpenAlerts(ctx context.Context, org string) ([]Alert, error)
}

// Reached is where an address leads at this moment, and whom it means, or how people
// know it. Why says why it leads nowhere.
type Reached struct {
	Rooms []string
	Who   []rbac.Actor
	As    string
	Why   string
}

// Escalation is how alerts find people. A nil one raises nothing.
type Escalation struct {
	Alerts Alerts
	Chain  func(org, name string) []Rung                          // none is no chain
	For    func(org string, a rbac.Action) string                 // the chain of approvals of an action; empty is none
	Reach  func(ctx context.Context, org, to string) Reached      // asked when a rung is told
	Admins func(ctx context.Context, org string) (rooms []string) // who hear of what could not be told
	Own    func(org, stack string) (rooms []string)               // in which a stack is spoken of; nil is none
	Title  func(room string) string                               // as people know it; nil is as it is configured
}

// alertPlatform is where the sessions of alerts are: no chat, because an alert is
// shown in as many rooms as were told.
const alertPlatform = "alert"

// AlertThread is where everything about alerts with a key is recorded, one after
// the other.
func AlertThread(key string) Thread { return Thread{Platform: alertPlatform, ID: key} }

// alertID is the same for the same raise, however often its job runs.
func alertID(org, raise string) string {
	sum := sha256.Sum256([]byte(org + "\x00" + raise))
	return hex.EncodeToString(sum[:13])
}

// Rooms are where the alert is shown, in the order in which they were told.
func (a *Alert) Rooms() (rooms []string) {
	for _, t := range a.Told {
		for _, r := range t.Rooms {
			if !slices.Contains(rooms, r) {
				rooms = append(rooms, r)
			}
		}
	}
	return rooms
}

// Shown tells whether a room may read what the alert is about: one person's own, or one
// where it is spoken of. One that is about no stack and happened nowhere may be read
// wherever the chain leads.
func (a *Alert) Shown(room string) bool {
	_, channel, _ := strings.Cut(room, ":")
	return strings.HasPrefix(channel, "@") || a.Stack == "" && len(a.Own) == 0 || slices.Contains(a.Own, room)
}

// Heard tells whether anybody was reached at all, be it a service.
func (a *Alert) Heard() bool { return slices.ContainsFunc(a.Told, Telling.Reached) }

// titled is what a room may call the alert.
func (a *Alert) titled(room string) string {
	if a.Shown(room) {
		return a.Title
	}
	return "An alert about something of another channel"
}

// Fresh is who was told by the newest change.
func (a *Alert) Fresh() (all []Telling) {
	for _, t := range a.Told {
		if t.At.Equal(a.Moved) {
			all = append(all, t)
		}
	}
	return all
}

// Services are the outside services that were told.
func (a *Alert) Services() (names []string) {
	for _, t := range a.Told {
		if name, ok := strings.CutPrefix(t.To, toService); ok && t.Reached() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

const toService = "service:"

// Again tells whether the newest change called a room that shows the alert already: a
// card that is only redrawn rings nobody's bell.
func (a *Alert) Again(room string) bool {
	before, now := false, false
	for _, t := range a.Told {
		if slices.Contains(t.Rooms, room) {
			fresh := t.At.Equal(a.Moved)
			before, now = before || !fresh, now || fresh
		}
	}
	return before && now
}

// Next is who is told next, and when. Nobody is while the chain stands still, or at
// its end.
func (a *Alert) Next() (to []string, at time.Time) {
	if a.State != Alerting || a.Step >= len(a.Rungs) {
		return nil, time.Time{}
	}
	return a.Rungs[a.Step].To, a.Since.Add(a.Rungs[a.Step].After)
}

// remindAfter is how long somebody may have an alert before they are reminded, once.
const remindAfter = 24 * time.Hour

// due is the job that looks at the alert again, if anything is to come. It is named
// after the version that is about to be written.
func (a *Alert) due() []Job {
	_, at := a.Next()
	switch {
	case a.State == Snoozed:
		at = a.Until
	case a.State == Acknowledged && !a.Reminded:
		at = a.Taken.Add(remindAfter)
	}
	if at.IsZero() {
		return nil
	}
	return []Job{{
		ID: fmt.Sprintf("%s/due/%d", a.ID, a.Version+1), Org: a.Org, Trace: a.Trace, Thread: AlertThread(a.Key), Alert: a.ID, After: at,
	}}
}

// lastAlert is the newest alert of this session, as its log has it.
func (s *Session) lastAlert() string {
	for _, ev := range slices.Backward(s.Events) {
		if ev.Kind == KindAlert && ev.Payload.Alert != nil {
			return ev.Payload.Alert.ID
		}
	}
	return ""
}
