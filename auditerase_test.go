package main

import (
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// Words go, and that they went, by whom and why, is the next entry of the same log: the
// trail still holds, and the thread sees it.
func TestAuditErase(t *testing.T) {
	t.Parallel()
	_, file := policyWorld(t)
	run := func(code int, want string, args ...string) {
		t.Helper()
		got, out := interlock(t.Context(), "", append([]string{"audit", "--config", file}, args...)...)
		if got != code || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, want %d with %q:\n%s", args, got, code, want, out)
		}
	}
	because := func(why string) []string { return []string{"--by", "erin", "--because", why} }
	run(3, "no database yet", append([]string{"erase", "x"}, because("y")...)...)
	db := openedStore(t, file)
	var sessions [2]*agent.Session
	for i, thread := range []string{"17.1", "~notice/1"} {
		s, err := db.Open(t.Context(), "acme", agent.Thread{Platform: "slack", Channel: "C1", ID: thread})
		if err != nil {
			t.Fatal(err)
		}
		ev := agenttest.Answer(s, "needle")
		ev.Actor = rbac.Actor{Org: "acme", Platform: "person", ID: "alice"}
		if err := db.Append(t.Context(), "acme", agent.Batch{Events: []agent.Event{ev}}); err != nil {
			t.Fatal(err)
		}
		sessions[i] = s
	}
	run(2, "by", "erase", sessions[0].ID)
	run(2, "needs a reason: --because", append([]string{"erase", sessions[0].ID}, because(" ")...)...)
	run(2, `"alice" is no administrator of acme`, "erase", sessions[0].ID, "--by", "alice", "--because", "x")
	run(2, `acme has no session "nonsense"`, append([]string{"erase", "nonsense"}, because("x")...)...)
	run(2, `acme has no session "slack:C1/17.2"`, append([]string{"erase", "slack:C1/17.2"}, because("x")...)...)
	run(0, "0 erased", "verify")
	run(0, "session "+sessions[0].ID+" is erased; who did it, and why, is on record there\n", append([]string{"erase", sessions[0].ID}, because("a customer\nasked for it")...)...)
	run(0, "session "+sessions[1].ID+" is erased", append([]string{"erase", "slack:C1/~notice/1"}, because("the same")...)...)
	run(0, "the trail holds: 4 events in 2 sessions, 2 erased", "verify")
	s, err := db.Load(t.Context(), "acme", sessions[0].ID)
	if err != nil || len(s.Events) != 2 || s.Events[0].Payload.Text != "(erased)" {
		t.Fatalf("%+v %v", s, err)
	}
	last := s.Events[1]
	want := "Erin erased what was said and done here from the record: a customer asked for it. Messages in the chat stay as they are."
	if last.Kind != agent.KindNotice || last.Payload.Title != "Erased" || last.Payload.Text != want || rbac.Identity(last.Actor) != "person:erin" || last.Turn == "" {
		t.Errorf("on record is %+v", last)
	}
	rows, err := db.Pending(t.Context(), "acme", 10)
	if err != nil || len(rows) != 2 {
		t.Errorf("to be shown: %+v %v", rows, err)
	}
}

// Whoever erases one is told where else something of it stands.
func TestAuditEraseNamesOtherSessions(t *testing.T) {
	t.Parallel()
	_, file := policyWorld(t)
	db := openedStore(t, file)
	s, err := db.Open(t.Context(), "acme", agent.Thread{Platform: "slack", Channel: "C1", ID: "17.1"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := db.Open(t.Context(), "acme", agent.AlertThread("k"))
	if err != nil {
		t.Fatal(err)
	}
	ev := agenttest.Answer(s, "needle")
	a := agent.Alert{ID: "a", Org: "acme", Session: other.ID, Trace: ev.ID, Title: "needle", State: agent.Alerting}
	if err := db.Append(t.Context(), "acme", agent.Batch{Events: []agent.Event{ev}, Alert: &a}); err != nil {
		t.Fatal(err)
	}
	code, out := interlock(t.Context(), "", "audit", "erase", s.ID, "--config", file, "--by", "erin", "--because", "x")
	if want := "told in session " + other.ID + ","; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit %d, no %q in:\n%s", code, want, out)
	}
}
