package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot/notify"
	"interlock/store"
)

func erase(t *testing.T, db *store.DB, s *agent.Session) {
	t.Helper()
	_, err := db.Erase(t.Context(), s.Org, s.ID)
	must(t, err)
}

// alerted writes an alert that says needle, in the session of its key.
func alerted(t *testing.T, db *store.DB, key, trace, hold string) *agent.Session {
	t.Helper()
	s, err := db.Open(t.Context(), agenttest.Org, agent.AlertThread(key))
	must(t, err)
	a := agent.Alert{
		ID: key, Org: s.Org, Session: s.ID, Key: key, Trace: trace, Hold: hold, State: agent.Alerting, Opened: agenttest.Now(),
		Title: "needle", Text: "needle", Facts: []agent.Fact{{Name: "said", Value: "needle"}}, Why: "needle",
	}
	must(t, db.Append(t.Context(), s.Org, agent.Batch{Alert: &a}))
	return s
}

// What a session said stands nowhere beside the log when it is erased. What others said,
// and that somebody must take an alert, stays.
func TestEraseTakesWordsEverywhere(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db, past := open(t, o), raw(t, o)
		s := session(t, db, "1")
		ev := say(t, db, s, "needle")
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Hold: &agent.Hold{ID: "h", Org: s.Org, Session: s.ID, Thread: s.Thread}}))
		raised, waits := alerted(t, db, "raised", ev.ID, ""), alerted(t, db, "waits", "", "h")
		d := drifting("web", "2", "1")
		d.Findings = append(d.Findings, d.Findings[0])
		d.Findings[0].Accepted = &agent.Acceptance{By: agenttest.Person(s.Org, "ana"), Because: "needle"}
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Drift: &d}))
		room := session(t, db, "~notice/b")
		sent := agenttest.Answer(room, "told")
		sent.Run = "notice/b"
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{sent}}))
		run(t, past,
			"INSERT INTO notices (org, id, session, seq, state, at) VALUES ('acme', 'n', '"+s.ID+"', 1, 'routed', 1)",
			"INSERT INTO deliveries (org, id, notice, target, way, lane, type, severity, topic, key, more, due, bundle, state) VALUES ('acme', 'b', 'n', 't', 't', '', 't', 1, '', '', 0, 1, 'b', 'sent')",
			"INSERT INTO schedule_runs (org, schedule, due, job, state, why) VALUES ('acme', 'nightly', 7, '"+ev.Run+"', 'failed', 'needle'), ('acme', 'weekly', 7, 'other', 'failed', 'theirs')",
			"INSERT INTO schedules (org, name, missed, missed_why) VALUES ('acme', 'nightly', 7, 'needle'), ('acme', 'weekly', 7, 'theirs')",
			"INSERT INTO jobs (org, id, thread, place, control, state, run_after, body, last_error) VALUES ('acme', 'dead', 't', '"+s.ID+"', 0, 'dead', 1, 'needle', 'needle')")
		told := agenttest.Answer(s, "Erin erased it")
		elsewhere, err := db.Erase(t.Context(), s.Org, s.ID, told)
		must(t, err)
		want := []string{raised.ID, waits.ID, room.ID}
		if slices.Sort(want); !slices.Equal(elsewhere, want) {
			t.Errorf("told in %v, want %v", elsewhere, want)
		}
		for _, name := range []string{"alerts.body", "drifts.body", "holds.body", "jobs.body", "jobs.last_error", "schedules.missed_why", "schedule_runs.why", "notices.body", "deliveries.why"} {
			if all := column(t, past, name); strings.Contains(all, "needle") {
				t.Errorf("%s still holds %s", name, all)
			}
		}
		if all := column(t, past, "schedules.missed_why") + column(t, past, "schedule_runs.why"); strings.Count(all, "theirs") != 2 {
			t.Errorf("what others said is gone: %s", all)
		}
		open, err := db.OpenAlerts(t.Context(), s.Org)
		if err != nil || len(open) != 2 || open[0].Title != "(erased)" || open[0].Version != 2 {
			t.Errorf("open alerts %+v, %v", open, err)
		}
		if d, err := db.Drift(t.Context(), s.Org, "web"); err != nil || len(d.Findings) != 2 || d.Findings[0].Real != "2" || d.Findings[0].Accepted == nil || d.Version != 2 {
			t.Errorf("drift %+v, %v", d, err)
		}
		evs, err := db.Tail(t.Context(), s.Org, s.ID, 0)
		if err != nil || len(evs) != 2 || evs[0].Payload.Text != "(erased)" || evs[1].Payload.Text != "Erin erased it" {
			t.Errorf("the log is %+v, %v", evs, err)
		}
		sound(t, db, store.Report{Events: 3, Erased: 1, Sessions: 4, Unsealed: 3})
	})
}

// What is about something else keeps its words, and its version.
func TestEraseLeavesTheRest(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s, other := session(t, db, "1"), session(t, db, "2")
		say(t, db, s, "x")
		mine := alerted(t, db, "another", say(t, db, other, "y").ID, "")
		d := drifting("web", "2", "2")
		d.Findings[0].Accepted = &agent.Acceptance{Because: "it may"}
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Drift: &d}))
		erase(t, db, s)
		if a, err := db.Alert(t.Context(), s.Org, "another"); err != nil || a.Title != "needle" || a.Version != 1 {
			t.Errorf("another alert is %+v, %v", a, err)
		}
		if d, err := db.Drift(t.Context(), s.Org, "web"); err != nil || d.Findings[0].Accepted.Because != "it may" || d.Version != 1 {
			t.Errorf("another drift is %+v, %v", d, err)
		}
		erase(t, db, mine)
		if a, err := db.Alert(t.Context(), s.Org, "another"); err != nil || a.Title != "(erased)" || a.Text+a.Why != "" || a.Facts != nil {
			t.Errorf("an alert of an erased session is %+v, %v", a, err)
		}
	})
}

// A session that tells a notice has its words from there: a notice without words is none.
func TestEraseOfWhatANoticeTold(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db, past := open(t, o), raw(t, o)
		for _, id := range []string{"alerted", "sent", "other"} {
			must(t, db.PutNotice(t.Context(), notify.Notice{ID: id, Org: agenttest.Org, Type: notify.ScheduleLate, Title: "needle of " + id, At: agenttest.Now()}))
		}
		run(t, past, "INSERT INTO deliveries (org, id, notice, target, way, lane, type, severity, topic, key, more, due, bundle, state) VALUES ('acme', 'b', 'sent', 't', 't', '', 't', 1, '', '', 0, 1, 'b', 'sent')")
		s := session(t, db, "~notice/b")
		one, two := agenttest.Answer(s, "needle"), agenttest.Answer(s, "needle")
		one.Run, two.Trace = "notice/b", "alerted"
		must(t, db.Append(t.Context(), s.Org, agent.Batch{Events: []agent.Event{one, two}}))
		erase(t, db, s)
		if all := column(t, past, "notices.body"); strings.Count(all, "needle") != 1 || !strings.Contains(all, "needle of other") {
			t.Errorf("notices hold %s", all)
		}
		all, err := db.Unrouted(t.Context(), s.Org, 9)
		if err != nil || len(all) != 3 || all[0].Type != "" || all[2].Type != notify.ScheduleLate {
			t.Errorf("to be told are %+v, %v", all, err)
		}
	})
}

func TestSessionOf(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s := session(t, db, "1")
		if id, err := db.SessionOf(t.Context(), s.Org, s.Thread); err != nil || id != s.ID {
			t.Errorf("session %q, %v", id, err)
		}
		for org, at := range map[string]string{agenttest.Rival: "1", agenttest.Org: "2"} {
			_, err := db.SessionOf(t.Context(), org, agenttest.Thread(at))
			notFound(t, err)
		}
		if all, err := db.Sessions(t.Context(), s.Org, time.Time{}, time.Now(), 0, 9); err != nil || len(all) != 0 {
			t.Errorf("asking wrote something: %v %v", all, err)
		}
	})
}
