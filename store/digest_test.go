package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot/notify"
	"interlock/rbac"
	"interlock/scheduler"
	"interlock/store"
)

// booked are events by kind and text, with their rooms.
func booked(tb testing.TB, db *store.DB, from, until time.Time, kinds ...agent.Kind) (all []notify.Logged) {
	tb.Helper()
	if err := db.Logged(tb.Context(), agenttest.Org, from, until, kinds, func(l notify.Logged) { all = append(all, l) }); err != nil {
		tb.Fatal(err)
	}
	return all
}

// A digest reads events of some kinds and time, with the room of their session.
func TestLogged(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s, at := session(t, db, "1"), agenttest.Now().Add(-time.Hour)
		add := func(s *agent.Session, id string, k agent.Kind, minutes int) {
			ev := agenttest.Answer(s, id)
			ev.Kind, ev.At = k, at.Add(time.Duration(minutes)*time.Minute)
			must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{ev}}))
		}
		for i := range 4 {
			add(s, fmt.Sprint(i), agent.KindGaveUp, i)
		}
		add(s, "said", agent.KindAnswer, 2)
		add(session(t, db, "~scan/web/2026-11-30"), "scan", agent.KindGaveUp, 2)
		got := booked(t, db, at.Add(time.Minute), at.Add(3*time.Minute), agent.KindAnswer, agent.KindGaveUp)
		texts := map[string]int{}
		for _, l := range got {
			texts[l.Event.Payload.Text]++
			if l.Thread != agenttest.Thread("1") {
				t.Errorf("in %+v", l.Thread)
			}
		}
		if len(got) != 3 || texts["1"] != 1 || texts["2"] != 1 || texts["said"] != 0 { // what was said is not read
			t.Errorf("logged %v", texts)
		}
		if none := booked(t, db, at, at.Add(time.Hour), agent.KindRefused); len(none) != 0 {
			t.Errorf("of another kind %v", none)
		}
		erase(t, db, s)
		if got := booked(t, db, at, at.Add(time.Hour), agent.KindGaveUp); len(got) != 4 {
			t.Errorf("of what was erased %+v", got)
		}
		ended, failed, err := db.Ended(t.Context(), agenttest.Org, at.Add(time.Minute))
		if err != nil || ended != 5 || failed != 4 {
			t.Errorf("%d ended, %d failed, %v", ended, failed, err)
		}
	})
}

func TestHead(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		say(t, db, session(t, db, "1"), "x")
		if head, _, err := db.Head(t.Context(), agenttest.Org); err != nil || head != "" {
			t.Errorf("a head before anything is sealed: %q, %v", head, err)
		}
		seal(t, db, true)
		if head, sealed, err := db.Head(t.Context(), agenttest.Org); err != nil || len(head) != 64 || sealed.IsZero() {
			t.Errorf("head %q at %v, %v", head, sealed, err)
		}
	})
}

// What waits is a job that could run: not a scan, not one behind another of its thread,
// not another Org's.
func TestWaits(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o.Workers = 1
		db := open(t, o)
		waits := func(org string, want bool) {
			t.Helper()
			if d, err := db.Waits(t.Context(), org); err != nil || d > 0 != want {
				t.Errorf("%s waits %s, %v", org, d, err)
			}
		}
		must(t, db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "first", agenttest.Thread("1"))))
		began, end := make(chan string, 9), make(chan bool)
		agenttest.Work(t, db, func(_ context.Context, c agent.Claimed) error {
			began <- c.ID
			<-end
			return nil
		})
		t.Cleanup(func() { close(end) })
		agenttest.Await(t, began)
		must(t, db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "behind", agenttest.Thread("1"))))
		must(t, db.Enqueue(t.Context(), scheduled(1)))
		later := agenttest.Asked(agenttest.Org, "later", agenttest.Thread("3"))
		later.After = agenttest.Now().Add(time.Hour)
		must(t, db.Enqueue(t.Context(), later))
		waits(agenttest.Org, false)
		must(t, db.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, "held up", agenttest.Thread("2"))))
		waits(agenttest.Org, true)
		waits(agenttest.Rival, false)
	})
}

// However many claim due times of one schedule at the same moment, one run begins.
func TestClaimsDoNotOverlap(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		for round := range 10 {
			var all sync.WaitGroup
			name := fmt.Sprint("nightly-", round)
			if _, err := db.Begin(t.Context(), agenttest.Org, time.Unix(1_700_000_000, 0), map[string]string{name: "daily"}); err != nil {
				t.Fatal(err)
			}
			began := make(chan int, 9)
			for n := range 8 {
				all.Go(func() {
					j := scheduled(10*round + n)
					j.Actor = rbac.Actor{Org: agenttest.Org, Platform: scheduler.Platform, ID: name}
					got, err := db.Claim(t.Context(), agenttest.Org, scheduler.Claim{Schedule: name, Due: time.Unix(int64(1_800_000_000+n), 0), Job: j})
					if err != nil {
						t.Error(err)
					}
					began <- got
				})
			}
			all.Wait()
			close(began)
			total := 0
			for n := range began {
				total += n
			}
			if total != 1 {
				t.Fatalf("%d runs of one schedule began", total)
			}
		}
	})
}

// BenchmarkDigest reads a day with 1,000 sessions, each with an answer and a long result.
func BenchmarkDigest(b *testing.B) {
	db := open(b, store.Options{DataDir: b.TempDir()})
	const sessions = 1_000
	for n := range sessions {
		s, err := db.Open(b.Context(), agenttest.Org, agenttest.Thread(fmt.Sprint(n)))
		if err != nil {
			b.Fatal(err)
		}
		said, did := agenttest.Answer(s, "done"), agenttest.Answer(s, "")
		did.Kind, did.Payload = agent.KindResult, agent.Payload{Result: &agent.ToolResult{Text: strings.Repeat("a line of a plan\n", 500)}}
		if err := db.Append(b.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{did, said}}); err != nil {
			b.Fatal(err)
		}
	}
	from := time.Now().Add(-24 * time.Hour)
	for b.Loop() {
		n := 0
		err := db.Logged(b.Context(), agenttest.Org, from, from.Add(48*time.Hour), []agent.Kind{agent.KindResult, agent.KindAnswer}, func(notify.Logged) { n++ })
		if err != nil || n != 2*sessions {
			b.Fatal(n, err)
		}
	}
}
