package slacktest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// perSecond is the rate of chat.postMessage: one a second in each channel.
const perSecond = 60

// bursts are how many calls may come at once. Slack promises none; these are
// small enough that whoever relies on them is seen.
const (
	burstOfPosts = 4
	burstOfFew   = 15 // of tier 1, whose single call a minute Slack does not insist on
)

// bucket counts what may still be called.
type bucket struct {
	left  float64
	at    time.Time
	until time.Time // what comes before is too early
}

// meter lets a call pass, or tells how long to wait.
func (s *Server) meter(c *call, m method) time.Duration {
	if s.opts.Unlimited {
		return 0
	}
	key, capacity := c.method, float64(m.minute)
	switch m.minute {
	case perSecond:
		key, capacity = c.method+" "+c.args["channel"], burstOfPosts
	case tier1:
		capacity = burstOfFew
	}
	now, b := time.Now(), s.buckets[key]
	if b == nil {
		b = &bucket{left: capacity, at: now}
		s.buckets[key] = b
	}
	if now.Before(b.until) {
		s.problem("too_early", "%s was called again before its Retry-After was over", key)
		return b.until.Sub(now)
	}
	pace := max(1, s.scaled(time.Minute)/time.Duration(m.minute))
	b.left = min(capacity, b.left+float64(now.Sub(b.at))/float64(pace))
	b.at = now
	if b.left >= 1 {
		b.left--
		return 0
	}
	wait := time.Duration((1 - b.left) * float64(pace))
	b.until = now.Add(seconds(wait))
	s.problem("too_fast", "%s, whose rate is %d a minute", key, m.minute)
	return wait
}

// early is how much of a Retry-After that Inject gave is not over.
func (s *Server) early(method string) time.Duration {
	until := s.barred[method]
	if wait := time.Until(until); wait > 0 {
		s.problem("too_early", "%s was called again before its Retry-After was over", method)
		return wait
	}
	return 0
}

// tooMany is a 429.
func tooMany(wait time.Duration) answer {
	return answer{
		status: http.StatusTooManyRequests,
		header: http.Header{"Retry-After": {strconv.Itoa(int(seconds(wait) / time.Second))}},
		body:   object{"ok": false, "error": "ratelimited"},
	}
}

// seconds rounds up to whole ones, of which there is at least one.
func seconds(d time.Duration) time.Duration {
	return time.Duration(max(1, math.Ceil(d.Seconds()))) * time.Second
}

// problem notes what was done against the rules. The lock is held.
func (s *Server) problem(rule, format string, args ...any) {
	s.problems = append(s.problems, Problem{Rule: rule, Detail: fmt.Sprintf(format, args...)})
	s.changed()
}
