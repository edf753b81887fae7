package rbac

import (
	"context"
	"fmt"
	"sync"
)

// Live is a Source of what was put into it: one Snapshot an Org, to be changed
// while requests are decided. Before the first Swap of an Org it has no policy,
// which denies everything. The zero value is ready, and it is safe for concurrent
// use.
type Live struct{ now sync.Map } // by Org: *Snapshot

var _ Source = (*Live)(nil)

// Swap puts another Snapshot of its Org in force.
func (l *Live) Swap(s *Snapshot) { l.now.Store(s.org, s) }

// Snapshot is the one in force, or nil.
func (l *Live) Snapshot(org string) *Snapshot {
	s, _ := l.now.Load(org)
	snap, _ := s.(*Snapshot)
	return snap
}

// Policy is the Snapshot in force.
func (l *Live) Policy(_ context.Context, org string) (Policy, error) {
	if s := l.Snapshot(org); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no policy for organisation %q", org)
}
