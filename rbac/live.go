package rbac

import (
	"context"
	"errors"
	"sync/atomic"
)

var errEmpty = errors.New("no policy is loaded")

// Live is the Policy that is in force, to be changed while requests are
// decided: each question is answered by one whole Snapshot. Before the first
// Swap, and after Swap(nil), it denies everything.
type Live struct{ now atomic.Pointer[Snapshot] }

var _ Policy = (*Live)(nil)

// Swap puts another Snapshot in force.
func (l *Live) Swap(s *Snapshot) { l.now.Store(s) }

// Snapshot is the one in force, or nil.
func (l *Live) Snapshot() *Snapshot { return l.now.Load() }

// Resolve is the Snapshot's; without one, the identity itself.
func (l *Live) Resolve(a Actor) Actor { return l.now.Load().Resolve(a) }

// Ceilings are the Snapshot's.
func (l *Live) Ceilings(ctx context.Context, r Request) ([]Ceiling, error) {
	if s := l.now.Load(); s != nil {
		return s.Ceilings(ctx, r)
	}
	return nil, errEmpty
}

// Rule is the Snapshot's.
func (l *Live) Rule(ctx context.Context, who Actor, v Verb, r Request) (Decision, error) {
	if s := l.now.Load(); s != nil {
		return s.Rule(ctx, who, v, r)
	}
	return Decision{}, errEmpty
}

// Whom is the Snapshot's.
func (l *Live) Whom(ctx context.Context, v Verb, r Request) []string {
	if s := l.now.Load(); s != nil {
		return s.Whom(ctx, v, r)
	}
	return nil
}
