package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DefaultAPI is where PagerDuty's REST API is, of accounts outside of the EU.
const DefaultAPI = "https://api.pagerduty.com"

// Bounds of what is read and kept.
const (
	ahead       = 31 * 24 * time.Hour    // how far turns are looked up
	fresh       = time.Minute            // before PagerDuty is asked again
	failed      = 5 * time.Second        // likewise, after it gave no answer
	again       = 200 * time.Millisecond // before the one try that follows a failure at once
	usable      = 24 * time.Hour         // an answer, when PagerDuty gives no newer one
	onCallLimit = 1 << 20                // bytes of one page
	perPage     = 100                    // the most that PagerDuty gives
	mostPages   = 10                     // of one answer; turns after them are not known
	askTime     = 10 * time.Second       // for all pages
)

// Turn is somebody on call by a schedule. A zero From began long ago, a zero Until
// has no end. Level counts from 1: whoever has a higher one stands in.
type Turn struct {
	Name, Mail  string
	Level       int
	From, Until time.Time
}

// Holds tells whether the turn is at that moment.
func (t Turn) Holds(at time.Time) bool {
	return !at.Before(t.From) && (t.Until.IsZero() || at.Before(t.Until))
}

// Schedule reads who is on call by one schedule of PagerDuty. It is safe for
// concurrent use; one asks at a time, for all, and an answer serves for a minute.
type Schedule struct {
	ID, Key string
	URL     string           // empty is DefaultAPI
	Client  *http.Client     // nil is one that gives up after 10 seconds
	Now     func() time.Time // nil is the machine's

	mu    sync.Mutex
	turns []Turn
	asked time.Time // with success
	tried time.Time
	err   error
}

// Turns are those of now and of the coming month, the earliest and then the lowest
// level first. A question is asked once more when it fails. While PagerDuty does not
// answer, the last answer serves for a day; then it is an error. Whoever asks first may
// be gone before the others have their answer, so no ctx but its values ends a question.
func (s *Schedule) Turns(ctx context.Context) ([]Turn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	serves := fresh
	if s.err != nil {
		serves = failed
	}
	if now.Sub(s.tried) >= serves || s.tried.IsZero() {
		turns, err := s.insist(context.WithoutCancel(ctx), now)
		if s.tried, s.err = now, err; err == nil {
			s.turns, s.asked = turns, now
		}
	}
	if s.err != nil && (s.asked.IsZero() || now.Sub(s.asked) >= usable) {
		return nil, fmt.Errorf("ask PagerDuty who is on call: %w", s.err)
	}
	return slices.Clone(s.turns), nil
}

// insist asks, and once more when that fails.
func (s *Schedule) insist(ctx context.Context, now time.Time) ([]Turn, error) {
	turns, err := s.ask(ctx, now)
	if err == nil {
		return turns, nil
	}
	time.Sleep(again)
	return s.ask(ctx, now)
}

func (s *Schedule) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
