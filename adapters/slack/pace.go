package slack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"
)

// What Slack allows, by its documentation: one message a second and channel, and
// of each method so many requests a minute in a workspace.
var perMinute = map[string]int{
	methodUpdate: 50, methodReplies: 50, methodHistory: 50, methodUser: 100, methodEphemeral: 100,
	methodDelete: 50, methodView: 100, methodHome: 100, methodUpload: 20, methodFile: 100, methodInfo: 50, methodOpen: 50,
	methodStream: 20, methodAppend: 100, methodStop: 20,
}

const (
	methodPost      = "chat.postMessage"
	methodUpdate    = "chat.update"
	methodDelete    = "chat.delete"
	methodEphemeral = "chat.postEphemeral"
	methodReplies   = "conversations.replies"
	methodHistory   = "conversations.history"
	methodOpen      = "conversations.open"
	methodInfo      = "conversations.info"
	methodStream    = "chat.startStream"
	methodAppend    = "chat.appendStream"
	methodStop      = "chat.stopStream"
	methodUser      = "users.info"
	methodView      = "views.open"
	methodHome      = "views.publish"
	methodUpload    = "files.getUploadURLExternal"
	methodFile      = "files.info"
)

// patience is how long a request waits for its turn; longer ones come again.
const patience = 2 * time.Second

// mostPaced is how many channels are kept in mind; the rest begins anew.
const mostPaced = 10_000

// heldError says that a request was not sent, because it is not its turn.
type heldError struct{ wait time.Duration }

func (e *heldError) Error() string {
	return fmt.Sprintf("not sent: Slack takes no more of it for %s", e.wait.Round(time.Millisecond))
}

// pace keeps to Slack's rates before Slack has to say so. It is safe for
// concurrent use.
type pace struct {
	mu    sync.Mutex
	rates map[string]*rate.Limiter
	quiet map[string]*silence // by method
	now   func() time.Time
}

// silence is what a 429 said of a method. When it is over, one request alone looks
// whether more are taken, until one is.
type silence struct{ until, look time.Time }

// lookTime is how long that one may take before another looks in its place.
const lookTime = 5 * time.Second

func newPace() *pace {
	return &pace{rates: map[string]*rate.Limiter{}, quiet: map[string]*silence{}, now: time.Now}
}

// turn waits for the turn of a method in a channel, or says how long that would
// take. What was asked for is then spent.
func (p *pace) turn(ctx context.Context, method, channel string) error {
	wait, mine := p.reserve(method, channel, patience)
	if !mine {
		return &heldError{wait}
	}
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn: %w", ctx.Err())
	case <-t.C:
		return nil
	}
}

// free takes a turn only when it is there now: for what may as well be dropped.
func (p *pace) free(method, channel string) bool {
	_, mine := p.reserve(method, channel, 0)
	return mine
}

// reserve takes a turn that comes within most, and none that comes later or while
// Slack takes nothing; then wait is when to ask again.
func (p *pace) reserve(method, channel string, most time.Duration) (wait time.Duration, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if s := p.quiet[method]; s != nil {
		if d := max(s.until.Sub(now), s.look.Sub(now)); d > 0 {
			return d, false
		}
		s.look = now.Add(lookTime)
	}
	var all []*rate.Reservation
	for _, l := range p.limits(method, channel) {
		r := l.ReserveN(now, 1)
		all, wait = append(all, r), max(wait, r.DelayFrom(now))
	}
	if wait > most {
		for _, r := range all {
			r.CancelAt(now)
		}
	}
	return wait, wait <= most
}

func (p *pace) limits(method, channel string) (all []*rate.Limiter) {
	if n := perMinute[method]; n > 0 {
		all = append(all, p.limit(method, rate.Limit(float64(n)/60), n/5))
	}
	if channel != "" && (method == methodPost || method == methodUpdate) {
		all = append(all, p.limit(method+" "+channel, 1, 1))
	}
	return all
}

func (p *pace) limit(key string, every rate.Limit, burst int) *rate.Limiter {
	l, ok := p.rates[key]
	if !ok {
		if len(p.rates) >= mostPaced {
			clear(p.rates)
		}
		l = rate.NewLimiter(every, burst)
		p.rates[key] = l
	}
	return l
}

// heed keeps a method quiet for as long as Slack said, and no longer.
func (p *pace) heed(method string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.quiet[method]
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) {
		if s != nil && !p.now().Before(s.until) { // not one that was on its way before
			delete(p.quiet, method)
		}
		return
	}
	if s == nil {
		s = &silence{}
		p.quiet[method] = s
	}
	if at := p.now().Add(max(limited.RetryAfter, time.Second)); at.After(s.until) {
		s.until = at
	}
	s.look = time.Time{}
}

// paced does one request in its turn.
func (p *Platform) paced(ctx context.Context, method, channel string, do func(api *slack.Client) error) error {
	if err := p.pace.turn(ctx, method, channel); err != nil {
		return err
	}
	return p.request(ctx, method, do)
}

// request does one whose turn was taken already.
func (p *Platform) request(ctx context.Context, method string, do func(api *slack.Client) error) error {
	api, err := p.client(ctx)
	if err != nil {
		return err
	}
	err = do(api)
	p.pace.heed(method, err)
	if c := code(err); c == "token_expired" || c == "token_revoked" || c == "invalid_auth" {
		p.rotor.Refused(p.using(api))
	}
	return err
}
