package agent

import (
	"context"
	"fmt"
	"sync"
)

// Way is a way out of a container, open for one Command. Whoever serves it knows
// it by its ID; Env and CA are what the command needs to use it. It carries no
// credential: those are put in outside.
type Way struct {
	ID  string
	Env []string // each NAME=value
	CA  []byte   // PEM: whom to trust inside
}

// Passage is one request that a command sent out, or that was refused. It has
// neither query nor headers.
type Passage struct {
	Host         string
	Port         uint16
	Method, Path string
	Allowed      bool
	Rule         string `json:",omitempty"` // that allowed it
	Reason       string `json:",omitempty"` // why it was refused
}

// String is the passage in a few words.
func (p Passage) String() string {
	what := fmt.Sprintf("%s %s:%d%s", p.Method, p.Host, p.Port, p.Path)
	if p.Allowed {
		return what + ", allowed"
	}
	return what + ", refused: " + p.Reason
}

// Watch is what an open way is held to. It is safe for concurrent use.
type Watch interface {
	// Alive tells whether the run may still act; a late answer counts as no.
	Alive(ctx context.Context) bool
	// Pass puts a passage on record, before it goes. An error refuses it.
	Pass(ctx context.Context, p Passage) error
}

// Outlet opens the way out that the profile and the scope of a command have; a
// nil Way is none. Closed must be called once the command is over: then nothing
// more goes out.
type Outlet interface {
	Open(ctx context.Context, c Command, w Watch) (way *Way, closed func(), err error)
}

// boxed is the sandbox as one call has it.
type boxed struct {
	Sandbox
	u    *run
	call ToolCall

	mu    sync.Mutex
	out   int // requests that were allowed
	last  []Passage
	notes string // of the workspace
}

// mostNamed are the refused requests that a result names.
const mostNamed = 5

// Exec gives the command what its profile has.
func (b *boxed) Exec(ctx context.Context, c Command) (Output, error) {
	c.Profile = b.u.profile.Name
	if c.In == InSession && c.Image == "" {
		c.Image = b.u.profile.Image
	}
	c, err := b.back(ctx, c)
	if err != nil {
		return Output{}, err
	}
	if b.u.Outlet == nil || !c.Out {
		return b.Sandbox.Exec(ctx, c)
	}
	way, closed, err := b.u.Outlet.Open(ctx, c, b)
	if err != nil {
		return Output{}, fmt.Errorf("open way out: %w", err)
	}
	defer closed()
	c.Way = way
	return b.Sandbox.Exec(ctx, c)
}

// Alive asks the store whether this run still has its job.
func (b *boxed) Alive(ctx context.Context) bool {
	return b.u.Store.Append(ctx, b.u.s.Org, Batch{Fence: b.u.fence()}) == nil
}

// Pass records beside the run, which waits for its tool meanwhile.
func (b *boxed) Pass(ctx context.Context, p Passage) error {
	if b.u.Redact != nil {
		p.Path = b.u.Redact(p.Path)
	}
	ev := b.u.event(KindPassage, Payload{Call: &ToolCall{ID: b.call.ID, Tool: b.call.Tool}, Passage: &p})
	if err := b.u.Store.Append(ctx, b.u.s.Org, Batch{Events: []Event{ev}, Fence: b.u.fence()}); err != nil {
		return fmt.Errorf("record passage: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Allowed {
		b.out++
	} else {
		b.last = append(b.last, p)
	}
	return nil
}

// told says what was put back and what went out, for those who read the result.
func (b *boxed) told() (text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if text = b.notes; b.out > 0 {
		text += fmt.Sprintf("\n[network: %d requests were allowed]", b.out)
	}
	for i, p := range b.last {
		if i == mostNamed {
			return text + fmt.Sprintf("\n[network: %d more were refused]", len(b.last)-i)
		}
		text += "\n[network: " + line(p.String()) + "]"
	}
	return text
}

func (u *run) fence() *Fence { return &Fence{Job: u.job.ID, Token: u.job.Fence} }
