package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// alerted is an alert ten minutes after it was raised: the channel and who is on call
// were told.
func alerted() agent.Alert {
	ana := rbac.Actor{Org: "acme", Platform: "person", ID: "ana", Name: "Ana Lima"}
	return agent.Alert{
		ID: "ALERT", Org: "acme", Version: 2, State: agent.Alerting, Chain: "ops", Title: "payments-prod drifts", Text: "The firewall is open to everybody.\x1b[31m",
		Facts: []agent.Fact{{Name: "Resource", Value: "firewall_rule.api\u202e"}}, Severity: "urgent", Stack: "payments-prod", Environment: "prod",
		Rungs: []agent.Rung{
			{To: []string{"slack:C1"}},
			{After: 5 * time.Minute, To: []string{"oncall:platform"}},
			{After: 15 * time.Minute, To: []string{"deputy:platform", "service:pager"}},
			{After: 30 * time.Minute, To: []string{"person:cy"}},
		},
		Step: 2, Since: noon, Opened: noon, Moved: noon.Add(5 * time.Minute), Count: 1,
		Told: []agent.Telling{
			{To: "slack:C1", Rooms: []string{"slack:C1"}, As: "Slack, payments", At: noon},
			{Rung: 1, To: "oncall:platform", Rooms: []string{"teams:@G1"}, Who: []rbac.Actor{ana}, At: noon.Add(5 * time.Minute)},
		},
	}
}

func alerts() map[string]agent.Alert {
	open, taken, snoozed, resolved, calmed, all := alerted(), alerted(), alerted(), alerted(), alerted(), alerted()
	at := func(minutes time.Duration) time.Time { return noon.Add(minutes * time.Minute) }
	open.Count = 3
	taken.State, taken.Owner, taken.Stopped = agent.Acknowledged, alice, at(7)
	taken.Attended = []agent.Attended{{ID: "1", Do: agent.Acknowledge, By: bob, At: at(6)}, {ID: "2", Do: agent.Take, By: alice, At: at(7)}}
	snoozed.State, snoozed.Owner, snoozed.Until = agent.Snoozed, bob, at(66)
	snoozed.Attended = taken.Attended[:1]
	resolved.State, resolved.Ended = agent.Resolved, at(90)
	resolved.Attended = append(slices.Clone(taken.Attended), agent.Attended{ID: "3", Do: agent.Resolve, By: alice, At: at(90)})
	calmed.State, calmed.Ended, calmed.Why = agent.Resolved, at(90), "the approval was decided, or its time is over"
	all.Step = 4
	all.Told = append(all.Told,
		agent.Telling{Rung: 2, To: "deputy:platform", At: at(15), Why: "Bo Chen is away"}, agent.Telling{Rung: 2, To: "service:pager", At: at(15)},
		agent.Telling{Rung: 3, To: "person:cy", Rooms: []string{"slack:@U3"}, Who: []rbac.Actor{{Name: "Cy Adams"}}, At: at(30)})
	return map[string]agent.Alert{
		"alert-open": open, "alert-taken": taken, "alert-snoozed": snoozed, "alert-resolved": resolved, "alert-calmed": calmed, "alert-everybody": all,
	}
}

func TestAlertCards(t *testing.T) {
	t.Parallel()
	for name, a := range alerts() {
		ev := agent.Event{Kind: agent.KindAlert, Actor: alice, At: noon, Payload: agent.Payload{Alert: &a}}
		c, key, show := render(ev)
		if !show || key != "alert/ALERT" {
			t.Errorf("%s is not shown, or as %q", name, key)
		}
		golden(t, name, c)
		if strings.ContainsAny(c.Written(), "\x1b\u202e") || c.Fallback == "" {
			t.Errorf("%s: %q", name, c.Written())
		}
	}
}

// When nobody of the chain was reached, the card does not say that everybody was.
func TestAlertThatReachedNobody(t *testing.T) {
	t.Parallel()
	a := alerted()
	a.Rungs, a.Told[0].Why, a.Told[1].Why = a.Rungs[:2], "the channel was archived", "Ana Lima is switched off"
	a.Told = append(a.Told, agent.Telling{Rung: 2, To: "admins", Rooms: []string{"console:admins"}, At: noon})
	c := alertCard(a)
	if !strings.HasPrefix(c.Next, "Nobody is left") || !slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Name == "At last" && strings.HasPrefix(f.Value, "administrators at ") }) {
		t.Errorf("it says %q", c.Written())
	}
}

// Where its stack is not spoken of, an alert tells that there is one and who is called,
// and nothing of what it is about, in whatever state.
func TestAlertElsewhere(t *testing.T) {
	t.Parallel()
	for name, a := range alerts() {
		a.Own = []string{"slack:C1"}
		if c := alertIn(a, "slack:C1"); c.Written() != alertCard(a).Written() {
			t.Errorf("%s in its own room: %q", name, c.Written())
		}
		if c := alertIn(a, "teams:@G1"); c.Written() != alertCard(a).Written() {
			t.Errorf("%s in a person's own room: %q", name, c.Written())
		}
		c := alertIn(a, "slack:C9")
		for _, secret := range []string{"payments", "firewall", "Resource", "platform", "prod"} {
			if strings.Contains(c.Written()+c.Fallback, secret) {
				t.Errorf("%s elsewhere: %q", name, c.Written())
			}
		}
		if a.State == agent.Alerting && name == "alert-open" && !strings.Contains(c.Written(), "Ana Lima is called.") {
			t.Errorf("%s does not say who is called: %q", name, c.Written())
		}
	}
}

// What was erased is shown nowhere, and no state but an open one offers to take what
// is over.
func TestAlertButtonsFollowTheState(t *testing.T) {
	t.Parallel()
	want := map[agent.AlertState]string{
		agent.Alerting: "ack take snooze resolve", agent.Snoozed: "ack take snooze resolve", agent.Acknowledged: "take snooze resolve", agent.Resolved: "", agent.NoAlert: "",
	}
	for state, verbs := range want {
		a := alerted()
		a.State = state
		var got []string
		for _, b := range alertCard(a).Buttons {
			got = append(got, b.Verb)
		}
		if strings.Join(got, " ") != verbs {
			t.Errorf("%s has %q", state, got)
		}
	}
	gone := agent.Event{Kind: agent.KindAlert}
	if Shown(gone) || len(Rooms(gone)) > 0 {
		t.Error("what was erased is shown")
	}
}

func TestRooms(t *testing.T) {
	t.Parallel()
	a := alerted()
	for name, test := range map[string]struct {
		ev   agent.Event
		want []string
	}{
		"an alert":   {agent.Event{Kind: agent.KindAlert, Payload: agent.Payload{Alert: &a}}, []string{"slack:C1", "teams:@G1"}},
		"an answer":  {agent.Event{Kind: agent.KindAnswer, Payload: agent.Payload{Text: "yes"}}, []string{""}},
		"a step":     {agent.Event{Kind: agent.KindStep}, nil},
		"told twice": {agent.Event{Kind: agent.KindAlert, Payload: agent.Payload{Alert: &agent.Alert{Told: append(a.Told, a.Told...)}}}, []string{"slack:C1", "teams:@G1"}},
	} {
		if got := Rooms(test.ev); !slices.Equal(got, test.want) {
			t.Errorf("%s is shown in %q", name, got)
		}
	}
}
