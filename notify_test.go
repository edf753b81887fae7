package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
	"interlock/rbac"
)

// hooks is a service on loopback that counts what it takes, and one that refuses.
func hooks(t *testing.T) (good, bad string, took *atomic.Int32) {
	t.Helper()
	took = &atomic.Int32{}
	fine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		took.Add(1)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(fine.Close)
	refusing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refusing.Close)
	return fine.URL, refusing.URL, took
}

func TestNotifyTest(t *testing.T) {
	t.Parallel()
	good, bad, took := hooks(t)
	secret := config.Secret{}
	cfg := config.Config{Orgs: map[string]config.Org{"acme": {
		Policy: config.Policy{People: map[string]config.Person{"ana": {}}, Channels: map[string]config.Channel{"slack:C1": {}}},
		Notify: config.Notify{Services: map[string]config.Service{
			"hook":  {Kind: config.Webhook, URL: good, Key: secret},
			"pager": {Kind: config.PagerDuty, URL: good, Key: secret},
		}},
	}}}
	broken := cfg.Orgs["acme"]
	broken.Notify.Services = map[string]config.Service{"bad": {Kind: config.Webhook, URL: bad}, "hook": {Kind: config.Webhook, URL: good}}
	for name, c := range map[string]struct {
		org    config.Org
		args   []string
		says   string
		code   int
		took   int32
		queued string
	}{
		"all":       {cfg.Orgs["acme"], nil, "service:hook: sent\nservice:pager: sent, and resolved\n", 0, 3, ""},
		"one":       {cfg.Orgs["acme"], []string{"service:hook"}, "service:hook: sent\n", 0, 1, ""},
		"person":    {cfg.Orgs["acme"], []string{"person:ana"}, "person:ana: queued", 0, 0, "person:ana"},
		"room":      {cfg.Orgs["acme"], []string{"slack:C1"}, "slack:C1: queued", 0, 0, "slack:C1"},
		"nobody":    {cfg.Orgs["acme"], []string{"person:bo"}, "", exitUse, 0, ""},
		"no room":   {cfg.Orgs["acme"], []string{"lab"}, "", exitUse, 0, ""},
		"none":      {config.Org{}, nil, "", exitUse, 0, ""},
		"one fails": {broken, nil, "service:bad: not sent: post: 127.0.0.1:", exitFailed, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := took.Load()
			var out bytes.Buffer
			queued := ""
			tt := tester{cfg: config.Config{Orgs: map[string]config.Org{"acme": c.org}}, out: &out, queue: func(_ context.Context, n notify.Notice) error {
				queued = strings.Join(n.To, " ")
				return nil
			}}
			err := tt.test(t.Context(), "", c.args)
			code := 0
			if e := (*coded)(nil); errors.As(err, &e) {
				code = e.code
			}
			if code != c.code || !strings.HasPrefix(out.String(), c.says) || queued != c.queued || took.Load()-before != c.took {
				t.Errorf("code %d (%v), %d taken, queued %q:\n%s", code, err, took.Load()-before, queued, out.String())
			}
		})
	}
}

// From the terminal to the page: a test message that one process queues is shown by
// the one that serves, once, and its reader mutes it.
func TestNoticeReachesARoom(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	const text = `data_dir: data
orgs:
  acme:
    people: {ana: {name: Ana Lima, roles: [operator], chat: ["console:ana"]}}
    channels: {"console:ops": {tier: observe}}
    notify:
      rules: [{to: ["console:ops"]}]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := command()
	c.SetArgs([]string{"notify", "test", "console:ops", "--config", file})
	c.SetOut(io.Discard)
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, stop := noticeApp(t, file)
	defer stop()
	if cards := a.shown(t, "ops", 1); cards[0].Title != "This is a test" || cards[0].Status != "info" {
		t.Errorf("shown is %+v", cards)
	}
	drift := func(id string) {
		n := notify.Notice{ID: id, Org: "acme", Type: notify.ScheduleLate, Severity: notify.Warning, Title: "late " + id, At: time.Now()}
		if err := a.db.PutNotice(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	drift("one")
	card := a.shown(t, "ops", 2)[1]
	i := len(card.Buttons) - 1
	r, err := a.in.Click(t.Context(), bot.Click{
		ID: "click", Org: "acme", Thread: agent.Thread{Platform: "console", Channel: "ops", ID: "x"}, Actor: rbac.Actor{Org: "acme", Platform: "console", ID: "ana"},
		Verb: card.Buttons[i].Verb, Value: card.Buttons[i].Value,
	})
	if err != nil || r.Private != "Muted for a day." {
		t.Fatalf("%+v, %v", r, err)
	}
	drift("two")
	if err := a.db.PutNotice(t.Context(), notify.Notice{ID: "last", Org: "acme", Type: notify.QueueLate, Severity: notify.Warning, Title: "last", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	titles := ""
	for _, c := range a.shown(t, "ops", 4) {
		titles += c.Title + "; "
	}
	if strings.Contains(titles, "late two") || !strings.Contains(titles, "Muted") || !strings.Contains(titles, "last") {
		t.Errorf("shown are %s", titles)
	}
}

// The button in a chat reaches the same services as the command, and the one who pressed
// it, once; whom a service called is told at once that it is over.
func TestAPressSendsATest(t *testing.T) {
	t.Parallel()
	good, _, took := hooks(t)
	dir := t.TempDir()
	file, key := filepath.Join(dir, "interlock.yaml"), filepath.Join(dir, "key")
	text := `data_dir: data
orgs:
  acme:
    people: {ana: {name: Ana Lima, roles: [admin], chat: ["console:ana"]}}
    channels: {"console:ops": {tier: observe}}
    notify:
      services:
        hook: {kind: webhook, url: "` + good + `", key: "file:` + key + `"}
        pager: {kind: pagerduty, url: "` + good + `", key: "file:` + key + `"}
`
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.WriteFile(key, []byte("a-key-that-is-long-enough"), 0o600)); err != nil {
		t.Fatal(err)
	}
	a, stop := noticeApp(t, file)
	defer stop()
	c := bot.Click{
		ID: "press", Org: "acme", Thread: agent.Thread{Platform: "console", Channel: "ops", ID: "x"},
		Actor: rbac.Actor{Org: "acme", Platform: "console", ID: "ana"}, Verb: "test-notices",
	}
	for range 2 { // the chat delivered it twice
		r, err := a.in.Click(t.Context(), c)
		if err != nil || r.Private != "A test is on its way to you, hook, pager. Where it cannot be delivered, the administrators are told." {
			t.Fatalf("%q, %v", r.Private, err)
		}
	}
	if cards := a.shown(t, "@ana", 1); cards[0].Title != "This is a test" {
		t.Errorf("%+v", cards)
	}
	for wait := time.Now().Add(20 * time.Second); took.Load() < 3 && time.Now().Before(wait); {
		time.Sleep(5 * time.Millisecond)
	}
	if n := took.Load(); n != 3 { // the pager is told twice
		t.Errorf("the services took %d", n)
	}
}

// noticed is the product with its worker and what shows.
type noticed struct{ *app }

func noticeApp(t *testing.T, file string) (a noticed, stop func()) {
	t.Helper()
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.app, err = wire(t.Context(), cfg, slog.New(slog.DiscardHandler), options{child: true}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.worker.Run(ctx) })
	g.Go(func() error { return a.show(ctx) })
	return a, func() {
		cancel()
		if err := errors.Join(g.Wait(), a.close()); err != nil {
			t.Error(err)
		}
	}
}

// shown waits for so many cards in a channel of the page.
func (a noticed) shown(t *testing.T, channel string, n int) (cards []bot.Card) {
	t.Helper()
	changed, done := a.db.Changed("acme")
	defer done()
	late := time.After(20 * time.Second)
	for {
		all, err := a.db.Read(t.Context(), "acme", agent.Thread{Platform: "console", Channel: channel}, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		cards = nil
		for _, m := range all {
			if m.Card != nil {
				cards = append(cards, *m.Card)
			}
		}
		if len(cards) >= n {
			return cards
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("%d cards of %d: %+v", len(cards), n, cards)
		}
	}
}
