package teamstest

import (
	"math"
	"net/http"
	"time"
	"unicode/utf16"
)

// span allows so many calls within a time.
type span struct {
	most int
	per  time.Duration
}

// rate are the spans of one kind of call in one conversation, all of which hold.
type rate struct {
	name  string
	spans []span
}

var (
	sending = &rate{"send", []span{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}}
	reading = &rate{"read", []span{{14, time.Second}, {16, 2 * time.Second}, {120, 30 * time.Second}, {3600, time.Hour}}}
	overall = &rate{"all", []span{{50, time.Second}}} // of the bot in the tenant
)

// window are the times of the calls that still count.
type window struct{ times []time.Time }

// meter lets a call pass, or says how long to wait. A channel's threads count
// apart.
func (s *Server) meter(c *call) error {
	if s.opts.Unlimited || c.rate == nil {
		return nil
	}
	now := time.Now()
	for _, k := range []struct {
		key  string
		rate *rate
	}{{"", overall}, {c.rate.name + " " + c.path("id"), c.rate}} {
		w := s.windows[k.key]
		if w == nil {
			w = &window{}
			s.windows[k.key] = w
		}
		if wait := s.over(w, k.rate, now); wait > 0 {
			s.problem(ruleFast, "%s in %q: more than its rate", c.method, c.path("id"))
			return throttled(wait)
		}
	}
	return nil
}

// over counts a call, unless a span is full: then it tells how long to wait.
func (s *Server) over(w *window, r *rate, now time.Time) time.Duration {
	longest := s.scaled(r.spans[len(r.spans)-1].per)
	for len(w.times) > 0 && now.Sub(w.times[0]) >= longest {
		w.times = w.times[1:]
	}
	for _, sp := range r.spans {
		if len(w.times) < sp.most {
			continue
		}
		oldest := w.times[len(w.times)-sp.most]
		if wait := s.scaled(sp.per) - now.Sub(oldest); wait > 0 {
			return wait
		}
	}
	w.times = append(w.times, now)
	return 0
}

// early refuses a call before the end of a Retry-After that Inject gave.
func (s *Server) early(method string) error {
	wait := time.Until(s.barred[method])
	if wait <= 0 {
		return nil
	}
	s.problem(ruleEarly, "%s was called again before its Retry-After was over", method)
	return throttled(wait)
}

func throttled(wait time.Duration) error {
	return &refusal{status: http.StatusTooManyRequests, code: "Throttled", text: "Too many requests.", wait: wait}
}

// seconds rounds up to whole ones, of which there is at least one.
func seconds(d time.Duration) time.Duration {
	return time.Duration(max(1, math.Ceil(d.Seconds()))) * time.Second
}

// The sizes that Teams measures in UTF-16, without base64 images: a whole
// message, and the part of it that Microsoft says to keep to.
const (
	largestMessage = 100 << 10
	largestCard    = 80 << 10
)

// size is how large Teams takes JSON to be, in bytes.
func size(raw []byte) int {
	return 2 * len(utf16.Encode([]rune(string(images.ReplaceAll(raw, nil)))))
}
