// Package agent turns a Job into Events: it runs sessions, calls tools in
// sandboxes and rests where a person must decide. It must never know cards,
// Slack, Redis, SQL or Docker, and it posts nothing: bot renders from the log.
package agent

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"interlock/rbac"
)

var (
	// ErrNotFound is also what another Org's id answers.
	ErrNotFound = errors.New("not found")
	// ErrGone is of a call that is known to have begun, and of which nothing is left.
	ErrGone = errors.New("it began, and nothing is left of it")
	// ErrRaced reports that the hold was changed since it was read: read again.
	ErrRaced = errors.New("changed meanwhile")
	// ErrFenced reports that the job was given to another worker: stop at once.
	ErrFenced = errors.New("another worker has this job")
	// ErrTooLarge reports an artifact over the limit.
	ErrTooLarge = errors.New("too large")
)

// Tool is one thing the model can ask for. A failure that the model should see
// is a ToolResult; an error means that the outcome is not known. Action says
// what the call would do and must not do it; its error is told to the model.
type Tool interface {
	Spec() ToolSpec
	Action(ctx context.Context, org string, args json.RawMessage) (rbac.Action, error)
	Run(ctx context.Context, e Env, c ToolCall) (ToolResult, error)
}

// Env is what a Tool may use during one call.
type Env struct {
	Org, Session string
	Box          Sandbox
	Elsewhere    bool              // of a Probe: the call was started on another machine, of whose sandbox Box knows nothing
	Tell         func(text string) // progress: lossy, never blocks
	// Sensitive says which values that the tool met are secret, so that no other
	// tool tells them. Nil forgets them.
	Sensitive func(values []string)
}

// Binder is a Tool whose approval stands on something that can move. Bind
// tells how it is now; it reads what is stored and never plans afresh.
type Binder interface {
	Bind(ctx context.Context, org string, args json.RawMessage) (Bound, error)
}

// Prober is a probeable Tool: Probe looks what became of a call, changing nothing.
type Prober interface {
	Probe(ctx context.Context, e Env, c ToolCall) (ToolResult, error)
}

// Repeater is a Tool whose call stands on something that goes stale. Repeat
// gives the calls that make it anew; an argument "$artifact" stands for what
// the call before it kept.
type Repeater interface {
	Repeat(ctx context.Context, org string, c ToolCall) ([]ToolCall, error)
}

// Sandbox runs one Command. When ctx ends, or the limit is over, it interrupts
// once, waits for the tool to save its state, kills, and still returns the
// Output so far. A fresh container is named by its Call: Exec with a Call that
// has one already collects that one's output instead of running it twice.
// Collect waits for such a container and never starts one; without one it
// answers ErrNotFound, or ErrGone when the call had begun. Image is the content id of an image ("" is the default
// one), or ErrNotFound.
type Sandbox interface {
	Exec(ctx context.Context, c Command) (Output, error)
	Collect(ctx context.Context, c Command) (Output, error)
	Image(ctx context.Context, name string) (id string, err error)
}

// Gate decides; rbac.Enforcer is one. It has no error, because an error denies,
// and misses somebody.
type Gate interface {
	Decide(ctx context.Context, r rbac.Request) rbac.Decision
	May(ctx context.Context, who rbac.Actor, v rbac.Verb, r rbac.Request) rbac.Decision
	Missing(ctx context.Context, r rbac.Request, approvers []rbac.Actor) []rbac.Need
}

// Freezes keeps what is frozen, for policy to read. The same ID twice is one
// freeze. Thaw ends the freezes of an environment ("all" ends only those of all)
// and returns them. Undecided are the holds that are open or approved.
type Freezes interface {
	Freeze(ctx context.Context, org string, f rbac.Freeze) error
	Thaw(ctx context.Context, org, env string, by rbac.Actor, at time.Time) ([]rbac.Freeze, error)
	Undecided(ctx context.Context, org string) ([]Hold, error)
}

// Batch is what one transaction writes. With a Fence, the write is refused
// (ErrFenced) unless the job is still in the hands of that claim.
type Batch struct {
	Events []Event // each with its outbox row; the store gives Seq
	Hold   *Hold   // compare-and-swap on Version; version 0 creates
	Alert  *Alert  // likewise
	Jobs   []Job   // what follows; the same id twice is one job
	Drift  *Drift  // compare-and-swap on Version; version 0 creates
	Fence  *Fence
}

// Fence names a claim of a job.
type Fence struct {
	Job   string
	Token int64
}

// Store keeps logs and holds. Every method takes the Org, and what belongs to
// another Org is ErrNotFound. Append answers ErrRaced and writes nothing when
// the hold has moved; it sets Seq in the events and Version in the hold. One
// run per thread at a time; holds may change any time.
//
// Open makes the session when there is none. Tail returns the events after a
// Seq, oldest first. Drift is the zero one, of the stack, when nothing is known of it.
type Store interface {
	Open(ctx context.Context, org string, t Thread) (*Session, error)
	Load(ctx context.Context, org, session string) (*Session, error)
	Tail(ctx context.Context, org, session string, after int64) ([]Event, error)
	Append(ctx context.Context, org string, b Batch) error
	Held(ctx context.Context, org, hold string) (Hold, error)
	Drift(ctx context.Context, org, stack string) (Drift, error)
}

// Jobs is what a Worker reads; returning nil acknowledges the job.
type Jobs interface {
	Consume(ctx context.Context, handle func(context.Context, Claimed) error) error
}

// Artifact is something kept apart from the log: a stored plan, a long output.
// ID is the SHA-256 of Bytes in hex. Meta is small and belongs to the Kind; the
// first Meta kept for the same bytes stays.
type Artifact struct {
	ID, Org, Kind, Session string
	Meta                   json.RawMessage
	Bytes                  []byte
	At, Expires            time.Time
}

// Artifacts keeps what tools make. Reading needs the Org; what expired or
// belongs to another Org is ErrNotFound, what is over the limit ErrTooLarge.
type Artifacts interface {
	Keep(ctx context.Context, a Artifact) (id string, err error)
	Artifact(ctx context.Context, org, id string) (Artifact, error)
}
