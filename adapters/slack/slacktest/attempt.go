package slacktest

import "time"

// retries are the delays before each attempt at an event.
var retries = [...]time.Duration{0, 0, time.Minute, 5 * time.Minute}

// send puts an event on its way. What goes by HTTP may overtake what was sent
// before, as in the real one. The lock is held.
func (s *Server) send(p *parcel) {
	s.book(p)
	var first *letter
	if s.to == (Endpoints{}) {
		first = s.mail(p, "") // at once, so that what one socket gets is in order
	}
	s.spawn(func() { s.insist(p, first) })
}

// book puts a delivery on record.
func (s *Server) book(p *parcel) {
	p.acked = make(chan struct{})
	s.parcels = append(s.parcels, p)
	s.changed()
}

// insist tries until there is an ack, or no hope.
func (s *Server) insist(p *parcel, first *letter) {
	reason := ""
	for i, delay := range retries {
		if i > 0 && !s.pause(p, s.scaled(delay)) {
			return
		}
		var ok, final bool
		if i == 0 && first != nil {
			reason, ok = s.await(first)
		} else {
			reason, ok, final = s.attempt(p, reason)
		}
		if ok || s.ctx.Err() != nil {
			return
		}
		if final {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.GaveUp = !p.Acked
	s.changed()
}

// pause waits before a retry and tells whether it is still due.
func (s *Server) pause(p *parcel, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		s.mu.Lock()
		defer s.mu.Unlock()
		return !p.Acked
	case <-p.acked: // late, but it came
	case <-s.ctx.Done():
	}
	return false
}

// attempt sends a delivery once and waits for its ack. Final means that the app
// wants no other.
func (s *Server) attempt(p *parcel, reason string) (why string, ok, final bool) {
	s.mu.Lock()
	to := s.to
	if to == (Endpoints{}) {
		l := s.mail(p, reason)
		s.mu.Unlock()
		why, ok = s.await(l)
		return why, ok, false
	}
	i := p.begin(Attempt{At: time.Now(), Reason: reason})
	s.changed()
	delay := s.delay
	s.mu.Unlock()
	return s.request(p, i, to, delay)
}

// begin adds an attempt and returns its index.
func (d *Delivery) begin(a Attempt) int {
	d.Attempts = append(d.Attempts, a)
	return len(d.Attempts) - 1
}

// ack notes an ack of an attempt. The lock is held.
func (s *Server) ack(p *parcel, i int, answer []byte) {
	a := &p.Attempts[i]
	a.Acked, a.Took, a.Answer = true, time.Since(a.At), answer
	if !p.Acked {
		p.Acked = true
		close(p.acked)
	}
	s.changed()
}
