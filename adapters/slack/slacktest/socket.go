package slacktest

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	mostSockets    = 10
	largestAck     = 20 << 10 // larger ones are dropped without a word
	pingInterval   = 5 * time.Second
	fastestPing    = 100 * time.Millisecond
	connectionLife = 5 * time.Hour // which hello tells in seconds; nothing ends by itself here
	outgoing       = 4096          // frames that wait for a slow reader before it is cut
)

// socket is one connection of socket mode.
type socket struct {
	id   int
	conn *websocket.Conn
	out  chan []byte
	done chan struct{} // closed when it is over
	over bool
}

// connectionsOpen hands out a URL that can be dialled once.
func (s *Server) connectionsOpen(*call) (object, error) {
	ticket := rand.Text()
	s.tickets[ticket] = true
	ws := "ws" + strings.TrimPrefix(s.base, "http")
	return object{"url": ws + "/link/?ticket=" + ticket + "&app_id=" + s.opts.AppID}, nil
}

// link takes a connection.
func (s *Server) link(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	good := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !good {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it was answered
	}
	s.open(conn)
}

// open greets a connection, or refuses it when there are too many.
func (s *Server) open(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		_ = conn.Close()
		return
	}
	s.count++
	k := &socket{id: s.count, conn: conn, out: make(chan []byte, outgoing), done: make(chan struct{})}
	s.spawn(func() { s.write(k) })
	s.spawn(func() { s.read(k) })
	if len(s.sockets) >= mostSockets {
		s.problem("too_many_websockets", "an eleventh connection was opened")
		k.out <- farewell("too_many_websockets")
		close(k.out)
		return
	}
	s.sockets[k.id] = k
	k.out <- encode(object{
		"type": "hello", "num_connections": len(s.sockets), "connection_info": object{"app_id": s.opts.AppID},
		"debug_info": object{
			"host": "applink-0", "build_number": 1, "approximate_connection_time": int(connectionLife / time.Second),
		},
	})
	s.changed()
}

func farewell(reason string) []byte {
	return encode(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-0"}})
}

// write sends frames and pings until the socket is over.
func (s *Server) write(k *socket) {
	defer s.close(k)
	ping := time.NewTicker(max(fastestPing, s.scaled(pingInterval)))
	defer ping.Stop()
	for {
		select {
		case <-k.done:
			return
		case frame, more := <-k.out:
			if !more {
				end := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
				_ = k.conn.WriteControl(websocket.CloseMessage, end, time.Now().Add(time.Second))
				return
			}
			_ = k.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
			if frame == nil || k.conn.WriteMessage(websocket.TextMessage, frame) != nil {
				return
			}
		case <-ping.C:
			if k.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-0"), time.Now().Add(time.Second)) != nil {
				return
			}
		}
	}
}

// read takes acks until the socket is over.
func (s *Server) read(k *socket) {
	defer s.close(k)
	for {
		_, frame, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		s.mu.Lock()
		delay := s.delay
		if delay > 0 {
			s.later(delay, func() { s.receipt(frame) })
		}
		s.mu.Unlock()
		if delay == 0 {
			s.receipt(frame)
		}
	}
}

// close ends a socket; who waits for acks from it knows at once.
func (s *Server) close(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !k.over {
		k.over = true
		delete(s.sockets, k.id)
		close(k.done)
		_ = k.conn.Close()
		s.changed()
	}
}

// receipt is a frame from the app, which can only be an ack.
func (s *Server) receipt(frame []byte) {
	var r struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := json.Unmarshal(frame, &r)
	l := s.envelopes[r.ID]
	switch {
	case err != nil:
		s.problem("bad_ack", "a frame that is no JSON object: %.80q", frame)
	case r.ID == "":
		s.problem("bad_ack", "an ack without envelope_id, as if hello or disconnect were acked")
	case l == nil:
		s.problem("bad_ack", "an ack of %s, which was never sent", r.ID)
	case len(frame) >= largestAck:
		s.problem("bad_ack", "an ack of %d bytes was dropped: 20 KB is too large", len(frame))
	case l.parcel.Attempts[l.index].Acked:
		s.problem("double_ack", "%s was acked twice", r.ID)
	default:
		if string(r.Payload) == "null" {
			r.Payload = nil
		}
		s.ack(l.parcel, l.index, r.Payload)
		close(l.acked)
	}
}

// Sockets are the numbers of the open connections, in the order of their coming.
func (s *Server) Sockets() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.sockets))
}
