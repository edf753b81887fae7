package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot/notify"
	"interlock/config"
	"interlock/store"
)

// timed notes when the job of a notice was enqueued.
type timed struct {
	*store.DB
	mu      sync.Mutex
	notices map[string]string // by bundle
	done    map[string]time.Time
}

func (d *timed) Due(ctx context.Context, org string, at time.Time, lane string, limit int) ([]notify.Bundle, error) {
	all, err := d.DB.Due(ctx, org, at, lane, limit)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range all {
		d.notices[b.ID] = b.Top[0].ID
	}
	return all, err
}

func (d *timed) Delivered(ctx context.Context, org, bundle string, follow ...agent.Job) error {
	err := d.DB.Delivered(ctx, org, bundle, follow...)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done[d.notices[bundle]] = time.Now()
	return err
}

func benchRouter(b *testing.B, d *timed, group time.Duration) *notify.Router {
	b.Helper()
	rules, err := notify.Compile(config.Org{Notify: config.Notify{Rules: []config.NotifyRule{{To: []string{"console:ops"}, Group: group}}}})
	if err != nil {
		b.Fatal(err)
	}
	return &notify.Router{
		Notices: d, Bundles: d, Orgs: []string{agenttest.Org}, Wake: d.Noticed(), Log: slog.New(slog.DiscardHandler),
		Rules: func(string) notify.Rules { return rules },
	}
}

// BenchmarkNoticeRouted is from the commit of an event to the job that shows its notice,
// beside 100 events a second, each of which is told. The goal is 10 ms at p99.
func BenchmarkNoticeRouted(b *testing.B) {
	db := open(b, store.Options{DataDir: b.TempDir(), Tells: notify.Tells})
	d := &timed{DB: db, notices: map[string]string{}, done: map[string]time.Time{}}
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	r := benchRouter(b, d, 0)
	running.Go(func() { _ = r.Run(ctx) })
	const events = 500
	began := map[string]time.Time{}
	for range b.N {
		tick := time.NewTicker(10 * time.Millisecond)
		for i := range events {
			s, err := db.Open(b.Context(), agenttest.Org, agenttest.Thread(fmt.Sprint(i%50)))
			if err != nil {
				b.Fatal(err)
			}
			<-tick.C
			id := fmt.Sprint("event-", len(began))
			if err := db.Append(b.Context(), s.Org, agent.Batch{Events: []agent.Event{{
				Schema: agent.Schema, ID: id, Org: s.Org, Session: s.ID, At: agenttest.Now(), Kind: agent.KindGaveUp, Payload: agent.Payload{Text: "x"},
			}}}); err != nil {
				b.Fatal(err)
			}
			began[id] = time.Now()
		}
		tick.Stop()
	}
	time.Sleep(2 * time.Second) // all that is on its way
	stop()
	running.Wait()
	var took []time.Duration
	for id, at := range began {
		if d.done[id].IsZero() {
			b.Fatalf("%s was not told", id)
		}
		took = append(took, d.done[id].Sub(at))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1e3, "p99-ms")
}

// BenchmarkNoticeBurst routes and gathers a burst into one message. What one notice
// costs must not grow with their number.
func BenchmarkNoticeBurst(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				db := open(b, store.Options{DataDir: b.TempDir()})
				d := &timed{DB: db, notices: map[string]string{}, done: map[string]time.Time{}}
				fillNotices(b, db, n)
				r := benchRouter(b, d, time.Minute)
				now := agenttest.Now()
				r.Clock = func() time.Time { return now }
				began := time.Now()
				for left := n; left > 0; {
					did, err := r.Drain(b.Context(), agenttest.Org)
					if err != nil || did == 0 {
						b.Fatal(did, err)
					}
					left -= did
				}
				now = now.Add(time.Minute)
				if did, err := r.Drain(b.Context(), agenttest.Org); did != 1 || err != nil {
					b.Fatalf("%d messages, %v", did, err)
				}
				b.ReportMetric(float64(time.Since(began).Microseconds())/float64(n), "µs/notice")
			}
		})
	}
}

func fillNotices(b *testing.B, db *store.DB, n int) {
	b.Helper()
	var g sync.WaitGroup
	for part := range 100 {
		g.Go(func() {
			for i := part; i < n; i += 100 {
				if err := db.PutNotice(context.WithoutCancel(b.Context()), notify.Notice{
					ID: fmt.Sprint("n", i), Org: agenttest.Org, Type: notify.DriftDetected, Severity: notify.Warning, Title: "x", Key: fmt.Sprint(i), At: agenttest.Now(),
				}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	g.Wait()
}
