package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
)

var storm = flag.Duration("storm", 3*time.Second, "how long Slack answers 429 to everything")

// While Slack answers 429 to every post, and loses every third answer after that,
// nothing is lost, nothing is posted twice, and threads keep their order.
func TestAStormOf429LosesNothing(t *testing.T) {
	const channels, each = 10, 4
	s, err := slackWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, stop := stormApp(t, s)
	defer stop()
	s.Inject("chat.postMessage", slacktest.Fault{Status: 429, RetryAfter: time.Second, Times: -1})
	threads := map[string]string{}
	for c := range channels {
		id := fmt.Sprintf("C0STORM%d", c)
		s.AddChannel(slacktest.Channel{ID: id, Name: strings.ToLower(id), Members: []string{s.Options().BotUser, slackAlice}})
		threads[id] = s.Say(id, "", slackAlice, "here")
		for n := range each {
			err := a.db.Enqueue(t.Context(), agent.Job{
				ID: fmt.Sprintf("%s/%d", id, n), Org: demoOrg, Actor: rbac.Actor{Org: demoOrg, Platform: "schedule", ID: "storm", Name: "storm"},
				Thread: agent.Thread{Platform: "slack", Channel: id, ID: threads[id]}, Title: "Notice", Notice: fmt.Sprintf("number %d", n),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	time.Sleep(*storm / 2)
	s.Forgive() // what was on its way when the first 429 came
	time.Sleep(*storm / 2)
	s.Heal()
	for range 3 {
		s.Inject("chat.postMessage", slacktest.Fault{Status: 500, AfterAccepting: true, Times: 3})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	err = s.Wait(ctx, func() bool {
		for id, ts := range threads {
			if len(s.Thread(id, ts)) < each+1 {
				return false
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, ts := range threads {
		all := s.Thread(id, ts)[1:]
		if len(all) != each {
			t.Errorf("%s: %d messages of %d", id, len(all), each)
		}
		for n, m := range all {
			if !strings.Contains(m.Text, fmt.Sprintf("number %d", n)) {
				t.Errorf("%s: message %d is %q", id, n, m.Text)
			}
		}
	}
	for _, p := range s.Problems() {
		t.Error(p)
	}
}

// stormApp is the product with its worker and outbox, and no tools.
func stormApp(t *testing.T, s *slacktest.Server) (a *app, stop func()) {
	t.Helper()
	w, err := newDemoWorld(t.TempDir())
	if err == nil {
		err = w.moveToSlack()
	}
	if err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(w.config, slackEnviron(s, false))
	if err != nil {
		t.Fatal(err)
	}
	if a, err = wire(t.Context(), cfg, slog.New(slog.DiscardHandler), options{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.worker.Run(ctx) })
	g.Go(func() error { return a.show(ctx) })
	return a, func() {
		cancel()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}
}
