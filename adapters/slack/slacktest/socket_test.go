package slacktest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

type frame struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
	Count   int             `json:"num_connections"`
	Retry   int             `json:"retry_attempt"`
	Why     string          `json:"retry_reason"`
	Info    struct {
		Time int `json:"approximate_connection_time"`
	} `json:"debug_info"`
}

// dial opens a connection without the library.
func dial(t *testing.T, s *Server) *websocket.Conn {
	t.Helper()
	_, _, a := invoke(t, s, s.Options().AppToken, "apps.connections.open", "")
	url, _ := a["url"].(string)
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatalf("%v: %v", err, a)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func next(t *testing.T, conn *websocket.Conn) frame {
	t.Helper()
	var f frame
	if err := conn.ReadJSON(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

func hello(t *testing.T, s *Server) *websocket.Conn {
	t.Helper()
	conn := dial(t, s)
	if f := next(t, conn); f.Type != "hello" || f.Count != len(s.Sockets()) || f.Info.Time <= 0 {
		t.Fatalf("hello: %+v", f)
	}
	return conn
}

func reply(t *testing.T, conn *websocket.Conn, v any) {
	t.Helper()
	if err := conn.WriteJSON(v); err != nil {
		t.Fatal(err)
	}
}

func TestEnvelopes(t *testing.T) {
	s, _ := start(t, Options{})
	one, two := hello(t, s), hello(t, s)
	s.Say("C1", "", "U1", "first")
	s.Say("C1", "", "U1", "second")
	a, b := next(t, one), next(t, two) // each goes to one connection, in turn
	if a.Type != "events_api" || a.ID == b.ID || a.Retry != 0 {
		t.Errorf("envelopes: %+v %+v", a, b)
	}
	reply(t, one, object{"envelope_id": a.ID})
	reply(t, two, object{"envelope_id": b.ID})
	wait(t, s, func() bool { return acked(s) == 2 })
	for i, d := range s.Deliveries() {
		if len(d.Attempts) != 1 || d.Attempts[0].Socket != i+1 || !d.Attempts[0].Acked || d.Attempts[0].Took <= 0 {
			t.Errorf("delivery: %v", d)
		}
	}
}

// What is not acked, or died with its connection, comes by another one.
func TestRedelivery(t *testing.T) {
	s, _ := start(t, Options{Scale: 100, Patience: 150 * time.Millisecond})
	one, two := hello(t, s), hello(t, s)
	s.Say("C1", "", "U1", "first")
	a := next(t, one)
	b := next(t, two) // after the patience
	if b.Retry != 1 || b.Why != "timeout" || string(a.Payload) != string(b.Payload) || a.ID == b.ID {
		t.Errorf("the retry: %+v", b)
	}
	reply(t, two, object{"envelope_id": b.ID})
	wait(t, s, func() bool { return acked(s) == 1 })
	s.Say("C1", "", "U1", "second")
	next(t, one)
	s.Cut(s.Sockets()[0])
	if c := next(t, two); c.Retry != 1 || c.Why != "connection_failed" {
		t.Errorf("after the cut: %+v", c)
	} else {
		reply(t, two, object{"envelope_id": c.ID})
	}
	wait(t, s, func() bool { return acked(s) == 2 })
	id := s.Deliveries()[0].ID
	s.Redeliver(id)
	again := next(t, two)
	if string(again.Payload) != string(a.Payload) || again.Retry != 2 {
		t.Errorf("redelivered: %+v", again)
	}
	reply(t, two, object{"envelope_id": again.ID})
	wait(t, s, func() bool { d := s.Deliveries()[0]; return len(d.Attempts) == 3 && d.Attempts[2].Acked })
}

func TestBadAcks(t *testing.T) {
	s, _ := start(t, Options{})
	conn := hello(t, s)
	s.Say("C1", "", "U1", "first")
	a := next(t, conn)
	large := make([]byte, largestAck)
	for _, v := range []any{
		object{"envelope_id": ""},
		object{"envelope_id": "nobody"},
		object{"envelope_id": a.ID, "payload": large},
		"text",
		object{"envelope_id": a.ID},
		object{"envelope_id": a.ID},
	} {
		reply(t, conn, v)
	}
	wait(t, s, func() bool { return len(s.Problems()) == 5 })
	forgive(t, s, "bad_ack", "bad_ack", "bad_ack", "bad_ack", "double_ack")
}

func TestDisconnect(t *testing.T) {
	s, _ := start(t, Options{Scale: 200, Patience: time.Second})
	one, two := hello(t, s), hello(t, s)
	s.Disconnect("warning", s.Sockets()[0])
	if f := next(t, one); f.Type != "disconnect" || f.Reason != "warning" {
		t.Errorf("goodbye: %+v", f)
	}
	wait(t, s, func() bool { return len(s.Sockets()) == 1 })
	s.Disconnect("refresh_requested")
	if f := next(t, two); f.Reason != "refresh_requested" || len(s.Sockets()) != 0 {
		t.Errorf("goodbye: %+v, left: %v", f, s.Sockets())
	}
	if _, _, err := two.ReadMessage(); err == nil {
		t.Error("the connection is still open")
	}
}

func TestTooManySockets(t *testing.T) {
	s, _ := start(t, Options{})
	for range mostSockets {
		hello(t, s)
	}
	conn := dial(t, s)
	if f := next(t, conn); f.Type != "disconnect" || f.Reason != "too_many_websockets" {
		t.Errorf("the eleventh: %+v", f)
	}
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the eleventh connection is open")
	}
	forgive(t, s, "too_many_websockets")
}

func TestTicketIsGoodOnce(t *testing.T) {
	s, _ := start(t, Options{})
	_, _, a := invoke(t, s, s.Options().AppToken, "apps.connections.open", "")
	url, _ := a["url"].(string)
	for i, want := range []bool{true, false} {
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
		if (err == nil) != want {
			t.Errorf("dial %d: %v", i+1, err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// An ack that is late arrives all the same, and ends the retries.
func TestDelayedAcks(t *testing.T) {
	s, _ := start(t, Options{Patience: 30 * time.Millisecond})
	conn := hello(t, s)
	s.DelayAcks(200 * time.Millisecond)
	s.Say("C1", "", "U1", "first")
	a := next(t, conn)
	reply(t, conn, object{"envelope_id": a.ID})
	if b := next(t, conn); b.Retry != 1 {
		t.Errorf("the retry: %+v", b)
	}
	wait(t, s, func() bool { return acked(s) == 1 })
	if d := s.Deliveries()[0]; d.Attempts[0].Took < 200*time.Millisecond || len(d.Attempts) != 2 || d.GaveUp {
		t.Errorf("delivery: %v", d)
	}
}

// listener runs the library's socket mode and acks what comes, once each.
type listener struct {
	client *socketmode.Client
	mu     sync.Mutex
	seen   map[string]int // event ids
}

func (l *listener) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-l.client.Events:
			if e.Request == nil || e.Request.EnvelopeID == "" {
				continue
			}
			if in, ok := e.Data.(slackevents.EventsAPIEvent); ok {
				l.mu.Lock()
				l.seen[in.Data.(*slackevents.EventsAPICallbackEvent).EventID]++
				l.mu.Unlock()
			}
			var payload any
			if e.Type == socketmode.EventTypeSlashCommand {
				payload = map[string]any{"text": "seen"}
			}
			_ = l.client.AckCtx(ctx, e.Request.EnvelopeID, payload)
		}
	}
}

// The library stays connected through all that can happen to a socket, and what
// is said meanwhile reaches it.
func TestLibrarySocketMode(t *testing.T) {
	s, api := start(t, Options{Scale: 600, Patience: 500 * time.Millisecond, Unlimited: true})
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{client: socketmode.New(api, socketmode.OptionPingInterval(time.Second)), seen: map[string]int{}}
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.client.RunContext(ctx) })
	wg.Go(func() { l.run(ctx) })
	t.Cleanup(func() { cancel(); s.Close(); wg.Wait() })
	open := func() bool { return len(s.Sockets()) == 1 }
	wait(t, s, open)
	if o := s.Slash("U1", "C1", "/ops", "x"); !o.OK || len(s.Private("U1")) != 1 {
		t.Errorf("slash: %+v", o)
	}
	if o := s.Click("U1", "C1", card(t, api), "go"); !o.OK {
		t.Errorf("click: %+v", o)
	}
	for _, happen := range []func(){
		func() { s.Cut() },
		func() { s.Disconnect("refresh_requested") },
		func() { s.Disconnect("warning") },
		func() { s.CutEvery(1) },
	} {
		before := s.Sockets()
		s.Say("C1", "", "U1", "before")
		happen()
		s.Say("C1", "", "U1", "after")
		wait(t, s, func() bool { return open() && s.Sockets()[0] != before[0] })
		s.CutEvery(0)
		wait(t, s, func() bool { return acked(s) == len(s.Deliveries()) })
	}
	for _, d := range s.Deliveries() {
		if d.Kind == kindEvents && l.seen[d.ID] == 0 {
			t.Errorf("%s never came: %+v", d.ID, d.Attempts)
		}
	}
}

// More connections than one share the work.
func TestManySockets(t *testing.T) {
	s, api := start(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		l := &listener{client: socketmode.New(api), seen: map[string]int{}}
		wg.Go(func() { _ = l.client.RunContext(ctx) })
		wg.Go(func() { l.run(ctx) })
	}
	t.Cleanup(func() { cancel(); s.Close(); wg.Wait() })
	wait(t, s, func() bool { return len(s.Sockets()) == 3 })
	for range 30 {
		s.Say("C1", "", "U1", "hello")
	}
	wait(t, s, func() bool { return acked(s) == 30 })
	by := map[int]int{}
	for _, d := range s.Deliveries() {
		by[d.Attempts[0].Socket]++
	}
	if by[1] != 10 || by[2] != 10 || by[3] != 10 {
		t.Errorf("deliveries by socket: %v", by)
	}
}
