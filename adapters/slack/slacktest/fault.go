package slacktest

import (
	"net/http"
	"time"
)

// Fault makes calls of a method fail.
type Fault struct {
	Status         int           // answered instead, such as 429 or 500
	Error          string        // or: answered with ok false and this code
	Hang           bool          // or: no answer until the client leaves
	AfterAccepting bool          // the call is done first, and its answer lost
	RetryAfter     time.Duration // of a 429, in real time; whole seconds, at least one
	Times          int           // how often; zero is once, negative until Heal
}

// Call is one call of the Web API. A POST to a response_url is one of the method
// "response_url", one to an upload URL of "upload", a download of "download".
type Call struct {
	Method string
	At     time.Time
	Args   map[string]string // nested ones as JSON; the token is not among them
	Status int
	Error  string // the error code; empty when it was ok
	Lost   bool   // it was done, but its answer never reached the client
}

// Problem is something that the client did against Slack's rules, or the test
// against reason.
type Problem struct {
	// Rule is one of bad_blocks, too_fast, too_early, too_long, missing_scope,
	// double_ack, bad_ack, bad_answer and misuse.
	Rule   string
	Detail string
}

// String is the problem in a line.
func (p Problem) String() string { return p.Rule + ": " + p.Detail }

// ledger is what clients did, and what is to happen to them.
type ledger struct {
	calls    []*Call
	problems []Problem
	faults   map[string][]Fault
	buckets  map[string]*bucket
	barred   map[string]time.Time // until when a method must not be called
	tokens   map[string]string    // bot tokens, each with the error that it brings
	issued   []string             // the bot tokens in their order
	refresh  string               // the refresh token that is good
}

func newLedger(o Options) ledger {
	return ledger{
		faults: map[string][]Fault{}, buckets: map[string]*bucket{}, barred: map[string]time.Time{},
		tokens: map[string]string{o.BotToken: ""}, issued: []string{o.BotToken}, refresh: o.RefreshToken,
	}
}

// Inject makes the next calls of a method fail, after those of earlier faults.
// The method "*" is any that has no fault of its own.
func (s *Server) Inject(method string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], f)
}

// Heal takes all faults away, and what is left of their Retry-After.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
	clear(s.barred)
}

// Revoke makes all bot tokens useless: calls answer token_revoked.
func (s *Server) Revoke() { s.spoil("token_revoked") }

// Expire makes the bot tokens too old: calls answer token_expired until the
// client has a new one of oauth.v2.access.
func (s *Server) Expire() { s.spoil("token_expired") }

func (s *Server) spoil(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.tokens {
		s.tokens[t] = code
	}
}

// fault takes the next fault of a method.
func (s *Server) fault(method string) (Fault, bool) {
	for _, key := range []string{method, "*"} {
		list := s.faults[key]
		if len(list) == 0 {
			continue
		}
		f := list[0]
		list[0].Times--
		if f.Times == 0 || f.Times == 1 {
			s.faults[key] = list[1:]
		}
		return f, true
	}
	return Fault{}, false
}

// fail is the answer of a fault.
func (s *Server) fail(method string, f Fault) answer {
	switch {
	case f.Hang:
		return answer{status: 0, hang: true}
	case f.Status == http.StatusTooManyRequests:
		s.barred[method] = time.Now().Add(seconds(f.RetryAfter))
		return tooMany(f.RetryAfter)
	case f.Status != 0:
		return answer{status: f.Status}
	}
	return answer{status: http.StatusOK, body: object{"ok": false, "error": f.Error}}
}
