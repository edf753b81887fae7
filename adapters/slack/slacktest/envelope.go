package slacktest

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// letter is a delivery in an envelope of socket mode.
type letter struct {
	parcel *parcel
	index  int     // of the attempt
	socket *socket // nil when none was open
	acked  chan struct{}
}

// mail sends a delivery to one socket: the next in turn, so that a retry comes
// by another. A retry has a new envelope and the same event. The lock is held.
func (s *Server) mail(p *parcel, reason string) *letter {
	l := &letter{parcel: p, acked: make(chan struct{})}
	retry := len(p.Attempts)
	a := Attempt{At: time.Now(), Reason: reason}
	if l.socket = s.turn(); l.socket != nil {
		a.Envelope, a.Socket = rand.Text(), l.socket.id
	}
	l.index = p.begin(a)
	s.changed()
	if l.socket == nil {
		return l
	}
	s.envelopes[a.Envelope] = l
	envelope := object{
		"envelope_id": a.Envelope, "type": p.Kind, "payload": p.Payload,
		"accepts_response_payload": p.Kind == kindCommands || p.Type == "view_submission",
	}
	if p.Kind == kindEvents {
		envelope["retry_attempt"], envelope["retry_reason"] = retry, reason
	}
	l.socket.push(encode(envelope))
	s.sent++
	if s.cutEvery > 0 && s.sent%s.cutEvery == 0 {
		l.socket.push(nil)
	}
	return l
}

// push queues a frame; nil ends the connection after those before it. Who does
// not read is cut.
func (k *socket) push(frame []byte) {
	select {
	case k.out <- frame:
	default:
		_ = k.conn.Close()
	}
}

// turn is the socket whose turn it is.
func (s *Server) turn() *socket {
	ids := slices.Sorted(maps.Keys(s.sockets))
	if len(ids) == 0 {
		return nil
	}
	next := ids[0]
	if i := slices.IndexFunc(ids, func(id int) bool { return id > s.turned }); i >= 0 {
		next = ids[i]
	}
	s.turned = next
	return s.sockets[next]
}

// await waits for the ack of a letter.
func (s *Server) await(l *letter) (why string, ok bool) {
	if l.socket == nil {
		return s.lost(l, "connection_failed", "no socket is open")
	}
	t := time.NewTimer(s.opts.Patience)
	defer t.Stop()
	select {
	case <-l.acked:
		return "", true
	case <-l.socket.done:
		return s.lost(l, "connection_failed", "the connection broke")
	case <-t.C:
		return s.lost(l, "timeout", "no ack in time")
	case <-s.ctx.Done():
		return s.lost(l, "timeout", "Slack was closed")
	}
}

// lost notes that an attempt failed, if its ack did not come that very moment.
func (s *Server) lost(l *letter, why, text string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &l.parcel.Attempts[l.index]
	if a.Acked {
		return "", true
	}
	a.Err = text
	s.changed()
	return why, false
}

// named are the sockets of the numbers, or all. The lock is held.
func (s *Server) named(ids []int) []*socket {
	var out []*socket
	for _, id := range slices.Sorted(maps.Keys(s.sockets)) {
		if len(ids) == 0 || slices.Contains(ids, id) {
			out = append(out, s.sockets[id])
		}
	}
	return out
}

// Cut breaks connections without a goodbye; without numbers, all of them.
func (s *Server) Cut(sockets ...int) {
	s.mu.Lock()
	list := s.named(sockets)
	s.mu.Unlock()
	for _, k := range list {
		s.close(k)
	}
}

// CutEvery breaks the connection after every n-th envelope, likely before its
// ack. Zero stops it.
func (s *Server) CutEvery(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutEvery, s.sent = n, 0
}

// Disconnect says goodbye to connections (all of them without numbers) for a
// reason: warning, refresh_requested, link_disabled or too_many_websockets.
// After a warning the connection stays open, for ten seconds in Slack's time;
// otherwise Slack closes it, and nothing more is sent to it.
func (s *Server) Disconnect(reason string, sockets ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.named(sockets) {
		k.push(farewell(reason))
		if reason != "warning" {
			delete(s.sockets, k.id)
			k.push(nil)
			continue
		}
		s.later(s.scaled(10*time.Second), func() { s.close(k) })
	}
	s.changed()
}
