// Package bottest holds what tests of bots share: a store in memory and the
// suites that every implementation of bot's interfaces must pass. It must never
// know wire formats or SQL.
package bottest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
)

// Rows is what TestRows drives: an outbox, and the log that fills it.
type Rows interface {
	bot.Rows
	agenttest.Queue
}

// TestRows is what every bot.Rows must do. Open gives an empty one that knows
// agenttest.Org and agenttest.Rival.
func TestRows(t *testing.T, open func(t *testing.T) Rows) {
	for name, test := range map[string]func(t *testing.T, r Rows){
		"one row a thread, the oldest":     oneRowAThread,
		"a full room hides no other":       roomsShare,
		"an event is shown elsewhere too":  copied,
		"a row is put off or given up":     putOff,
		"a ref is kept with its row":       refKept,
		"a session moves to its thread":    moves,
		"both names of a thread are one":   bothNames,
		"another Org's row is not settled": rowsOfOrgs,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func say(t *testing.T, r Rows, org, thread string, texts ...string) *agent.Session {
	t.Helper()
	s, err := r.Open(t.Context(), org, agenttest.Thread(thread))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if err := r.Append(t.Context(), org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, text)}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// shown checks what is pending, as "thread:text".
func shown(t *testing.T, r Rows, org string, want ...string) []bot.Row {
	t.Helper()
	rows, err := r.Pending(t.Context(), org, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, row.Thread.ID+":"+row.Event.Payload.Text)
		if row.ID != row.Event.ID || row.Event.Org != org || row.Event.Seq == 0 {
			t.Errorf("row %s has event %+v", row.ID, row.Event)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("pending %v, want %v", got, want)
	}
	return rows
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ref(thread, id string) bot.Ref {
	return bot.Ref{Thread: agenttest.Thread(thread), MessageID: id}
}

func oneRowAThread(t *testing.T, r Rows) {
	shown(t, r, agenttest.Org)
	say(t, r, agenttest.Org, "1", "a", "b")
	say(t, r, agenttest.Org, "2", "c")
	rows := shown(t, r, agenttest.Org, "1:a", "2:c")
	if rows, err := r.Pending(t.Context(), agenttest.Org, 1); err != nil || len(rows) != 1 {
		t.Errorf("at most one row: %v, %v", rows, err)
	}
	must(t, r.Sent(t.Context(), agenttest.Org, rows[0].ID, "", bot.Ref{}))
	rows = shown(t, r, agenttest.Org, "1:b", "2:c")
	must(t, r.Sent(t.Context(), agenttest.Org, rows[0].ID, "", bot.Ref{}))
	must(t, r.Sent(t.Context(), agenttest.Org, rows[0].ID, "", bot.Ref{})) // twice is once
	must(t, r.Sent(t.Context(), agenttest.Org, rows[1].ID, "", bot.Ref{}))
	shown(t, r, agenttest.Org)
}

func roomsShare(t *testing.T, r Rows) {
	for i := range 3 * bot.OfRoom {
		say(t, r, agenttest.Org, fmt.Sprint("busy", i), "x")
	}
	quiet := agent.Thread{Platform: "console", Channel: "quiet", ID: "1"}
	s, err := r.Open(t.Context(), agenttest.Org, quiet)
	must(t, err)
	must(t, r.Append(t.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, "y")}}))
	rows, err := r.Pending(t.Context(), agenttest.Org, 2*bot.OfRoom)
	must(t, err)
	if len(rows) != bot.OfRoom+1 || rows[0].Thread.ID != "busy0" || rows[bot.OfRoom].Thread != quiet {
		t.Errorf("%d rows are pending, the last is of %v", len(rows), rows[len(rows)-1].Thread)
	}
}

func copied(t *testing.T, r Rows) {
	const there, too = "teams:19:x@thread.tacv2", "slack:C2"
	say(t, r, agenttest.Org, "1", "a", "b")
	row := shown(t, r, agenttest.Org, "1:a")[0]
	for range 2 { // twice is once
		must(t, r.Copy(t.Context(), agenttest.Org, row.ID, []string{there, too}))
	}
	must(t, r.Copy(t.Context(), agenttest.Rival, row.ID, []string{there}))
	must(t, r.Sent(t.Context(), agenttest.Org, row.ID, "card", ref("1", "m1")))
	find := func(room string) (all []bot.Row) {
		t.Helper()
		rows, err := r.Pending(t.Context(), agenttest.Org, 100)
		must(t, err)
		for _, one := range rows {
			if one.Room == room {
				all = append(all, one)
			}
		}
		return all
	}
	one, main := find(there), find("")
	if len(one) != 1 || len(find(too)) != 1 || len(main) != 1 || main[0].Event.Payload.Text != "b" {
		t.Fatalf("copies %d and %d, own %d", len(one), len(find(too)), len(main))
	}
	if c := one[0]; c.Event.ID != row.Event.ID || c.ID == row.ID || c.Thread != row.Thread {
		t.Errorf("copy %+v", c)
	}
	must(t, r.Copy(t.Context(), agenttest.Org, main[0].ID, []string{there})) // waits for the one before it
	if again := find(there); len(again) != 1 || again[0].ID != one[0].ID {
		t.Errorf("a copy overtook: %d", len(again))
	}
	elsewhere := bot.Ref{Thread: agent.Thread{Platform: "teams", Channel: "19:x@thread.tacv2", ID: "7"}, MessageID: "7"}
	must(t, r.Sent(t.Context(), agenttest.Org, one[0].ID, "card@"+there, elsewhere))
	if got, ok, err := r.Ref(t.Context(), agenttest.Org, "card@"+there); err != nil || !ok || got != elsewhere {
		t.Errorf("ref of the copy %+v, %v", got, err)
	}
	if next := find(there); len(next) != 1 || next[0].Event.Payload.Text != "b" || next[0].Thread.ID != "1" {
		t.Errorf("the session moved to a copy, or the next copy is missing: %+v", next)
	}
	must(t, r.Later(t.Context(), agenttest.Org, find(too)[0].ID, time.Now().Add(time.Hour), "away"))
	if len(find(too)) != 0 || len(find("")) != 1 {
		t.Error("a copy that waits holds up its event's own thread")
	}
}

func putOff(t *testing.T, r Rows) {
	say(t, r, agenttest.Org, "1", "a", "b")
	row := shown(t, r, agenttest.Org, "1:a")[0]
	until := time.Now().Add(500 * time.Millisecond)
	must(t, r.Later(t.Context(), agenttest.Org, row.ID, until, "chat is down"))
	shown(t, r, agenttest.Org) // the younger one waits too
	time.Sleep(time.Until(until))
	again := shown(t, r, agenttest.Org, "1:a")[0]
	if again.Attempts != row.Attempts+1 {
		t.Errorf("attempts %d after %d", again.Attempts, row.Attempts)
	}
	must(t, r.Dropped(t.Context(), agenttest.Org, row.ID, "gone for good"))
	shown(t, r, agenttest.Org, "1:b")
}

func refKept(t *testing.T, r Rows) {
	say(t, r, agenttest.Org, "1", "a", "b", "c")
	noRef := func(org, key string) {
		t.Helper()
		if got, ok, err := r.Ref(t.Context(), org, key); ok || err != nil {
			t.Errorf("ref %q of %s is %+v, %v", key, org, got, err)
		}
	}
	noRef(agenttest.Org, "card")
	must(t, r.Sent(t.Context(), agenttest.Org, shown(t, r, agenttest.Org, "1:a")[0].ID, "card", ref("1", "m1")))
	must(t, r.Sent(t.Context(), agenttest.Org, shown(t, r, agenttest.Org, "1:b")[0].ID, "", ref("1", "m2")))
	noRef(agenttest.Org, "")
	noRef(agenttest.Rival, "card")
	for _, id := range []string{"m1", "m3"} {
		if id == "m3" {
			must(t, r.Sent(t.Context(), agenttest.Org, shown(t, r, agenttest.Org, "1:c")[0].ID, "card", ref("1", id)))
		}
		if got, ok, err := r.Ref(t.Context(), agenttest.Org, "card"); got != ref("1", id) || !ok || err != nil {
			t.Errorf("ref is %+v (%v), want %s; %v", got, ok, id, err)
		}
	}
}

func moves(t *testing.T, r Rows) {
	s := say(t, r, agenttest.Org, "~scan/web", "a", "b")
	must(t, r.Sent(t.Context(), agenttest.Org, shown(t, r, agenttest.Org, "~scan/web:a")[0].ID, "k", ref("real", "m1")))
	shown(t, r, agenttest.Org, "real:b")
	for _, name := range []string{"~scan/web", "real"} {
		got := say(t, r, agenttest.Org, name)
		if got.ID != s.ID || got.Thread != agenttest.Thread("real") || len(got.Events) != 2 {
			t.Errorf("thread %s is session %s in %v with %d events", name, got.ID, got.Thread, len(got.Events))
		}
	}
	if got, err := r.Load(t.Context(), agenttest.Org, s.ID); err != nil || got.Thread != agenttest.Thread("real") {
		t.Errorf("session is in %v, %v", got.Thread, err)
	}
	if got := say(t, r, agenttest.Rival, "real"); got.ID == s.ID {
		t.Error("another Org has the session")
	}
}

// bothNames: jobs that name the first thread and jobs that name the real one
// are jobs of one thread, also when they were queued before it was known.
func bothNames(t *testing.T, r Rows) {
	say(t, r, agenttest.Org, "~scan/web", "a", "b")
	enqueue := func(id, thread string) {
		t.Helper()
		must(t, r.Enqueue(t.Context(), agenttest.Asked(agenttest.Org, id, agenttest.Thread(thread))))
	}
	enqueue("early", "real")
	enqueue("first", "~scan/web")
	must(t, r.Sent(t.Context(), agenttest.Org, shown(t, r, agenttest.Org, "~scan/web:a")[0].ID, "k", ref("real", "m1")))
	enqueue("late", "real")
	enqueue("last", "~scan/web")
	enqueue("elsewhere", "2")
	begun, end := make(chan agent.Claimed, 9), make(chan bool)
	for range 3 {
		agenttest.Work(t, r, func(ctx context.Context, c agent.Claimed) error {
			if c.Thread.ID == "2" {
				return nil
			}
			begun <- c
			select {
			case <-end:
			case <-ctx.Done():
			}
			return nil
		})
	}
	for i, want := range []string{"early", "first", "late", "last"} {
		if c := agenttest.Await(t, begun); c.ID != want {
			t.Errorf("job %d is %s, want %s", i, c.ID, want)
		}
		select {
		case c := <-begun:
			t.Fatalf("%s runs beside %s", c.ID, want)
		case <-time.After(600 * time.Millisecond):
		}
		end <- true
	}
}

func rowsOfOrgs(t *testing.T, r Rows) {
	say(t, r, agenttest.Org, "1", "a")
	row := shown(t, r, agenttest.Org, "1:a")[0]
	shown(t, r, agenttest.Rival)
	for i, err := range []error{
		r.Sent(t.Context(), agenttest.Rival, row.ID, "k", ref("2", "m")),
		r.Later(t.Context(), agenttest.Rival, row.ID, time.Now().Add(time.Hour), "x"),
		r.Dropped(t.Context(), agenttest.Rival, row.ID, "x"),
		r.Dropped(t.Context(), agenttest.Org, "none", "x"),
	} {
		if err == nil {
			t.Error(fmt.Sprint("way ", i, " has no error"))
		}
	}
	shown(t, r, agenttest.Org, "1:a")
}
