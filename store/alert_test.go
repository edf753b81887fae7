package store_test

import (
	"slices"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/store"
)

func TestAlerts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestAlerts(t, func(t *testing.T) agenttest.AlertStore { return open(t, another(t, o)) })
	})
}

// An alert has a row for each of its rooms from the very transaction that wrote it:
// a chat that is down keeps no other one waiting.
func TestAlertIsShownInEachRoom(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, another(t, o))
		s, err := db.Open(t.Context(), agenttest.Org, agent.AlertThread("disk"))
		must(t, err)
		a := agent.Alert{ID: "a", Org: s.Org, Session: s.ID, Key: "disk", State: agent.Alerting}
		tell := func(rooms ...string) {
			a.Told = append(a.Told, agent.Telling{Rooms: rooms})
			ev := agenttest.Answer(s, "")
			ev.Kind, ev.Payload = agent.KindAlert, agent.Payload{Alert: &a}
			must(t, db.Append(t.Context(), s.Org, agent.Batch{Alert: &a, Events: []agent.Event{ev}}))
		}
		pending := func() (rooms []string, rows []bot.Row) {
			rows, err := db.Pending(t.Context(), s.Org, 10)
			must(t, err)
			for _, r := range rows {
				rooms = append(rooms, r.Room)
			}
			slices.Sort(rooms)
			return rooms, rows
		}
		tell() // nobody yet
		if rooms, _ := pending(); len(rooms) != 0 {
			t.Errorf("shown in %q before anybody was told", rooms)
		}
		tell("slack:C1")
		tell("teams:@G2")
		rooms, rows := pending()
		if !slices.Equal(rooms, []string{"slack:C1", "teams:@G2"}) {
			t.Fatalf("pending in %q, though Slack has taken nothing yet", rooms)
		}
		for _, r := range rows {
			must(t, db.Sent(t.Context(), s.Org, r.ID, "alert/a@"+r.Room, bot.Ref{Thread: agent.Thread{Platform: "slack", Channel: "D1", ID: "1"}, MessageID: "m"}))
		}
		if rooms, _ := pending(); !slices.Equal(rooms, []string{"slack:C1"}) { // the second event redraws it
			t.Errorf("then pending in %q", rooms)
		}
		if again, err := db.Load(t.Context(), s.Org, s.ID); err != nil || again.Thread != agent.AlertThread("disk") {
			t.Errorf("the session moved to %v, %v", again.Thread, err)
		}
	})
}
