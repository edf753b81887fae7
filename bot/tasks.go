package bot

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Bounds of what a platform does after it has answered.
const (
	tasksAtOnce  = 64   // more wait for their turn
	tasksWaiting = 2000 // more are dropped
)

// ErrBusy says that something was not done, because too much else waits.
var ErrBusy = errors.New("too much else waits to be shown")

// Tasks are what a platform still does once the chat has its answer: none keeps the
// chat waiting, and all of them end with Close. What is lost with them is a word to
// one person, never what is on record. They are safe for concurrent use.
type Tasks struct {
	limit  time.Duration // of one
	failed func(ctx context.Context, what string, err error)
	turn   chan struct{}
	closed chan struct{}

	mu      sync.Mutex
	waiting int
	over    bool
	all     sync.WaitGroup
}

// NewTasks gives each task so long; failed hears of each that did not work.
func NewTasks(limit time.Duration, failed func(ctx context.Context, what string, err error)) *Tasks {
	return &Tasks{limit: limit, failed: failed, turn: make(chan struct{}, tasksAtOnce), closed: make(chan struct{})}
}

// Go does something in its turn, detached from the end of ctx.
func (t *Tasks) Go(ctx context.Context, what string, do func(ctx context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	if !t.enter() {
		t.failed(ctx, what, ErrBusy)
		return
	}
	go func() {
		defer t.all.Done()
		err := t.inTurn(ctx, do)
		if err != nil {
			t.failed(ctx, what, err)
		}
	}()
}

func (t *Tasks) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || t.waiting >= tasksWaiting {
		return false
	}
	t.waiting++
	t.all.Add(1)
	return true
}

func (t *Tasks) inTurn(ctx context.Context, do func(ctx context.Context) error) error {
	defer func() {
		t.mu.Lock()
		t.waiting--
		t.mu.Unlock()
	}()
	select {
	case t.turn <- struct{}{}:
	case <-t.closed:
		return ErrBusy
	}
	defer func() { <-t.turn }()
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	return do(ctx)
}

// Wait returns when nothing is being done just now.
func (t *Tasks) Wait() { t.all.Wait() }

// Close lets nothing begin any more, drops what has not begun, and waits for the rest.
func (t *Tasks) Close() {
	t.mu.Lock()
	if !t.over {
		t.over = true
		close(t.closed)
	}
	t.mu.Unlock()
	t.all.Wait()
}
