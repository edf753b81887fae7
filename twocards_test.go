package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// Two cards put the same drift back. Once the first one has, the second is void, although
// the state is the same as when it was planned: applied again, it would fail half way and
// leave a state that no longer knows what is there.
func TestTwoCardsOfOneDrift(t *testing.T) {
	t.Parallel()
	w := newKilledWorld(t)
	if err := os.Remove(filepath.Join(w.world, "admin.json")); err != nil { // somebody took a rule away
		t.Fatal(err)
	}
	before := w.serial(t)
	a := w.wired(t)
	defer closed(t, a)
	ctx, stop := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.worker.Run(ctx) })
	defer func() {
		stop()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}()
	threads := []agent.Thread{{Platform: "console", Channel: "payments", ID: "one"}, {Platform: "console", Channel: "payments", ID: "two"}}
	who := func(id string) rbac.Actor { return rbac.Actor{Org: demoOrg, Platform: "console", ID: id, Name: id} }
	for _, th := range threads {
		if _, err := a.in.Mention(ctx, bot.Mention{ID: "ask-" + th.ID, Org: demoOrg, Thread: th, Actor: who("alice"), Text: "put payments-prod back to code"}); err != nil {
			t.Fatal(err)
		}
	}
	var cards []agent.Hold
	for _, th := range threads {
		cards = append(cards, *a.until(t, th, func(ev agent.Event) bool { return ev.Kind == agent.KindApproval }).Payload.Hold)
	}
	press := func(h agent.Hold) bot.Reply {
		t.Helper()
		r, err := a.in.Click(ctx, bot.Click{ID: "yes-" + h.ID, Org: demoOrg, Thread: h.Thread, Actor: who("bob"), Verb: "approve", Value: h.ID + "." + h.Approval.PlanCode()})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	press(cards[0])
	if res := a.until(t, threads[0], func(ev agent.Event) bool { return ev.Kind == agent.KindResult && ev.Payload.Result.Applied != "" }).Payload.Result; res.Applied != "applied" {
		t.Fatalf("the first: %+v", res)
	}
	if after := w.serial(t); after != before {
		t.Fatalf("the state has moved from %d to %d: this test is about one that has not", before, after)
	}
	r := press(cards[1])
	h, err := a.db.Held(ctx, demoOrg, cards[1].ID)
	if err != nil || h.State != agent.Void || h.Why != "another change of the stack has begun since" {
		t.Errorf("the second is %s (%s), %v: %+v", h.State, h.Why, err, r)
	}
	if state := read(t, filepath.Join(w.state, "terraform.tfstate")); !strings.Contains(state, `"name": "admin"`) {
		t.Errorf("the state does not know what is there: %s", state)
	}
}

// until waits for an event of a thread.
func (a *app) until(t *testing.T, th agent.Thread, is func(agent.Event) bool) agent.Event {
	t.Helper()
	for late := time.Now().Add(time.Minute); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		s, err := a.db.Open(t.Context(), demoOrg, th)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(s.Events, is); i >= 0 {
			return s.Events[i]
		}
	}
	t.Fatalf("nothing came in %s", th.ID)
	return agent.Event{}
}
