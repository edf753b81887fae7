package bot

import (
	"context"
	"testing"
	"time"

	"interlock/agent"
)

// What waits for somebody and is redrawn is open; what is over, what nothing can be done
// with, and what stays as it is for ever are not.
func TestOpen(t *testing.T) {
	t.Parallel()
	do, again := []Button{{Verb: verbApprove}}, []Button{{Verb: verbAgain}}
	for name, c := range map[string]struct {
		card Card
		key  string
		want bool
	}{
		"waits":             {Card{Tone: Waiting, Buttons: do}, "h1", true},
		"is bad":            {Card{Tone: Bad, Buttons: do}, "drift/web", true},
		"accepted":          {Card{Buttons: do}, "drift/web", false},
		"good":              {Card{Tone: Good, Buttons: do}, "h1", false},
		"void":              {Card{Tone: Bad, Buttons: again}, "h1", false},
		"runs":              {Card{Tone: Waiting}, "h1", false},
		"is never redrawn":  {Card{Tone: Bad, Buttons: do}, "", false},
		"again and another": {Card{Tone: Bad, Buttons: append(again, do...)}, "h1", true},
	} {
		if got := open(c.card, c.key); got != c.want {
			t.Errorf("%s: open is %v", name, got)
		}
	}
}

// wall is a chat that keeps what was posted.
type wall struct {
	booth
	cards []Card
}

func (w *wall) Post(_ context.Context, _ string, t agent.Thread, c Card) (Ref, error) {
	w.cards = append(w.cards, c)
	return Ref{Thread: t, MessageID: c.Marker}, nil
}

// A platform is told that a card is open.
func TestOpenIsPosted(t *testing.T) {
	t.Parallel()
	alert := told("r", "1", 0)
	alert.Event.Kind = agent.KindAlert
	alert.Event.Payload = agent.Payload{Alert: &agent.Alert{ID: "a1", Title: "nobody approves", State: agent.Alerting, Opened: time.Now()}}
	w := &wall{}
	o := &Outbox{Rows: &pile{rows: []Row{alert, told("r", "2", 0)}}, Platforms: map[string]Platform{"booth": w}}
	if _, err := o.Drain(t.Context(), "acme"); err != nil || len(w.cards) != 2 {
		t.Fatalf("%d cards, %v", len(w.cards), err)
	}
	for _, c := range w.cards {
		if c.Open != (c.Marker == "1") {
			t.Errorf("card %s is open: %v", c.Marker, c.Open)
		}
	}
}
