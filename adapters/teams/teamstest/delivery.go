package teamstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Delivery is one activity that Teams tells the bot of.
type Delivery struct {
	ID           string // the activity's; of a message the message's
	Type         string // message, invoke, conversationUpdate, ...
	Name         string // of an invoke
	Conversation string // with the thread
	Payload      json.RawMessage
	Attempts     []Attempt
	Done         bool // answered with 2xx in time
	GaveUp       bool // all attempts failed
}

// Attempt is one time that a delivery was sent.
type Attempt struct {
	At     time.Time
	Status int           // zero when no answer came in time
	Took   time.Duration // until the answer
	Answer []byte
	Err    string // why it failed
}

// String tells in a line how it went.
func (d Delivery) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:", d.ID, cmp.Or(d.Name, d.Type))
	for _, a := range d.Attempts {
		fmt.Fprintf(&b, " [%d after %v %s]", a.Status, a.Took, a.Err)
	}
	return b.String()
}

// retryAfter is how long Teams waits before it sends a message once more that
// was not answered well. It does so once, and with invokes never.
const retryAfter = 15 * time.Second

// parcel is a delivery on its way.
type parcel struct {
	Delivery
	first chan struct{} // closed after the first attempt
}

// post is what is delivered and where to.
type post struct {
	endpoint string
	parcels  []*parcel
	delay    time.Duration
}

// pack books an activity. The lock is held.
func (s *Server) pack(activity object) *parcel {
	n := node(activity)
	d := Delivery{ID: n.text("id"), Type: n.text("type"), Name: n.text("name"), Payload: encode(activity)}
	conversation, _ := n["conversation"].(object)
	d.Conversation, _ = conversation["id"].(string)
	p := &parcel{Delivery: d, first: make(chan struct{})}
	s.parcels = append(s.parcels, p)
	s.changed()
	return p
}

// send puts an activity on its way, which may overtake what was sent before, as
// in the real one. The lock is held.
func (s *Server) send(activity object) *parcel {
	p := s.pack(activity)
	s.spawn(func() { s.insist(p) })
	return p
}

// insist tries once more when the first attempt failed.
func (s *Server) insist(p *parcel) {
	a := s.try(p)
	close(p.first)
	if a.Err != "" {
		select {
		case <-time.After(s.scaled(retryAfter)):
			a = s.try(p)
		case <-s.ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.GaveUp = a.Err != ""
	s.changed()
}

// DelayAnswers makes the bot's answers arrive so much later than they come.
func (s *Server) DelayAnswers(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Redeliver sends the last delivery of an id once more as it is, answered or not,
// as Teams does when an answer was lost. It does not wait, and nobody looks at
// the answer.
func (s *Server) Redeliver(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.delivered("Redeliver", id); p != nil {
		s.spawn(func() { s.try(p) })
	}
}

// Repeat sends the last delivery of an id once more under a new id, as clients
// do with an invoke when the person clicks twice or the network was slow. It
// returns the new id and does not wait; nobody looks at the answer.
func (s *Server) Repeat(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.delivered("Repeat", id)
	if p == nil {
		return ""
	}
	n := parse(p.Payload)
	n["id"] = serial("f:")
	if p.Type == "message" {
		n["id"] = s.stamp()
	}
	again := s.pack(object(n))
	again.Conversation = p.Conversation
	s.spawn(func() { s.try(again) })
	return again.ID
}

// delivered is the last delivery of an id.
func (s *Server) delivered(what, id string) *parcel {
	for _, p := range slices.Backward(s.parcels) {
		if p.ID == id {
			return p
		}
	}
	s.problem(ruleMisuse, "%s: there is no delivery %s", what, id)
	return nil
}
