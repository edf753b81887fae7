package docker

import (
	"context"
	"fmt"
	"time"
)

// lock belongs to the name of a container; users counts those who have or want
// it.
type lock struct {
	held  chan struct{}
	users int
}

// lock lets one command of a session run at a time, because a command that must
// be killed takes the container with it; and one command of a call, because a
// call runs once.
func (s *Sandbox) lock(ctx context.Context, name string) (unlock func(), err error) {
	l := s.queue(name)
	select {
	case l.held <- struct{}{}:
		return func() { <-l.held; s.leave(name, l) }, nil
	case <-ctx.Done():
		s.leave(name, l)
		return nil, fmt.Errorf("wait for container: %w", ctx.Err())
	}
}

// tryLock takes the lock only if nobody has it.
func (s *Sandbox) tryLock(name string) (unlock func(), free bool) {
	l := s.queue(name)
	select {
	case l.held <- struct{}{}:
		return func() { <-l.held; s.leave(name, l) }, true
	default:
		s.leave(name, l)
		return nil, false
	}
}

func (s *Sandbox) queue(name string) *lock {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.locks[name]
	if l == nil {
		l = &lock{held: make(chan struct{}, 1)}
		s.locks[name] = l
	}
	l.users++
	return l
}

func (s *Sandbox) leave(name string, l *lock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[name] = time.Now()
	if l.users--; l.users == 0 {
		delete(s.locks, name)
	}
}
