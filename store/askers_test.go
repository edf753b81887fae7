package store_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
	"interlock/store"
)

func TestAskersOfAThread(t *testing.T) { both(t, askersOfAThread) }

func askersOfAThread(t *testing.T, o store.Options) {
	db := open(t, o)
	ctx := t.Context()
	ana := rbac.Actor{Org: agenttest.Org, Platform: "person", ID: "ana", Name: "Ana"}
	here, other := agenttest.Thread("asked"), agenttest.Thread("silent")
	look := func(at agent.Thread, known bool, who ...rbac.Subject) {
		t.Helper()
		k, w, err := db.Askers(ctx, agenttest.Org, at)
		if err != nil || k != known || !slices.Equal(w, who) {
			t.Errorf("in %s: %v %v %v, want %v %v", at.ID, k, w, err, known, who)
		}
	}
	look(here, false)
	if err := db.Enqueue(ctx, agent.Job{ID: "1", Org: agenttest.Org, Thread: here, Actor: ana, Text: "look"}); err != nil {
		t.Fatal(err)
	}
	look(here, true, ana.Subject()) // before anybody claims it
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- db.Consume(ctx, func(context.Context, agent.Claimed) error {
			look(here, true, ana.Subject()) // while it runs
			close(done)
			return nil
		})
	}()
	<-done
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	ctx = t.Context()
	look(here, true, ana.Subject()) // when it is done
	look(other, false)
	if k, w, err := db.Askers(ctx, agenttest.Rival, here); err != nil || k || len(w) > 0 {
		t.Errorf("another Org sees %v %v %v", k, w, err)
	}
	s, err := db.Open(ctx, agenttest.Org, here)
	if err != nil {
		t.Fatal(err)
	}
	erase(t, db, s)
	if _, w, err := db.Askers(ctx, agenttest.Org, here); err != nil || len(w) > 0 {
		t.Errorf("after it was erased: %v %v", w, err)
	}
}

func TestTokensAreKeptUnderTheOrgsKey(t *testing.T) { both(t, tokensAreKept) }

func tokensAreKept(t *testing.T, o store.Options) {
	db := open(t, o)
	ctx := t.Context()
	if b, err := db.Token(ctx, agenttest.Org, "slack"); err != nil || b != nil {
		t.Fatalf("before: %q %v", b, err)
	}
	for _, text := range []string{"xoxe.xoxb-first", "xoxe.xoxb-second"} {
		if err := db.PutToken(ctx, agenttest.Org, "slack", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := db.Token(ctx, agenttest.Org, "slack"); err != nil || string(b) != text {
			t.Errorf("got %q %v, want %q", b, err, text)
		}
	}
	if b, err := db.Token(ctx, agenttest.Rival, "slack"); err != nil || b != nil {
		t.Errorf("another Org reads %q %v", b, err)
	}
	o.Keys = testKeys()
	o.Keys[agenttest.Org] = bytes.Repeat([]byte("x"), 32)
	other, err := store.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if b, err := other.Token(ctx, agenttest.Org, "slack"); err == nil {
		t.Errorf("another key reads %q", b)
	}
}

func TestDiscardForgetsOneArtifact(t *testing.T) {
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		ctx := t.Context()
		keep := func(org, text string) string {
			id, err := db.Keep(ctx, agent.Artifact{Org: org, Kind: agent.KindWork, Session: "s", Bytes: []byte(text)})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		old, newer, theirs := keep(agenttest.Org, "old"), keep(agenttest.Org, "new"), keep(agenttest.Rival, "old")
		for range 2 {
			if err := db.Discard(ctx, agenttest.Org, old); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Artifact(ctx, agenttest.Org, old); err == nil {
			t.Error("it is still there")
		}
		for org, id := range map[string]string{agenttest.Org: newer, agenttest.Rival: theirs} {
			if _, err := db.Artifact(ctx, org, id); err != nil {
				t.Errorf("of %s: %v", org, err)
			}
		}
	})
}
