package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/config"
)

const benchSecret = "0123456789abcdef0123456789abcdef"

// slackSeconds is how long each of the figures is measured.
var slackSeconds = flag.Int("slack-seconds", 20, "how long each figure of Slack is measured, in seconds")

// slackApp is the product's way in for Slack over HTTP, on SQLite with full
// durability. Nothing works on what comes in: that is other figures.
func slackApp(tb testing.TB) (a *app, url string) {
	tb.Helper()
	w, err := newDemoWorld(tb.TempDir())
	if err == nil {
		err = w.moveToSlack()
	}
	if err != nil {
		tb.Fatal(err)
	}
	cfg, _, err := config.Load(w.config, []string{
		"INTERLOCK_SLACK_APP_ID=A0DEMO", "INTERLOCK_SLACK_BOT_TOKEN=xoxb-1", "INTERLOCK_SLACK_API_URL=http://127.0.0.1:1/",
		"INTERLOCK_SLACK_SIGNING_SECRET=" + benchSecret, "INTERLOCK_CONSOLE_OFF=true",
	})
	if err != nil {
		tb.Fatal(err)
	}
	if a, err = wire(tb.Context(), cfg, slog.New(slog.DiscardHandler), options{}); err != nil {
		tb.Fatal(err)
	}
	s := httptest.NewServer(a.mux())
	tb.Cleanup(func() {
		s.Close()
		if err := a.close(); err != nil {
			tb.Error(err)
		}
	})
	return a, s.URL + "/slack/events"
}

// mention is the n-th event, signed now.
func mention(url string, n int) *http.Request {
	body := fmt.Sprintf(`{"type":"event_callback","team_id":"T0DEMO","api_app_id":"A0DEMO","event_id":"Ev%d","authorizations":[{"team_id":"T0DEMO","user_id":"U0INTERLOCK","is_bot":true}],`+
		`"event":{"type":"app_mention","user":"U0ALICE","text":"<@U0INTERLOCK> please look at payments-prod, request %d","channel":"C0PAYMENTS","ts":"%d.%06d"}}`, n, n, 1_800_000_000+n/1_000_000, n%1_000_000)
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(benchSecret))
	_, _ = io.WriteString(mac, "v0:"+stamp+":"+body)
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body)) //nolint:noctx // a generator's
	if err != nil {
		return nil
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

// generator sends requests over connections of its own.
type generator struct {
	client http.Client
	mu     sync.Mutex
	took   []time.Duration
	failed atomic.Int64
}

func newLoad() *generator {
	return &generator{client: http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256, MaxConnsPerHost: 256}}}
}

func (l *generator) send(r *http.Request, due time.Time) {
	res, err := l.client.Do(r)
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	took := time.Since(due)
	if err != nil || res.StatusCode != http.StatusOK {
		l.failed.Add(1)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
}

// steady sends so many a second, whatever comes back, and times each from the
// moment it was due.
func (l *generator) steady(perSecond int, d time.Duration, next func(n int) *http.Request) {
	var wg sync.WaitGroup
	began, n := time.Now(), int(d.Seconds()*float64(perSecond))
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due))
		wg.Go(func() { l.send(next(i), due) })
	}
	wg.Wait()
}

// full keeps so many requests open and gives how many a second were answered.
func (l *generator) full(open int, d time.Duration, next func(n int) *http.Request) float64 {
	var g errgroup.Group
	var n atomic.Int64
	began := time.Now()
	for range open {
		g.Go(func() error {
			for time.Since(began) < d {
				l.send(next(int(n.Add(1))), time.Now())
			}
			return nil
		})
	}
	_ = g.Wait()
	return float64(len(l.took)) / time.Since(began).Seconds()
}

func quantile(all []time.Duration, q float64) float64 {
	slices.Sort(all)
	return float64(all[max(0, int(math.Ceil(float64(len(all))*q))-1)].Microseconds()) / 1000
}

// BenchmarkSlackAcknowledgement measures our acknowledgement, which is durable,
// beside that of the npm package @slack/bolt, which stores nothing.
func BenchmarkSlackAcknowledgement(b *testing.B) {
	d := time.Duration(*slackSeconds) * time.Second
	_, ours := slackApp(b)
	bolt := startBolt(b)
	for b.Loop() {
		at := 0
		events := func(url string) func(int) *http.Request {
			at += 10_000_000
			from := at
			return func(n int) *http.Request { return mention(url, from+n) }
		}
		steady, peer := newLoad(), newLoad()
		steady.steady(500, d, events(ours))
		peer.steady(500, d, events(bolt))
		most, peers := newLoad(), newLoad()
		ceiling, theirs := most.full(64, d, events(ours)), peers.full(64, d, events(bolt))
		if n := steady.failed.Load() + most.failed.Load() + peer.failed.Load() + peers.failed.Load(); n > 0 {
			b.Fatalf("%d requests failed", n)
		}
		b.ReportMetric(quantile(steady.took, 0.99), "p99-ms@500/s")
		b.ReportMetric(quantile(peer.took, 0.99), "bolt-p99-ms@500/s")
		b.ReportMetric(ceiling, "events/s")
		b.ReportMetric(theirs, "bolt-events/s")
		b.ReportMetric(ceiling/theirs, "ratio")
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkSlackDuplicates sends 500 events a second, three of ten for the second
// time, and counts what became of them.
func BenchmarkSlackDuplicates(b *testing.B) {
	a, url := slackApp(b)
	for b.Loop() {
		l := newLoad()
		const perSecond = 500
		seconds := 3 * *slackSeconds
		first := func(n int) int { return n - n*3/10 } // of ten, seven are new
		l.steady(perSecond, time.Duration(seconds)*time.Second, func(n int) *http.Request {
			if id := first(n); n > 0 && id == first(n-1) {
				return mention(url, id/2) // one of those before
			} else {
				return mention(url, id)
			}
		})
		want := first(perSecond*seconds-1) + 1
		stats, err := a.db.Stats(context.Background())
		if err != nil || l.failed.Load() > 0 {
			b.Fatalf("%d failed, %v", l.failed.Load(), err)
		}
		b.ReportMetric(float64(perSecond*seconds), "events")
		b.ReportMetric(float64(want-stats.Ready), "lost-or-doubled")
		b.ReportMetric(quantile(l.took, 0.99), "p99-ms")
		b.ReportMetric(0, "ns/op")
		if stats.Ready != want {
			b.Errorf("%d jobs of %d events", stats.Ready, want)
		}
	}
}

// startBolt starts the peer, from a folder outside the checkout.
func startBolt(b *testing.B) (url string) {
	b.Helper()
	dir, err := exec.CommandContext(b.Context(), "scripts/setup.sh", "bolt").Output()
	if err != nil {
		b.Fatalf("set up @slack/bolt: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		b.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(dir)), "\n")
	script, err := filepath.Abs("scripts/bolt.js")
	if err != nil {
		b.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(b.Context(), "node", script, port, benchSecret)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(lines[len(lines)-1], "node_modules"))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		c, err := net.Dial("tcp", "127.0.0.1:"+port) //nolint:noctx // of a loop that is bounded
		if err == nil {
			_ = c.Close()
			return "http://127.0.0.1:" + port + "/slack/events"
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatalf("@slack/bolt did not start: %s", log.String())
	return ""
}
