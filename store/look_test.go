package store_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/store"
)

func approval(s *agent.Session, id, digest string) *agent.Hold {
	return &agent.Hold{
		ID: id, Org: s.Org, Session: s.ID, State: agent.Open, Opened: agenttest.Now(), Expires: agenttest.Now(),
		Approval: &agent.Approval{Need: 1, Digest: digest},
	}
}

func ids(t *testing.T, holds []agent.Hold, err error) (all []string) {
	t.Helper()
	must(t, err)
	for _, h := range holds {
		all = append(all, h.ID)
	}
	return all
}

func TestHolds(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "1")
		first, second := approval(s, "ABCDEFGH", "7f3a91c2ff"), approval(s, "ABCDXYZ", "0000000000")
		question := &agent.Hold{ID: "QUESTION", Org: s.Org, Session: s.ID, State: agent.Open, Opened: agenttest.Now(), Question: &agent.Question{Text: "?"}}
		for _, h := range []*agent.Hold{first, second, question} {
			must(t, db.Append(t.Context(), s.Org, agent.Batch{Hold: h}))
		}
		for code, want := range map[string][]string{
			"7f3a-91c2": {"ABCDEFGH"}, "7F3A-91C2": {"ABCDEFGH"}, "ABCDE": {"ABCDEFGH"}, "abcd": {"ABCDXYZ", "ABCDEFGH"},
			"ABCDEFGH": {"ABCDEFGH"}, "ABC": nil, "": nil, "7f3a": nil, "ABCDEFGHI": nil, "%%%%": nil,
		} {
			found, err := db.HoldByCode(t.Context(), s.Org, code)
			if got := ids(t, found, err); !reflect.DeepEqual(got, want) {
				t.Errorf("%q finds %v, want %v", code, got, want)
			}
		}
		if found, err := db.HoldByCode(t.Context(), agenttest.Rival, "7f3a-91c2"); err != nil || len(found) != 0 {
			t.Errorf("another Org finds %v, %v", found, err)
		}
		second.State = agent.Denied
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Hold: second}))
		waiting, err := db.OpenHolds(t.Context(), s.Org)
		if got := ids(t, waiting, err); !reflect.DeepEqual(got, []string{"ABCDEFGH", "QUESTION"}) {
			t.Errorf("open holds are %v", got)
		}
		if st, err := db.Stats(t.Context()); err != nil || st.OpenApprovals != 1 {
			t.Errorf("stats %+v, %v", st, err)
		}
	})
}

func TestVerdictsAreKept(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "1")
		h := approval(s, "h", "7f3a91c2ff")
		for _, id := range []string{"v1", "v2"} {
			h.Approval.Verdicts = append(h.Approval.Verdicts, agent.Verdict{ID: id, By: agenttest.Person(s.Org, "bob"), At: agenttest.Now()})
			must(t, db.Append(t.Context(), s.Org, agent.Batch{Hold: h}))
		}
		var n int
		must(t, raw(t, o).QueryRowContext(t.Context(), "SELECT count(*) FROM verdicts WHERE org = 'acme' AND hold = 'h' AND subject = 'acme:console::bob'").Scan(&n))
		if n != 2 {
			t.Errorf("%d verdicts, want 2", n)
		}
	})
}

func TestRunning(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		j := agenttest.Asked(agenttest.Org, "j", agenttest.Thread("1"))
		late := agenttest.Asked(agenttest.Org, "late", agenttest.Thread("1"))
		late.After = agenttest.Now().Add(time.Hour)
		must(t, db.Enqueue(t.Context(), j))
		must(t, db.Enqueue(t.Context(), late))
		begun, end := make(chan bool), make(chan bool)
		agenttest.Work(t, db, func(context.Context, agent.Claimed) error {
			begun <- true
			<-end
			return nil
		})
		agenttest.Await(t, begun)
		defer close(end)
		if got, err := db.Running(t.Context(), agenttest.Org); err != nil || !reflect.DeepEqual(got, []agent.Job{j}) {
			t.Errorf("running %+v, %v", got, err)
		}
		if got, err := db.Running(t.Context(), agenttest.Rival); err != nil || len(got) != 0 {
			t.Errorf("another Org sees %+v, %v", got, err)
		}
		if s, err := db.Stats(t.Context()); err != nil || s.Running != 1 || s.Later != 1 || s.Ready != 0 || s.OldestReady != 0 {
			t.Errorf("stats %+v, %v", s, err)
		}
	})
}

func TestSessionUsed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "1")
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, "a")}}))
		for name, c := range map[string]struct {
			org, session string
			after        time.Time
			want         bool
		}{
			"just now":      {s.Org, s.ID, time.Now().Add(-time.Minute), true},
			"long ago":      {s.Org, s.ID, time.Now().Add(time.Minute), false},
			"another Org's": {agenttest.Rival, s.ID, time.Now().Add(-time.Minute), false},
			"none":          {s.Org, "none", time.Now().Add(-time.Minute), false},
		} {
			if got, err := db.SessionUsed(t.Context(), c.org, c.session, c.after); err != nil || got != c.want {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	})
}

func TestCallOpen(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "1")
		check := func(call string, want bool) {
			t.Helper()
			if got, err := db.CallOpen(t.Context(), agenttest.Org, s.ID, call); err != nil || got != want {
				t.Errorf("call %s is open: %v, want %v; %v", call, got, want, err)
			}
		}
		write := func(k agent.Kind, call string) {
			t.Helper()
			ev := agenttest.Answer(s, "")
			ev.Kind, ev.Payload.Call, ev.Payload.Result = k, &agent.ToolCall{ID: call}, &agent.ToolResult{}
			must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{ev}}))
		}
		check("a", false)
		write(agent.KindStarted, "a")
		write(agent.KindStarted, "b")
		check("a", true)
		write(agent.KindResult, "a")
		check("a", false)
		check("b", true)
		check("none", false)
		if got, err := db.CallOpen(t.Context(), agenttest.Rival, s.ID, "b"); err != nil || got {
			t.Errorf("another Org's call is open: %v, %v", got, err)
		}
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		alice := store.Person{ID: "alice", Name: "Alice", Roles: []string{"admin"}, Chat: []string{"acme:slack:T1:U1"}}
		bob := store.Person{ID: "bob", Name: "Bob"}
		for _, p := range []store.Person{bob, {ID: "alice"}, alice} {
			must(t, db.AddPerson(t.Context(), agenttest.Org, p))
		}
		if got, err := db.People(t.Context(), agenttest.Org); err != nil || !reflect.DeepEqual(got, []store.Person{alice, bob}) {
			t.Errorf("people %+v, %v", got, err)
		}
		if got, err := db.People(t.Context(), agenttest.Rival); err != nil || len(got) != 0 {
			t.Errorf("another Org has %+v, %v", got, err)
		}
	})
}

func TestSignals(t *testing.T) {
	t.Parallel()
	db := open(t, store.Options{DataDir: t.TempDir()})
	changed, cancel := db.Changed(agenttest.Org)
	others, cancelOthers := db.Changed(agenttest.Rival)
	defer cancelOthers()
	for range 3 { // several are one
		say(t, db, session(t, db, "1"), "x")
		if _, err := db.Say(t.Context(), bot.Message{ID: "m", Org: agenttest.Org}); err != nil {
			t.Fatal(err)
		}
	}
	agenttest.Await(t, db.Wrote())
	agenttest.Await(t, changed)
	for name, ch := range map[string]<-chan struct{}{"wrote": db.Wrote(), "changed": changed, "another Org's": others} {
		select {
		case <-ch:
			t.Errorf("%s is signalled again", name)
		default:
		}
	}
	cancel()
	if _, err := db.Redraw(t.Context(), agenttest.Org, "m", bot.Card{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("signalled after cancel")
	default:
	}
}
