package teamstest

import (
	"fmt"
	"net/http"
	"time"
)

// Fault makes calls of a method fail.
type Fault struct {
	Status         int           // answered instead, such as 429 or 502
	Code           string        // of the error in the answer; empty is a usual one
	Hang           bool          // or: no answer until the client leaves
	AfterAccepting bool          // the call is done first, and its answer lost
	RetryAfter     time.Duration // of a 429 or 503, in real time; whole seconds. Zero sends no such header
	Times          int           // how often; zero is once, negative until Heal
}

// Call is one call of the connector, the login, the issuer or Graph.
type Call struct {
	// Method is one of create, send, reply, update, delete, member, members,
	// activity_members, team, channels; of login; of metadata and keys; of
	// install, installed and list of Graph.
	Method       string
	Conversation string // as the client wrote it
	Activity     string // as the client wrote it
	At           time.Time
	Args         map[string]string // of the login; the secret is not among them
	Body         string            // of the connector and Graph
	Status       int
	Error        string // the error code; empty when it was done
	Lost         bool   // it was done, but its answer never reached the client
}

// The rules that a problem can be about.
const (
	ruleToken        = "no_token"
	ruleConversation = "unknown_conversation"
	ruleActivity     = "unknown_activity"
	ruleOthers       = "not_yours"
	ruleBody         = "bad_body"
	ruleCard         = "bad_card"
	ruleMention      = "bad_mention"
	ruleSize         = "too_big"
	ruleFast         = "too_fast"
	ruleEarly        = "too_early"
	ruleAnswer       = "bad_answer"
	ruleMisuse       = "misuse"
)

// Problem is something that the bot did against Teams' rules, or the test
// against reason.
type Problem struct {
	// Rule is one of no_token, unknown_conversation, unknown_activity, not_yours,
	// bad_body, bad_card, bad_mention, too_big, too_fast, too_early, bad_answer
	// and misuse.
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
	windows  map[string]*window
	barred   map[string]time.Time // until when a method must not be called
	grants   map[string]grant
}

func newLedger() ledger {
	return ledger{
		faults: map[string][]Fault{}, windows: map[string]*window{}, barred: map[string]time.Time{}, grants: map[string]grant{},
	}
}

// Inject makes the next calls of a method fail, after those of earlier faults.
// The method "*" is any of the connector that has no fault of its own.
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

// fault takes the next fault of a call.
func (s *Server) fault(c *call) (Fault, bool) {
	for _, key := range []string{c.method, "*"} {
		list := s.faults[key]
		if len(list) == 0 || key == "*" && c.scope != connectorScope {
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

// fail is the refusal of a fault.
func (s *Server) fail(method string, f Fault) *refusal {
	r := &refusal{status: f.Status, code: f.Code, text: "This was injected.", wait: f.RetryAfter}
	if f.RetryAfter > 0 {
		s.barred[method] = time.Now().Add(f.RetryAfter)
	}
	if r.code == "" {
		r.code = usual[f.Status]
	}
	return r
}

// usual is the code that goes with a status.
var usual = map[int]string{
	http.StatusBadRequest: "BadSyntax", http.StatusUnauthorized: "Unauthorized", http.StatusForbidden: "ForbiddenOperationException",
	http.StatusNotFound: "ConversationNotFound", http.StatusPreconditionFailed: "PreconditionFailed",
	http.StatusTooManyRequests: "Throttled", http.StatusBadGateway: "ServiceError", http.StatusGatewayTimeout: "GatewayTimeout",
}

// problem notes what was done against the rules. The lock is held.
func (s *Server) problem(rule, format string, args ...any) {
	s.problems = append(s.problems, Problem{Rule: rule, Detail: fmt.Sprintf(format, args...)})
	s.changed()
}
