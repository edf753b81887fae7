package bot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// alarmed is a world with an alert that stands in a channel and in bob's own room.
func alarmed(t *testing.T) (w *world, channel, direct agent.Thread) {
	t.Helper()
	w = newWorld(t)
	w.Control.Escalation = &agent.Escalation{Alerts: w.store}
	s, err := w.store.Open(t.Context(), "acme", agent.AlertThread("k"))
	if err != nil {
		t.Fatal(err)
	}
	a := alerted()
	a.Own = []string{"slack:C-ops"}
	a.Session, a.Version, a.Key, a.Told = s.ID, 0, "k", []agent.Telling{{To: "x", Rooms: []string{"slack:C-ops", "slack:@U-bob", "teams:@G1"}}}
	if err := w.store.Append(t.Context(), "acme", agent.Batch{Alert: &a}); err != nil {
		t.Fatal(err)
	}
	channel, direct = agent.Thread{Platform: "slack", Channel: "C-ops", ID: "7"}, agent.Thread{Platform: "slack", Channel: "D9", ID: "8"}
	w.Refs = refs{"alert/ALERT@slack:C-ops": {Thread: channel}, "alert/ALERT@slack:@U-bob": {Thread: direct}}
	return w, channel, direct
}

func (w *world) attend(id string, who rbac.Actor, at agent.Thread, do agent.Deed) Reply {
	w.Helper()
	r, err := w.Click(w.Context(), Click{ID: id, Org: "acme", Thread: at, Actor: who, Verb: string(do), Value: "ALERT"})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// Whoever was told may press, where they were told: in the channel, or in their own
// room. Anywhere else there is no such card, and who may not read changes nothing.
func TestAnAlertIsPressed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, channel, direct := alarmed(t)
		const none = "Refused: there is no such card."
		for name, at := range map[string]agent.Thread{
			"beside":       {Platform: "slack", Channel: "C-ops", ID: "9"},
			"another room": {Platform: "slack", Channel: "D8", ID: "8"},
			"another chat": {Platform: "console", Channel: "C-ops", ID: "7"},
		} {
			if r := w.attend("0", w.person("vic"), at, agent.Acknowledge); r.Private != none || r.Card != nil {
				t.Errorf("%s: %+v", name, r)
			}
		}
		for name, who := range map[string]rbac.Actor{"an outsider": w.outsider, "a stranger": w.stranger} {
			if r := w.attend("1", who, channel, agent.Acknowledge); len(r.Card.Buttons) != 4 || r.Private == "" || r.Private == attended(agent.Alert{State: agent.Acknowledged}) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		r := w.attend("2", w.person("bob"), direct, agent.Acknowledge)
		if r.Private != "It is yours: nobody else is called. Resolve it when it is over." || r.Card == nil || r.Card.Status != "Bob has it" {
			t.Errorf("%+v", r)
		}
		if r := w.attend("3", w.person("vic"), channel, agent.Acknowledge); r.Private != "Nothing was changed: Bob has it already; take it over if you want it." || r.Card.Status != "Bob has it" {
			t.Errorf("the second: %+v", r)
		}
		if r := w.attend("4", w.person("vic"), channel, agent.Snooze); r.Private != "Nothing was changed: Bob has it; take it over first if you want to snooze it." || r.Card.Status != "Bob has it" {
			t.Errorf("snoozed by somebody else: %+v", r)
		}
		if r := w.attend("4b", w.person("bob"), channel, agent.Snooze); r.Card.Tone != Waiting || !strings.HasSuffix(r.Private, "Then the chain goes on from where it was.") {
			t.Errorf("snoozed: %+v", r)
		}
		if r := w.attend("5", w.person("vic"), channel, agent.Resolve); r.Private != "Resolved: everybody who was told sees it." || len(r.Card.Buttons) != 0 {
			t.Errorf("resolved: %+v", r)
		}
		a, err := w.store.Alert(t.Context(), "acme", "ALERT")
		if err != nil || len(a.Attended) != 3 || a.Attended[0].By.ID != "bob" || a.Attended[0].By.Account != "slack:T1/U-bob" {
			t.Errorf("on record: %+v, %v", a.Attended, err)
		}
	})
}

// A client may press before the outbox has noted where it posted.
func TestAnAlertIsPressedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, channel, _ := alarmed(t)
		cards, _ := w.Refs.(refs)
		w.Refs = noted{cards, time.Now().Add(time.Second)}
		if r := w.attend("1", w.person("bob"), channel, agent.Acknowledge); r.Card == nil {
			t.Errorf("%+v", r)
		}
	})
}

// A room that was never reached has the next step told; one whose card is there, or
// that is none of an alert, does not.
func TestLost(t *testing.T) {
	t.Parallel()
	w, _, _ := alarmed(t)
	a, err := w.store.Alert(t.Context(), "acme", "ALERT")
	if err != nil {
		t.Fatal(err)
	}
	ev := agent.Event{Kind: agent.KindAlert, Payload: agent.Payload{Alert: &a}}
	for _, row := range []Row{{Event: ev, Room: "slack:C-ops"}, {Event: agent.Event{Kind: agent.KindAnswer}, Room: "slack:C1"}, {Event: ev}} {
		if err := w.Lost(t.Context(), "acme", row, "is_archived"); err != nil || len(w.store.Waiting()) != 0 {
			t.Errorf("%s: %v, %v", row.Room, w.store.Waiting(), err)
		}
	}
	for range 2 {
		if err := w.Lost(t.Context(), "acme", Row{Event: ev, Room: "teams:@G1"}, "the channel was archived"); err != nil {
			t.Fatal(err)
		}
	}
	jobs := w.store.Waiting()
	if len(jobs) != 1 || jobs[0].Alert != "ALERT" || jobs[0].Lost != "teams:@G1" || jobs[0].Text != "the channel was archived" || jobs[0].Thread != agent.AlertThread("k") {
		t.Errorf("%+v", jobs)
	}
}

// What was to reach people by itself and did not is told to the administrators; an
// answer, and that something was not told, are not.
func TestUnseen(t *testing.T) {
	t.Parallel()
	var got []string
	in := &Inbox{Unseen: func(_ context.Context, org, room, why string) error {
		got = append(got, org+" "+room+" "+why)
		return nil
	}}
	there := agent.Thread{Platform: "slack", Channel: "C1", ID: "7"}
	for name, c := range map[string]struct {
		row  Row
		told bool
	}{
		"a notice":    {Row{Thread: there, Event: agent.Event{Kind: agent.KindNotice, Payload: agent.Payload{Text: "x", Told: &agent.Told{Type: "drift.detected"}}}}, true},
		"a digest":    {Row{Thread: there, Event: agent.Event{Kind: agent.KindDigest}}, true},
		"a drift":     {Row{Thread: there, Event: agent.Event{Kind: agent.KindFinding}}, true},
		"a beginning": {Row{Thread: agent.Thread{Platform: "slack", Channel: "C1", ID: "~x"}, Event: agent.Event{Kind: agent.KindAnswer}}, true},
		"an answer":   {Row{Thread: there, Event: agent.Event{Kind: agent.KindAnswer}}, false},
		"a failure":   {Row{Thread: there, Event: agent.Event{Kind: agent.KindNotice, Payload: agent.Payload{Told: &agent.Told{Type: "notify.failed"}}}}, false},
	} {
		got = nil
		if err := in.Lost(t.Context(), "acme", c.row, "the channel was archived"); err != nil || (len(got) == 1) != c.told || c.told && got[0] != "acme slack:C1 the channel was archived" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// The outbox tells of what it gives up before it does. When that fails, the row stays.
func TestOutboxTellsOfWhatIsLost(t *testing.T) {
	t.Parallel()
	gone := &PostError{Refused: true, Permanent: true, Says: "the channel was archived", Err: errors.New("is_archived")}
	for became, fails := range map[string]error{"dropped": nil, "": errors.New("the store is down")} {
		s := &pile{rows: []Row{told("r", "1", 0)}}
		var lost []string
		o := &Outbox{
			Rows: s, Platforms: map[string]Platform{"booth": &booth{posts: func(string) error { return gone }, at: map[string]time.Time{}}},
			Lost: func(_ context.Context, org string, row Row, why string) error {
				lost = append(lost, org+" "+row.ID+" "+why)
				return fails
			},
		}
		if _, err := o.Drain(t.Context(), "acme"); err == nil {
			t.Error("the failure was not told")
		}
		if s.became["1"] != became || len(lost) != 1 || lost[0] != "acme 1 the channel was archived" {
			t.Errorf("became %q, want %q; lost %q", s.became["1"], became, lost)
		}
	}
}

// noted is where cards are, as it is known from a moment on.
type noted struct {
	refs
	from time.Time
}

func (n noted) Ref(ctx context.Context, org, key string) (Ref, bool, error) {
	if time.Now().Before(n.from) {
		return Ref{}, false, nil
	}
	return n.refs.Ref(ctx, org, key)
}
