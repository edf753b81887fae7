package store

import (
	"context"
	"errors"
	"testing"

	"gorm.io/gorm"

	"interlock/agent"
)

// A caller who stops waiting in the queue has not written; one whose write has
// begun learns what became of it.
func TestCallerStopsWaiting(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	begun, finish, first := make(chan bool), make(chan bool), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		first <- db.write(ctx, func(*gorm.DB) error {
			close(begun)
			<-finish
			return nil
		})
	}()
	<-begun
	cancel()
	ran := false
	if err := db.write(ctx, func(*gorm.DB) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("in the queue: %v", err)
	}
	gone, stop := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		second <- db.write(gone, func(*gorm.DB) error { ran = true; return nil })
	}()
	stop()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("in the queue: %v", err)
	}
	close(finish)
	if err := <-first; err != nil {
		t.Errorf("begun: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if ran {
		t.Error("a write ran that nobody waits for")
	}
}

func TestThreadKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range []string{"", "a", `a","b`, "a\x00", `["`} {
		for _, u := range []string{"", "a", `b","a`, "\n"} {
			th := agent.Thread{Platform: "p", Channel: s, ID: u}
			key := threadKey(th)
			if got, err := parseThread(key); err != nil || got != th {
				t.Errorf("%q comes back as %+v, %v", key, got, err)
			}
			if seen[key] {
				t.Errorf("two threads are %q", key)
			}
			seen[key] = true
		}
	}
}
