package slacktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of deliveries, as the envelopes of socket mode name them.
const (
	kindEvents   = "events_api"
	kindInteract = "interactive"
	kindCommands = "slash_commands"
)

// Delivery is one thing that Slack tells the app: an event, an interaction or a
// command.
type Delivery struct {
	ID       string // the event_id; of the others one that only this server knows
	Kind     string // events_api, interactive or slash_commands
	Type     string // message, app_mention, block_actions, ...; the command
	Payload  json.RawMessage
	Attempts []Attempt
	Acked    bool
	GaveUp   bool // all attempts failed
}

// Attempt is one time that a delivery was sent.
type Attempt struct {
	Envelope string // socket mode only
	Socket   int    // socket mode only
	Status   int    // HTTP only
	At       time.Time
	Acked    bool
	Took     time.Duration // until the ack
	Answer   []byte        // what came with the ack
	Reason   string        // why it is a retry; empty on the first
	Err      string        // why it failed
}

// String tells in a line how it went.
func (d Delivery) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:", d.ID, d.Type)
	for _, a := range d.Attempts {
		if a.Acked {
			fmt.Fprintf(&b, " [socket %d, status %d, acked after %v]", a.Socket, a.Status, a.Took)
			continue
		}
		fmt.Fprintf(&b, " [socket %d, status %d: %s]", a.Socket, a.Status, cmp.Or(a.Err, "waiting"))
	}
	return b.String()
}

// Endpoints are where the app takes deliveries by HTTP. One that is empty gets
// nothing.
type Endpoints struct{ Events, Interactions, Commands string }

// parcel is a delivery on its way.
type parcel struct {
	Delivery
	acked chan struct{} // closed at the first ack
}

// post is what is delivered and how.
type post struct {
	to        Endpoints
	parcels   []*parcel
	sockets   map[int]*socket
	tickets   map[string]bool    // of apps.connections.open, good once
	envelopes map[string]*letter // by envelope_id
	turned    int                // the socket that was used last
	count     int                // sockets so far
	sent      int                // envelopes so far
	cutEvery  int
	delay     time.Duration
}

func newPost() post {
	return post{sockets: map[int]*socket{}, tickets: map[string]bool{}, envelopes: map[string]*letter{}}
}

// DeliverTo makes deliveries go by HTTP. Empty endpoints go back to socket mode.
func (s *Server) DeliverTo(e Endpoints) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = e
}

// DelayAcks makes acks and HTTP answers arrive so much later than they come.
func (s *Server) DelayAcks(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Redeliver sends a delivery once more, acked or not, as Slack does when an ack
// was lost. It does not wait for the ack.
func (s *Server) Redeliver(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.parcels, func(p *parcel) bool { return p.ID == id })
	if i < 0 {
		s.problem("misuse", "Redeliver: there is no delivery %s", id)
		return
	}
	p := s.parcels[i]
	s.spawn(func() { s.attempt(p, "timeout") })
}
