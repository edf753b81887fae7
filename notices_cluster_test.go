package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/bot/notify"
	"interlock/config"
	"interlock/store/storetest"
)

// childRoutes has the test binary take notices to their targets, until it is killed.
const childRoutes = "INTERLOCK_TEST_ROUTES"

func routes(ctx context.Context, file string) error {
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		return err
	}
	a, err := wire(ctx, cfg, slog.New(slog.DiscardHandler), options{child: true, lease: 2 * time.Second})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.worker.Run(ctx) })
	g.Go(func() error { return a.route(ctx) })
	return errors.Join(g.Wait(), a.close())
}

// counted is a service on loopback that counts what it takes, by the id that it is told.
type counted struct {
	*httptest.Server
	mu   sync.Mutex
	took map[string]int
}

func newCounted(t *testing.T) *counted {
	t.Helper()
	c := &counted{took: map[string]int{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ ID string }
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		c.took[m.ID]++
		c.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(c.Close)
	return c
}

// sum is how many different messages there were, and how many in all.
func (c *counted) sum() (different, all int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.took {
		all += n
	}
	return len(c.took), all
}

// Two processes on one PostgreSQL, killed in turn while notices come, lose none and show
// none twice in a room. A service may take again what it had taken when its sender was
// killed before that was on record: at most one message a kill.
func TestTwoProcessesTellOnce(t *testing.T) {
	t.Parallel()
	const notices = 60
	hook, dir := newCounted(t), t.TempDir()
	file := filepath.Join(dir, "interlock.yaml")
	text := fmt.Sprintf(`data_dir: data
database: {url: "file:%s/url"}
orgs:
  acme:
    people: {ana: {roles: [operator], chat: ["console:ana"]}}
    channels: {"console:ops": {tier: observe}}
    notify:
      rules: [{to: ["console:ops", "service:hook"]}]
      services: {hook: {kind: webhook, url: "%s", key: "file:%s/key"}}
`, dir, hook.URL, dir)
	err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.WriteFile(filepath.Join(dir, "url"), []byte(storetest.Postgres(t)), 0o600),
		os.WriteFile(filepath.Join(dir, "key"), []byte("a-key-that-is-long-enough"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	a, stop := noticeApp(t, file)
	defer stop()
	kills, done := 0, make(chan struct{})
	var pair sync.WaitGroup
	pair.Go(func() { kills = killInTurn(t, file, done) })
	for n := range notices {
		id := fmt.Sprintf("n%02d", n)
		if err := a.db.PutNotice(t.Context(), notify.Notice{ID: id, Org: "acme", Type: notify.QueueLate, Severity: notify.Urgent, Title: id, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	late := time.Now().Add(30 * time.Second)
	for n, _ := hook.sum(); n < notices && time.Now().Before(late); n, _ = hook.sum() {
		time.Sleep(20 * time.Millisecond)
	}
	close(done)
	pair.Wait()
	seen := map[string]int{}
	for _, c := range a.shown(t, "ops", notices) {
		if seen[c.Title]++; seen[c.Title] > 1 {
			t.Errorf("%s is shown %d times", c.Title, seen[c.Title])
		}
	}
	different, all := hook.sum()
	if len(seen) != notices || different != notices || all-different > kills || kills < 3 {
		t.Errorf("%d shown; the service took %d, %d of them again; %d kills", len(seen), all, all-different, kills)
	}
	t.Logf("%d kills, %d messages twice", kills, all-different)
}

// killInTurn keeps two processes alive until done, and kills one of them again and again.
func killInTurn(t *testing.T, file string, done <-chan struct{}) (kills int) {
	turn := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // which one is killed
	var pair [2]*exec.Cmd
	end := func(i int) {
		_ = pair[i].Process.Kill()
		_ = pair[i].Wait() // it was killed
	}
	start := func(i int) {
		pair[i] = exec.Command(os.Args[0], "-test.run=^$") //nolint:noctx // it is killed below
		pair[i].Env = append(os.Environ(), childRoutes+"="+file)
		if err := pair[i].Start(); err != nil {
			t.Error(err)
		}
	}
	start(0)
	start(1)
	for {
		select {
		case <-done:
			end(0)
			end(1)
			return kills
		case <-time.After(400 * time.Millisecond):
		}
		i := turn.IntN(2)
		end(i)
		kills++
		start(i)
	}
}
