package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot/notify"
	"interlock/config"
	"interlock/store"
)

var errKilled = errors.New("killed")

// mortal is a store whose process dies at one call: before it, or after it was written.
type mortal struct {
	*store.DB
	calls, dies int
	after, dead bool
}

// die runs one call, unless the process is dead or dies now.
func (m *mortal) die(call func() error) error {
	m.calls++
	switch {
	case m.dead:
		return errKilled
	case m.calls != m.dies:
		return call()
	}
	m.dead = true
	if m.after {
		_ = call()
	}
	return errKilled
}

func (m *mortal) Unrouted(ctx context.Context, org string, limit int) (all []notify.Notice, err error) {
	err = m.die(func() (err error) { all, err = m.DB.Unrouted(ctx, org, limit); return err })
	return all, err
}

func (m *mortal) Route(ctx context.Context, org string, ids []string, ds []notify.Delivery, more ...notify.Notice) error {
	return m.die(func() error { return m.DB.Route(ctx, org, ids, ds, more...) })
}

func (m *mortal) Due(ctx context.Context, org string, at time.Time, lane string, limit int) (all []notify.Bundle, err error) {
	err = m.die(func() (err error) { all, err = m.DB.Due(ctx, org, at, lane, limit); return err })
	return all, err
}

func (m *mortal) Delivered(ctx context.Context, org, bundle string, follow ...agent.Job) error {
	return m.die(func() error { return m.DB.Delivered(ctx, org, bundle, follow...) })
}

func (m *mortal) Postpone(ctx context.Context, org, bundle string, until time.Time, why string) error {
	return m.die(func() error { return m.DB.Postpone(ctx, org, bundle, until, why) })
}

// ear is a service that dies with the process, before or after it heard.
type ear struct {
	m   *mortal
	got *[]string
}

func (e ear) Send(_ context.Context, m notify.Message) error {
	return e.m.die(func() error { *e.got = append(*e.got, m.ID); return nil })
}

func killRouter(t *testing.T, m *mortal, got *[]string, clock func() time.Time) *notify.Router {
	t.Helper()
	rules, err := notify.Compile(config.Org{Notify: config.Notify{
		Rules:    []config.NotifyRule{{To: []string{"console:a", "console:b"}, Group: time.Second}, {To: []string{"service:hook"}}},
		Services: map[string]config.Service{"hook": {Kind: config.Webhook}},
	}})
	must(t, err)
	return &notify.Router{
		Notices: m, Bundles: m, Orgs: []string{agenttest.Org}, Log: slog.New(slog.DiscardHandler),
		Rules:   func(string) notify.Rules { return rules },
		Service: func(string, string) notify.Sender { return ear{m, got} },
		Clock:   clock,
	}
}

// Wherever a process dies, nothing is lost: rooms are told once, services at least
// once, by the same id.
func TestNoticesSurvive(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o.Tells = notify.Tells
		db, seen := open(t, o), raw(t, o)
		now := agenttest.Now()
		clock := func() time.Time { now = now.Add(time.Minute); return now } // what is gathered is due in the next round
		for n := 1; ; n++ {
			alive := true
			for _, after := range []bool{false, true} {
				s := session(t, db, fmt.Sprint(n, after))
				over := agent.Event{
					Schema: agent.Schema, ID: fmt.Sprintf("E-%d-%v", n, after), Org: s.Org, Session: s.ID, At: agenttest.Now(),
					Kind: agent.KindStopped, Payload: agent.Payload{Text: "the budget of steps (1) is spent"},
				}
				must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{over}}))
				before := len(jobIDs(t, seen))
				var got []string
				first := &mortal{DB: db, dies: n, after: after}
				live(t, killRouter(t, first, &got, clock), func() bool { return first.dead })
				second := &mortal{DB: db}
				live(t, killRouter(t, second, &got, clock), func() bool { return false })
				if jobs := jobIDs(t, seen)[before:]; len(jobs) != 2 {
					t.Errorf("killed at call %d, after it: %v: jobs %v", n, after, jobs)
				}
				if ids := slices.Compact(slices.Clone(got)); len(ids) != 1 {
					t.Errorf("killed at call %d, after it: %v: the service heard %v", n, after, got)
				}
				alive = alive && !first.dead
			}
			if alive {
				if n < 8 {
					t.Errorf("it is over after %d calls", n)
				}
				return
			}
		}
	})
}

// live lets a router do rounds until it rests or its process is dead.
func live(t *testing.T, r *notify.Router, dead func() bool) {
	t.Helper()
	for range 50 {
		n, _ := r.Drain(t.Context(), agenttest.Org)
		m, _ := r.DrainOutside(t.Context(), agenttest.Org)
		if dead() || n+m == 0 {
			return
		}
	}
	t.Fatal("the router does not come to rest")
}
