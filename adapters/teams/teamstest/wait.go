package teamstest

import (
	"context"
	"fmt"
)

// Wait returns when the condition holds; it is asked again after each change in
// the tenant. It returns the context's error when that ends first. The condition
// may use every method of the server but those that wait.
func (s *Server) Wait(ctx context.Context, holds func() bool) error {
	for {
		c := s.Changed()
		if holds() {
			return nil
		}
		select {
		case <-c:
		case <-ctx.Done():
			return fmt.Errorf("wait for Teams: %w", ctx.Err())
		}
	}
}

// Changed is closed at the next change of anything that the server tells of.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change
}

// changed wakes those who wait. The lock is held.
func (s *Server) changed() {
	close(s.change)
	s.change = make(chan struct{})
}

// spawn runs something that Close waits for. The lock is held, so that nothing
// begins once Close has been through it.
func (s *Server) spawn(run func()) {
	if s.ctx.Err() == nil {
		s.wg.Go(run)
	}
}
