package notify_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot/notify"
	"interlock/bot/notify/notifytest"
	"interlock/config"
)

// service is a fake outside service. Fail is what it answers, as long as it is set;
// takes is how long it needs.
type service struct {
	mu    sync.Mutex
	fail  error
	takes time.Duration
	got   []notify.Message
	tries []time.Time
}

func (s *service) Send(ctx context.Context, m notify.Message) error {
	if s.takes > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(s.takes):
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries = append(s.tries, time.Now())
	if s.fail != nil {
		return s.fail
	}
	s.got = append(s.got, m)
	return nil
}

// world is a router on a store in memory, with a clock that the test sets.
type world struct {
	*testing.T
	*notify.Router
	*notifytest.Memory
	now      time.Time
	services map[string]*service
	rooms    map[string][]string // of persons
	n        int
}

// org has two stacks, of two teams, and a room that belongs to none.
func org(n config.Notify) config.Org {
	return config.Org{
		Stacks: map[string]config.Stack{
			"web": {Environment: "lab", Channel: "console:lab", Team: "shop"},
			"db":  {Environment: "prod", Channel: "slack:C1", Channels: []string{"console:db"}, Team: "data"},
		},
		Notify: n,
	}
}

func open(t *testing.T, n config.Notify) *world {
	t.Helper()
	w := &world{T: t, Memory: &notifytest.Memory{}, now: notifytest.Noon(), services: map[string]*service{}, rooms: map[string][]string{}}
	for name := range n.Services {
		w.services[name] = &service{}
	}
	rules, err := notify.Compile(org(n))
	if err != nil {
		t.Fatal(err)
	}
	w.Router = &notify.Router{
		Notices: w.Memory, Bundles: w.Memory, Orgs: []string{agenttest.Org}, Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return w.now },
		Rules: func(string) notify.Rules { return rules },
		Reach: func(_ context.Context, _, id string) []string { return w.rooms[id] },
		Service: func(_, name string) notify.Sender {
			if s, ok := w.services[name]; ok {
				return s
			}
			return nil
		},
		Raise: func(n notify.Notice, chain, id string) (agent.Job, bool) {
			r := agent.Raise{Chain: chain, Key: n.Key, Title: n.Title}
			if n.Step == notify.Resolve {
				r.Over = n.Title
			}
			return r.Job(n.Org, id, n.ID), chain == "night"
		},
	}
	return w
}

// tell puts notices in, and lets the router do all that it can do now.
func (w *world) tell(all ...notify.Notice) {
	w.Helper()
	for _, n := range all {
		w.n++
		n.At = w.now
		if err := w.PutNotice(w.Context(), n); err != nil {
			w.Fatal(err)
		}
	}
	w.drain()
}

// drain goes on until nothing more can be settled. Services may fail meanwhile; rooms
// do not.
func (w *world) drain() {
	w.Helper()
	for range 1000 {
		n, err := w.Drain(w.Context(), agenttest.Org)
		if err != nil {
			w.Fatal(err)
		}
		if m, _ := w.DrainOutside(w.Context(), agenttest.Org); n+m == 0 {
			return
		}
	}
	w.Fatal("the router does not come to rest")
}

// told are the titles that a target was told, in order.
func (w *world) told(target string) (titles []string) {
	if name, ok := strings.CutPrefix(target, "service:"); ok {
		for _, m := range w.services[name].got {
			titles = append(titles, m.Title)
		}
		return titles
	}
	for _, j := range w.Jobs() {
		switch {
		case j.Raise != nil && target == "chain:"+j.Raise.Chain:
			titles = append(titles, j.Raise.Title)
		case j.Raise == nil && j.Thread.Room() == target:
			titles = append(titles, j.Title)
		}
	}
	return titles
}

func (w *world) want(target string, titles ...string) {
	w.Helper()
	if got := w.told(target); !slices.Equal(got, titles) {
		w.Errorf("%s was told %q, want %q", target, got, titles)
	}
}

// notice is one about a stack, with a title that names its id.
func notice(id, typ, stack string) notify.Notice {
	n := notifytest.Notice(id, typ, stack)
	n.Title = id
	return n
}

func rules(all ...config.NotifyRule) config.Notify { return config.Notify{Rules: all} }
