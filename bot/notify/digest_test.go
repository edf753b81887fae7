package notify_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/rbac"
)

// night is a record that a digest counts.
type night struct {
	log    []notify.Logged
	holds  []agent.Hold
	drifts []agent.Drift
	looks  []bot.Look
	alerts []agent.Alert

	freezes []rbac.Freeze
}

func (night) Alert(context.Context, string, string) (a agent.Alert, err error) { return a, nil }

func (n night) OpenAlerts(context.Context, string) ([]agent.Alert, error) { return n.alerts, nil }

func (n night) Logged(_ context.Context, _ string, from, until time.Time, kinds []agent.Kind, each func(notify.Logged)) error {
	for _, l := range n.log {
		if at := l.Event.At; !at.Before(from) && at.Before(until) && slices.Contains(kinds, l.Event.Kind) {
			each(l)
		}
	}
	return nil
}

func (n night) HoldsSince(context.Context, string, time.Time) ([]agent.Hold, error) {
	return n.holds, nil
}

func (night) Head(context.Context, string) (string, time.Time, error) { return "9f", dawn, nil }

func (n night) Drift(context.Context, string, string) (d agent.Drift, err error) { return d, nil }

func (n night) Drifts(context.Context, string) ([]agent.Drift, error) { return n.drifts, nil }

func (n night) digest() *notify.Digest {
	return &notify.Digest{
		Book: n, Drifts: n, Alerts: n,
		Pending: func(context.Context, string) ([]agent.Hold, error) {
			return slices.DeleteFunc(slices.Clone(n.holds), func(h agent.Hold) bool { return !h.Pending() }), nil
		},
		Frozen: func(context.Context, string) ([]rbac.Freeze, error) { return slices.Clone(n.freezes), nil },
		Looks:  n.of, Looked: n.counted,
		Stacks: func(string) []bot.Stack {
			return []bot.Stack{{Name: "web", Environment: "prod", Rooms: []string{"slack:C1", "teams:T1"}}, {Name: "db", Environment: "lab", Rooms: []string{"slack:C2"}}}
		},
	}
}

var dawn = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

func ago(hours int) time.Time { return dawn.Add(-time.Duration(hours) * time.Hour) }

func hold(stack, room string, state agent.State, took time.Duration) agent.Hold {
	by := rbac.Actor{ID: "bob", Name: "Bob"}
	h := agent.Hold{
		ID: stack + state.String(), State: state, Opened: ago(5), Expires: ago(-1), Thread: agent.Thread{Platform: "slack", Channel: room},
		Approval: &agent.Approval{Need: 1, Digest: "7f3a91c2aaaa", Verdicts: []agent.Verdict{{Approve: true, By: by, At: ago(5).Add(took)}}},
	}
	h.Request.Action = rbac.Action{Tool: "tofu_apply", Stack: stack, Environment: "prod", Effect: rbac.Change}
	if state == agent.Open {
		h.Approval.Verdicts = nil
	}
	if state == agent.Expired {
		h.Approval.Verdicts, h.Expires = nil, ago(2)
	}
	return h
}

func logged(room string, k agent.Kind, p agent.Payload) notify.Logged {
	return notify.Logged{Thread: agent.Thread{Platform: "slack", Channel: room}, Event: agent.Event{Kind: k, At: ago(4), Payload: p}}
}

// A digest counts its own room and the stacks that may be shown there, of its own time.
func TestDigestCountsItsRoom(t *testing.T) {
	t.Parallel()
	done, other := hold("web", "C1", agent.Consumed, 10*time.Minute), hold("db", "C2", agent.Consumed, time.Minute)
	applied := func(h *agent.Hold) agent.Payload {
		return agent.Payload{Hold: h, Result: &agent.ToolResult{Applied: "applied"}}
	}
	old := logged("C1", agent.KindRefused, agent.Payload{})
	old.Event.At = ago(30)
	n := night{
		holds: []agent.Hold{done, other, hold("web", "C1", agent.Open, 0), hold("db", "C2", agent.Open, 0), hold("web", "C1", agent.Expired, 0)},
		log: []notify.Logged{
			logged("C1", agent.KindResult, applied(&done)), logged("C2", agent.KindResult, applied(&other)), logged("C1", agent.KindResult, applied(nil)),
			logged("C1", agent.KindRefused, agent.Payload{}), old, logged("C2", agent.KindRefused, agent.Payload{}),
			logged("C1", agent.KindAnswer, agent.Payload{}), logged("C1", agent.KindGaveUp, agent.Payload{Text: "it broke"}),
			logged("C1", agent.KindResult, agent.Payload{Result: &agent.ToolResult{Applied: "not applied"}}),
		},
		drifts: []agent.Drift{
			{Stack: "web", Began: ago(9), Findings: []agent.Finding{{Resource: "r", Real: "10.9.8.7", Since: ago(9)}}},
			{Stack: "db", Began: ago(9), Findings: []agent.Finding{{Resource: "r"}}},
			{Stack: "web2", Began: ago(9)},
		},
		looks: []bot.Look{{Stack: "web", At: ago(24 * 9), Open: 3}, {Stack: "db", At: ago(9), Open: 50}, {Stack: "web", At: ago(3), Failed: true}, {Stack: "web", At: ago(2), Open: 1}},
	}
	r, err := n.digest().Report(t.Context(), "acme", "slack:C1", ago(24), dawn)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Waiting) != 1 || len(r.Changes) != 2 || r.Unapproved != 1 || r.Decided != 1 || r.Took != 10*time.Minute || r.Expired != 1 || r.Refused != 1 || r.Runs != 2 || len(r.GaveUp) != 1 {
		t.Errorf("counted %+v", r)
	}
	if len(r.Drifts) != 1 || r.Drifts[0].Some[0].Real != "" || n.drifts[0].Findings[0].Real == "" || r.Looks != 1 || r.Blind != 1 {
		t.Errorf("drifts %+v, %d looks, %d blind", r.Drifts, r.Looks, r.Blind)
	}
	if first, last := r.Trend[0], r.Trend[len(r.Trend)-1]; first.N != 3 || last.N != 1 || len(r.Trend) < 9 || len(r.Trend) > 11 {
		t.Errorf("trend %v", r.Trend)
	}
	if r.Changes[0].Yes != "Bob" || r.Head != "9f" {
		t.Errorf("%+v", r.Changes[0])
	}
	elsewhere, err := n.digest().Report(t.Context(), "acme", "teams:T1", ago(24), dawn)
	if err != nil || len(elsewhere.Waiting) != 1 || len(elsewhere.Changes) != 1 || elsewhere.Refused != 0 {
		t.Errorf("in the stack's other room %+v, %v", elsewhere, err)
	}
}

// of are the looks at some stacks.
func (n night) of(_ context.Context, _ string, stacks []string, _ time.Time) (some []bot.Look, err error) {
	for _, l := range n.looks {
		if slices.Contains(stacks, l.Stack) {
			some = append(some, l)
		}
	}
	return some, nil
}

// What people have to answer is not only cards: questions and alerts of the room's stacks
// wait too. Those of other rooms do not show.
func TestDigestTellsWhoeverWaits(t *testing.T) {
	t.Parallel()
	asks := hold("web", "C9", agent.Open, 0)
	asks.ID, asks.Approval, asks.Question = "q", nil, &agent.Question{Text: "Which one?"}
	card, other := hold("web", "C1", agent.Open, 0), hold("db", "C2", agent.Open, 0)
	other.Approval, other.Question = nil, &agent.Question{}
	n := night{holds: []agent.Hold{card, asks, other}, alerts: []agent.Alert{
		{Title: "It burns", Stack: "web", State: agent.Acknowledged},
		{Title: "Elsewhere", Stack: "db", Own: []string{"slack:C2"}, State: agent.Alerting},
		{Title: "Twice", Stack: "web", Hold: card.ID, State: agent.Alerting},
	}}
	n.alerts[0].Owner.Name = "Dana"
	n.alerts[1].Told = []agent.Telling{{Rooms: []string{"slack:C1"}}} // a chain led here, but it may not be read here
	r, err := n.digest().Report(t.Context(), "acme", "slack:C1", ago(24), dawn)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Waiting) != 3 || r.Needs != 3 || r.Waiting[0].Code == "" || r.Waiting[1].Hold != "q" || r.Waiting[1].Code != "" || r.Waiting[1].Alert {
		t.Fatalf("waiting %+v", r.Waiting)
	}
	if a := r.Waiting[2]; !a.Alert || a.What != "It burns, acknowledged" || a.By != "Dana" {
		t.Errorf("alert %+v", a)
	}
}

// After an outage, the next digest tells what the ones before it did not.
func TestDigestSinceTheLastOne(t *testing.T) {
	t.Parallel()
	d := night{}.digest()
	var told time.Time
	d.Told = func(_ context.Context, _, name string) (time.Time, error) {
		if name != "morning" {
			return time.Time{}, nil
		}
		return told, nil
	}
	for _, c := range []struct{ told, past, want int }{ // hours before
		{24, 24, 24},
		{72, 24, 72},
		{24 * 30, 24, 24 * 8},
		{3, 24, 24},
		{7 * 24 * 2, 7 * 24, 8 * 24},
		{62 * 24, 31 * 24, 35 * 24},
		{800 * 24, 366 * 24, 366 * 24},
		{96, 2, 96}, // begun by a person, after three days of silence
	} {
		told = ago(c.told)
		r, err := d.Due(t.Context(), "acme", "slack:C1", agent.Digest{Name: "morning", At: dawn, Past: time.Duration(c.past) * time.Hour})
		if err != nil || !r.From.Equal(ago(c.want)) || !r.Until.Equal(dawn) || r.Name != "morning" {
			t.Errorf("told %d hours ago, due %d hours before: from %s, want %s (%v)", c.told, c.past, r.From, ago(c.want), err)
		}
	}
	if r, err := d.Due(t.Context(), "acme", "slack:C1", agent.Digest{Name: "new", At: dawn, Past: time.Hour}); err != nil || !r.From.Equal(ago(1)) {
		t.Errorf("a new one tells from %s (%v)", r.From, err)
	}
}

// counted are the looks between two moments.
func (n night) counted(_ context.Context, _ string, stacks []string, from, until time.Time) (could, blind int, err error) {
	for _, l := range n.looks {
		switch {
		case !slices.Contains(stacks, l.Stack) || l.At.Before(from) || !l.At.Before(until):
		case l.Failed:
			blind++
		default:
			could++
		}
	}
	return could, blind, nil
}
