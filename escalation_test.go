package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/config"
)

// escalated is the chain of the guide, in two chats: the channel in Slack, who is on
// call in Teams, their deputy in Slack, a service, and the lead in Teams.
const escalated = `
    notify:
      people: {bob: {via: [teams]}, carol: {via: [slack]}, alice: {via: [teams]}}
      services: {pager: {kind: webhook, url: "ADDRESS", key: "env:TEST_PAGER_KEY"}}
    chains:
      ops:
        - {to: ["slack:` + slackRoom + `"]}
        - {after: 5m, to: ["oncall:web"]}
        - {after: 15m, to: ["deputy:web"]}
        - {after: 20m, to: ["service:pager"]}
        - {after: 30m, to: ["person:alice"]}
    rotas:
      web: {people: [bob], starts: 2026-01-05T09:00, every: 168h, deputy: carol}
`

// siren is the product in both chats, started anew as often as the test wants. Its
// clock goes as far ahead as the test says.
type siren struct {
	*testing.T
	file    string
	environ []string
	slack   *slackStage
	teams   *teamsStage
	paged   atomic.Int32
	ahead   atomic.Int64 // time.Duration
	started int
}

func newSiren(t *testing.T) *siren {
	t.Helper()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	room, err := slackWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(room.Close)
	tenant, err := teamsTenant()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tenant.Close)
	s := &siren{T: t, file: w.config, slack: &slackStage{room, false, map[string]int{}}, teams: tenant}
	pager := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.paged.Add(1) }))
	t.Cleanup(pager.Close)
	stacks, _, _ := strings.Cut(inBoth(tenant), "    schedules:") // the demo has schedules, a rota and a chain of its own
	text := strings.Replace(stacks, "chain: platform", "chain: ops", 1) + strings.ReplaceAll(escalated, "ADDRESS", pager.URL)
	if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.environ = slices.Concat(os.Environ(), slackEnviron(room, false), teamsEnviron(tenant.Server), []string{"TEST_PAGER_KEY=a key of this test alone"})
	return s
}

// run starts the product, does what the test wants, and stops it.
func (s *siren) run(do func(ctx context.Context, a *app) error) {
	s.Helper()
	cfg, _, err := config.Load(s.file, s.environ)
	if err != nil {
		s.Fatal(err)
	}
	a, err := wire(s.Context(), cfg, logger(cfg.Log), options{child: true})
	if err != nil {
		s.Fatal(err)
	}
	a.control.Clock = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	l, err := listen(s.Context(), "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	ctx, stop := context.WithCancel(s.Context())
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(gctx, l, a.mux()) })
	g.Go(func() error { return a.show(gctx) })
	g.Go(func() error { return a.worker.Run(gctx) })
	g.Go(func() error {
		defer stop()
		if s.started++; s.started == 1 {
			s.teams.deliver(l.Addr()) //nolint:contextcheck // it is somebody else who speaks
		}
		s.teams.SetEndpoint("http://" + l.Addr().String() + "/api/messages")
		if err := s.slack.Wait(gctx, func() bool { return len(s.slack.Sockets()) > 0 }); err != nil {
			return err
		}
		late, done := context.WithTimeout(gctx, time.Minute)
		defer done()
		return errors.Join(do(late, a), s.noted(late, a))
	})
	if err := errors.Join(g.Wait(), a.close()); err != nil {
		s.Fatal(err)
	}
}

// noted waits until all that was posted is on record: Teams gives no way to look up in
// a direct chat what a process posted with its last breath.
func (s *siren) noted(ctx context.Context, a *app) error {
	for ctx.Err() == nil {
		rows, err := a.db.Pending(ctx, "acme", 100) // one that is settled while it is read hides no other
		if err != nil || len(rows) == 0 {
			return err
		}
		wait, done := context.WithTimeout(ctx, 20*time.Millisecond)
		_ = s.teams.Wait(wait, func() bool { return false })
		done()
	}
	return ctx.Err()
}

// pass lets the clock go on. What wakes the alert is its own job, which waits in the
// queue until then: its time comes now.
func (s *siren) pass(ctx context.Context, a *app, by time.Duration) error {
	s.ahead.Add(int64(by))
	open, err := a.db.OpenAlerts(ctx, "acme")
	if err != nil || len(open) != 1 {
		return errors.Join(err, fmt.Errorf("%d alerts are open", len(open)))
	}
	queue, err := sql.Open("sqlite", "file:"+filepath.Join(a.cfg.DataDir, "interlock.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	until := time.Now().Add(time.Duration(s.ahead.Load()))
	res, err := queue.ExecContext(ctx, "UPDATE jobs SET run_after = 0 WHERE state = 'ready' AND id = ? AND run_after <= ?",
		fmt.Sprintf("%s/due/%d", open[0].ID, open[0].Version), until.UnixMicro())
	if err := errors.Join(err, queue.Close()); err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("%d jobs of the alert's version %d are due by then", n, open[0].Version))
	}
	return nil
}

// cards are how the alert reads in each room where it is shown.
func (s *siren) cards() map[string]said {
	all := map[string]said{}
	for name, here := range map[string][]said{
		"channel": s.slack.channel(), "carol": slackSaid(s.slack.Messages(s.slack.Direct(slackCarol))), "bob": s.chat(teamsBob), "alice": s.chat(teamsAlice),
	} {
		for _, m := range here {
			if m.who == "Interlock" && m.tells("The disk is full") {
				if _, twice := all[name]; twice {
					s.Errorf("%s has the card twice: %q and %q", name, all[name].text, m.text)
				}
				all[name] = m
			}
		}
	}
	return all
}

func (s *siren) chat(person string) (all []said) {
	for _, m := range s.teams.Messages(s.teams.Chat(person)) {
		all = append(all, s.teams.said(m))
	}
	return all
}

// until waits until the cards are in these rooms alone, and each tells so.
func (s *siren) until(ctx context.Context, words string, rooms ...string) error {
	is := func() bool {
		all := s.cards()
		for _, room := range rooms {
			if !strings.Contains(all[room].text, words) {
				return false
			}
		}
		return len(all) == len(rooms)
	}
	for ctx.Err() == nil {
		wait, done := context.WithTimeout(ctx, 200*time.Millisecond) // one chat wakes it for its own news alone
		err := s.teams.Wait(wait, is)
		done()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("waited for %q in %q: %v", words, rooms, s.cards())
}

// An urgent event that nobody takes walks the whole chain over both chats, though the
// product dies between any two steps; then one press in a direct chat stops it, and
// every copy shows who has it.
func TestChainInBothChats(t *testing.T) {
	t.Parallel()
	s := newSiren(t)
	s.run(func(ctx context.Context, a *app) error {
		raise := agent.Raise{Key: "disk", Chain: "ops", Title: "The disk is full", Text: "Of payments-prod.", Severity: "urgent", Stack: "payments-prod"}
		return errors.Join(a.db.Enqueue(ctx, raise.Job("acme", "raise/1", "t")), s.until(ctx, "nobody has it", "channel"))
	})
	for _, step := range []struct {
		after time.Duration
		words string
		rooms []string
	}{
		{5 * time.Minute, "Bob, on call in web", []string{"channel", "bob"}},
		{10 * time.Minute, "Carol, deputy in web", []string{"channel", "bob", "carol"}},
		{5 * time.Minute, "Step 4 of 5", []string{"channel", "bob", "carol"}},
		{10 * time.Minute, "Everybody of the chain was told", []string{"channel", "bob", "carol", "alice"}},
	} {
		s.run(func(ctx context.Context, a *app) error {
			return errors.Join(s.pass(ctx, a, step.after), s.until(ctx, step.words, step.rooms...))
		})
	}
	s.run(func(ctx context.Context, _ *app) error {
		told, err := s.teams.press(ctx, "bob", s.cards()["bob"].id, "Acknowledge")
		if err != nil || !strings.Contains(told, "It is yours") && !strings.Contains(told, "Bob has it") {
			return errors.Join(err, errors.New("bob is told: "+told))
		}
		return s.until(ctx, "Bob has it", "channel", "bob", "carol", "alice")
	})
	s.run(func(ctx context.Context, a *app) error {
		if o := s.slack.Click(slackCarol, s.slack.Direct(slackCarol), s.cards()["carol"].id, "Resolve"); !o.OK { //nolint:contextcheck // it is somebody else who presses
			return fmt.Errorf("carol's press: %+v", o)
		}
		err := s.until(ctx, "Carol resolved it", "channel", "bob", "carol", "alice")
		open, bad := a.db.OpenAlerts(ctx, "acme")
		if len(open) > 0 {
			bad = errors.New("it is still open")
		}
		return errors.Join(err, bad)
	})
	if s.paged.Load() == 0 {
		t.Error("the service was not called")
	}
	if all := s.slack.Problems(); len(all) > 0 {
		t.Errorf("against Slack's rules: %v", all)
	}
	if all := s.teams.Problems(); len(all) > 0 {
		t.Errorf("against Teams' rules: %v", all)
	}
}
