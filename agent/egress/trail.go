package egress

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"
)

// Verdict says what became of a request.
type Verdict string

// The verdicts. An allowed request is recorded twice: when it was decided and,
// with its bytes, when it ended.
const (
	Allowed Verdict = "allowed"
	Refused Verdict = "refused"
	Closed  Verdict = "closed"
)

// Decision is one judged request, without query and headers.
type Decision struct {
	When    time.Time
	Host    string
	Port    uint16
	Method  string
	Path    string
	Verdict Verdict
	Reason  string
	Rule    string
	Up      int64
	Down    int64
	Address netip.AddrPort
}

// Trail records decisions. It must be safe for use by several goroutines.
type Trail interface {
	// Record keeps one decision; the request waits for it. An error refuses it.
	Record(ctx context.Context, d Decision) error
}

// Fence says whether the session may still act.
type Fence interface {
	// Alive must return soon after ctx ends; a late answer counts as no.
	Alive(ctx context.Context) bool
}

// refusal is an answer of the proxy itself.
type refusal struct {
	status int
	reason string
	advice string
}

func (r *refusal) Error() string { return r.reason }

func denied(reason, advice string) *refusal {
	return &refusal{status: http.StatusForbidden, reason: reason, advice: advice}
}

func (r *refusal) line(what string) string {
	return fmt.Sprintf("egress refused %s: %s; %s\n", what, r.reason, r.advice)
}
