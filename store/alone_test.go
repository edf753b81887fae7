package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"interlock/agent/agenttest"
	"interlock/store"
	"interlock/store/storetest"
)

func TestAlone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		ran := false
		must(t, db.Alone(t.Context(), "outbox", func(context.Context) error { ran = true; return nil }))
		if !ran {
			t.Error("did not run")
		}
		want := context.DeadlineExceeded
		if err := db.Alone(t.Context(), "outbox", func(context.Context) error { return want }); !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	})
}

func TestAloneTakesTurns(t *testing.T) {
	t.Parallel()
	o := store.Options{URL: storetest.Postgres(t)}
	a, b := open(t, o), open(t, o)
	began := make(chan string, 9)
	stay := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			began <- name
			<-ctx.Done()
			return nil
		}
	}
	first, stop := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- a.Alone(first, "outbox", stay("a")) }()
	agenttest.Await(t, began)
	second, stopSecond := context.WithCancel(t.Context())
	go func() { done <- b.Alone(second, "outbox", stay("b")) }()
	select {
	case name := <-began:
		t.Fatalf("%s runs too", name)
	case <-time.After(time.Second):
	}
	stop()
	must(t, agenttest.Await(t, done))
	if name := agenttest.Await(t, began); name != "b" {
		t.Errorf("then ran %s", name)
	}
	stopSecond()
	must(t, agenttest.Await(t, done))
}
