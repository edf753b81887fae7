package store_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/store"
)

func TestBills(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestBills(t, func(t *testing.T) agenttest.Ledger { return open(t, another(t, o)) })
	})
}

// cost bills a person for one reply.
func cost(t *testing.T, db *store.DB, s *agent.Session, who string, at time.Time, m agent.Money) agent.Event {
	t.Helper()
	ev := agenttest.Answer(s, "needle")
	ev.Actor, ev.At = agenttest.Person(s.Org, who), at
	ev.Payload.Bill = &agent.Bill{Model: "m", Usage: agent.Usage{Input: 1}, Cost: m, Priced: m > 0}
	must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{ev}}))
	return ev
}

func spent(t *testing.T, db *store.DB, f agent.BillFilter) agent.Money {
	t.Helper()
	sum, err := db.Billed(t.Context(), agenttest.Org, f)
	must(t, err)
	return sum.Cost
}

// A bill has no words in it: it stays when its session is erased, and follows
// the session to another thread.
func TestBillsStay(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "~scan/web")
		ev := cost(t, db, s, "ana", agenttest.Now(), 7)
		moved := agenttest.Thread("real")
		must(t, db.Sent(t.Context(), s.Org, ev.ID, "", bot.Ref{Thread: moved, MessageID: "m"}))
		erase(t, db, s)
		for _, f := range []agent.BillFilter{{}, {Thread: moved}, {Thread: s.Thread}, {Person: ev.Actor.Subject()}} {
			if got := spent(t, db, f); got != 7 {
				t.Errorf("%+v: %d, want 7", f, got)
			}
		}
		if got := spent(t, db, agent.BillFilter{Thread: agenttest.Thread("new")}); got != 0 {
			t.Errorf("a new thread has spent %d", got)
		}
		var n int
		must(t, raw(t, o).QueryRowContext(t.Context(), "SELECT count(*) FROM sessions").Scan(&n))
		if n != 1 {
			t.Errorf("asking made a session: there are %d", n)
		}
	})
}

// pause records that a turn rests, and the job that goes on with it.
func pause(t *testing.T, db *store.DB, s *agent.Session, turn string, wait time.Duration) agent.Job {
	t.Helper()
	ev := agenttest.Answer(s, "overloaded")
	ev.Kind, ev.Turn = agent.KindPaused, turn
	j := agenttest.Asked(s.Org, turn+"/go-on/1", s.Thread)
	j.Text, j.Turn, j.After = "", turn, agenttest.Now().Add(wait)
	ev.Payload.Pause = &agent.Pause{Job: j.ID, At: j.After}
	must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{ev}, Jobs: []agent.Job{j}}))
	return j
}

func TestResting(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "1")
		later, sooner := pause(t, db, s, "a", time.Hour), pause(t, db, session(t, db, "2"), "b", time.Minute)
		put := agenttest.Asked(s.Org, "put off", s.Thread)
		put.After = agenttest.Now().Add(time.Second)
		due := agenttest.Asked(s.Org, "h/due", s.Thread)
		due.Text, due.Hold, due.After = "", "h", put.After
		for _, j := range []agent.Job{put, due} {
			must(t, db.Enqueue(t.Context(), j))
		}
		resting := func(org string, want ...agent.Job) {
			t.Helper()
			if got, err := db.Resting(t.Context(), org); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		}
		resting(s.Org, sooner, later)
		resting(agenttest.Rival)
		summary, end := agenttest.Answer(s, ""), agenttest.Answer(s, "stopped")
		summary.Kind, summary.Turn, summary.Payload.Summary = agent.KindSummary, "a", &agent.Summary{}
		kept := agenttest.Answer(s, "")
		kept.Kind, kept.Turn, kept.Payload.Kept = agent.KindKept, "a", &agent.Kept{}
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{summary, kept}}))
		resting(s.Org, sooner, later)
		end.Kind, end.Turn = agent.KindResumed, "a"
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{end}}))
		resting(s.Org, sooner)
	})
}

// What reads a log relies on parts of a payload: an erased one has them too.
func TestErasedKinds(t *testing.T) {
	t.Parallel()
	db := open(t, store.Options{DataDir: t.TempDir()})
	s := session(t, db, "1")
	call, hold := &agent.ToolCall{ID: "c"}, &agent.Hold{ID: "h", Approval: &agent.Approval{}, Question: &agent.Question{}}
	parts := map[agent.Kind]agent.Payload{
		agent.KindAsk: {Ask: &agent.Ask{}}, agent.KindStep: {Step: &agent.Step{}}, agent.KindStarted: {Call: call},
		agent.KindResult: {Call: call, Result: &agent.ToolResult{}}, agent.KindApproval: {Call: call, Hold: hold},
		agent.KindQuestion: {Call: call, Hold: hold}, agent.KindVerdict: {Call: call, Hold: hold},
		agent.KindFinding: {Scan: &agent.ScanNews{}}, agent.KindSummary: {Summary: &agent.Summary{}}, agent.KindPaused: {Pause: &agent.Pause{}},
	}
	for k, p := range parts {
		ev := agenttest.Answer(s, "")
		ev.Kind, ev.Payload = k, p
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{ev}}))
	}
	erase(t, db, s)
	got, err := db.Load(t.Context(), s.Org, s.ID)
	must(t, err)
	for _, ev := range got.Events {
		was, is := reflect.ValueOf(parts[ev.Kind]), reflect.ValueOf(ev.Payload)
		for i := range was.NumField() {
			if f := was.Type().Field(i); f.Type.Kind() == reflect.Pointer && was.Field(i).IsNil() != is.Field(i).IsNil() {
				t.Errorf("erased %s: %s is %v, want one %v", ev.Kind, f.Name, is.Field(i), !was.Field(i).IsNil())
			}
		}
		if ev.Kind == agent.KindVerdict && ev.Payload.Hold.Last().By.Name != "" {
			t.Errorf("erased verdict is %+v", ev.Payload.Hold.Last())
		}
	}
	if len(got.Events) != len(parts) {
		t.Errorf("%d events, want %d", len(got.Events), len(parts))
	}
}

// BenchmarkBilled is what is asked before each step of a model, with 100,000
// bills of 50 people in a year, 1000 of them in the thread.
func BenchmarkBilled(b *testing.B) {
	o := store.Options{DataDir: b.TempDir()}
	db := open(b, o)
	fillBills(b, db)
	month := agent.Month(time.Now())
	for name, f := range map[string]agent.BillFilter{
		"month": {From: month}, "person": {From: month, Person: agenttest.Person(agenttest.Org, "p7").Subject()}, "thread": {Thread: agenttest.Thread("7")},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if sum, err := db.Billed(b.Context(), agenttest.Org, f); err != nil || sum.Replies == 0 {
					b.Fatalf("%+v, %v", sum, err)
				}
			}
		})
	}
}

func fillBills(b *testing.B, db *store.DB) {
	b.Helper()
	const threads, batches, each = 100, 20, 50
	now := agenttest.Now()
	for i := range threads {
		s, err := db.Open(b.Context(), agenttest.Org, agenttest.Thread(fmt.Sprint(i)))
		if err != nil {
			b.Fatal(err)
		}
		for j := range batches {
			var evs []agent.Event
			for k := range each {
				ev := agenttest.Answer(s, "")
				ev.Actor, ev.At = agenttest.Person(agenttest.Org, fmt.Sprint("p", k)), now.AddDate(0, -(j%12), 0)
				ev.Payload.Bill = &agent.Bill{Model: "m", Usage: agent.Usage{Input: 1000, Output: 10}, Cost: 5}
				evs = append(evs, ev)
			}
			if err := db.Append(context.WithoutCancel(b.Context()), agenttest.Org, agent.Batch{Events: evs}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
