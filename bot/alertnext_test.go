package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// ofApproval is what an alert says whose approval waits for an hour from noon.
func ofApproval() agent.Alert {
	a := alerted()
	a.Hold, a.Ends, a.Severity = "HOLD", noon.Add(time.Hour), "action"
	a.Title = "An approval waits: payments-prod"
	a.Text = "Alice asks to run tofu_apply on payments-prod (prod): 0 to add, 1 to change, 0 to replace, 0 to destroy. Nobody has decided yet."
	a.Facts = []agent.Fact{{Name: "Would do", Value: "0 to add, 1 to change, 0 to replace, 0 to destroy"}, {Name: "Plan code", Value: "7f3a-91c2"}, agent.Moment("Open until", a.Ends)}
	return a
}

func by(who rbac.Actor, do agent.Deed) []agent.Attended {
	return []agent.Attended{{ID: "1", Do: do, By: who, At: noon.Add(7 * time.Minute)}}
}

// An alert of an approval never says more than it knows: its own end is not that of the
// approval, and nobody follows after that.
func TestAlertOfAnApproval(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is           func(a *agent.Alert)
		status, next string
	}{
		"open":           {func(*agent.Alert) {}, "open, nobody has it", "If nobody takes it, deputy in platform, pager at 12:15 UTC. It can be decided until 13:00 UTC."},
		"everybody told": {func(a *agent.Alert) { a.Step = 4 }, "open, nobody has it", "Everybody of the chain was told. Whoever can, take it. It can be decided until 13:00 UTC."},
		"taken":          {func(a *agent.Alert) { a.State, a.Owner = agent.Acknowledged, bob }, "Bob has it", "The chain has stopped. The alert ends with the approval, which can be decided until 13:00 UTC."},
		"ended by hand":  {func(a *agent.Alert) { a.State, a.Attended = agent.Resolved, by(bob, agent.Resolve) }, "ended by Bob, the approval waits", "Bob has ended this alert; the approval itself still waits until 13:00 UTC."},
		"over afterwards": {func(a *agent.Alert) {
			a.State, a.Attended, a.Why = agent.Resolved, by(bob, agent.Resolve), "it was decided"
		}, "resolved", "It is over: it was decided."},
		"snoozed": {
			func(a *agent.Alert) { a.State, a.Owner, a.Until = agent.Snoozed, bob, noon.Add(30*time.Minute) },
			"snoozed by Bob until 12:30 UTC", "Then the chain goes on from where it was.",
		},
		"snoozed to its end": {
			func(a *agent.Alert) { a.State, a.Owner, a.Until = agent.Snoozed, bob, a.Ends },
			"snoozed by Bob until 13:00 UTC", "The approval ends then, too: nobody else is called.",
		},
		"snoozed at the end of the chain": {
			func(a *agent.Alert) {
				a.State, a.Owner, a.Until, a.Step = agent.Snoozed, bob, noon.Add(30*time.Minute), 4
			},
			"snoozed by Bob until 12:30 UTC", "Nobody else follows then: everybody of the chain was told.",
		},
	} {
		a := ofApproval()
		c.is(&a)
		card := alertCard(a)
		if got := Moments(card.Status, nil); got != c.status {
			t.Errorf("%s has the status %q", name, got)
		}
		if got := Moments(card.Next, nil); got != c.next {
			t.Errorf("%s says %q", name, got)
		}
		if waits := a.State != agent.Resolved; strings.Contains(fmt.Sprint(card.Buttons), verbHeld) != waits {
			t.Errorf("%s has the buttons %v", name, card.Buttons)
		}
	}
	golden(t, "alert-approval", alertCard(ofApproval()))
	ended := ofApproval()
	ended.State, ended.Attended = agent.Resolved, by(bob, agent.Resolve)
	golden(t, "alert-approval-ended", alertCard(ended))
	if got := Moments(attended(ended), nil); got != "You have ended this alert: nobody else is called. The approval itself still waits on its own card until 13:00 UTC." {
		t.Errorf("whoever ended it is told %q", got)
	}
}

// A card for approval says who of its chain was called, and who is next, as long as the
// chain goes on.
func TestCardOfAChain(t *testing.T) {
	t.Parallel()
	called := "Slack, payments at 12:00 UTC; Ana Lima, on call in platform at 12:05 UTC"
	for name, c := range map[string]struct {
		is   func(a *agent.Alert)
		next string
	}{
		"open":    {func(*agent.Alert) {}, "deputy in platform, pager at 12:15 UTC"},
		"at last": {func(a *agent.Alert) { a.Step = 4 }, "nobody: the chain is at its end"},
		"taken":   {func(a *agent.Alert) { a.State, a.Owner = agent.Acknowledged, bob }, "nobody: Bob has the alert"},
		"snoozed": {func(a *agent.Alert) { a.State, a.Owner, a.Until = agent.Snoozed, bob, noon.Add(30*time.Minute) }, "nobody before 12:30 UTC: Bob has snoozed the alert"},
		"ended":   {func(a *agent.Alert) { a.State, a.Attended = agent.Resolved, by(bob, agent.Resolve) }, "nobody: Bob has ended the alert"},
	} {
		h, a := approval(), ofApproval()
		h.Approval.Chain, h.Approval.NextUp, h.Approval.NextAt = "ops", []string{"the chain ops"}, noon
		c.is(&a)
		h.Approval.Alert = &a
		if got := holdCard(h, nil).Written(); !strings.Contains(got, "Called: "+called+"\nCalled next: "+c.next+"\n") {
			t.Errorf("%s: %q", name, got)
		}
	}
	h, a := approval(), ofApproval()
	h.Approval.Chain, h.Approval.Alert = "ops", &a
	golden(t, "approval-chain", holdCard(h, nil))
}

// Whoever is woken is shown the card that waits, by the right to read it where it waits,
// and in no other place than where the alert is.
func TestTheCardBehindAnAlert(t *testing.T) {
	t.Parallel()
	w, channel, direct := alarmed(t)
	h := w.hold("HOLD", "web", agent.Thread{Platform: "slack", Channel: "C-lab", ID: "1"})
	a, err := w.store.Alert(t.Context(), "acme", "ALERT")
	if err != nil {
		t.Fatal(err)
	}
	a.Hold, a.Ends = h.ID, h.Expires
	if err := w.store.Append(t.Context(), "acme", agent.Batch{Alert: &a}); err != nil {
		t.Fatal(err)
	}
	shows := func(who string, at agent.Thread) Reply {
		return w.attend("show", w.person(who), at, verbHeld)
	}
	for _, at := range []agent.Thread{channel, direct} {
		r := shows("bob", at)
		if r.Note == nil || len(r.Note.Buttons) != 0 || r.Card != nil || r.Private != "" || r.Note.Body != plan().Counts() || !strings.HasPrefix(r.Note.Next, "Approve or decline on the card itself, in slack:C-lab, until ") {
			t.Errorf("in %v: %+v", at, r)
		}
	}
	if r := shows("vic", channel); r.Note != nil || !strings.Contains(r.Private, "not his") {
		t.Errorf("whoever may not read: %+v", r)
	}
	if r := shows("bob", h.Thread); r.Note != nil || r.Private != "Refused: there is no such card." {
		t.Errorf("where no alert is: %+v", r)
	}
}

// phone is a chat that remembers what was posted, and what became of it.
type phone struct {
	posted, edited []Card
	gone           bool // what was posted before
}

func (p *phone) Post(_ context.Context, _ string, t agent.Thread, c Card) (Ref, error) {
	p.posted = append(p.posted, c)
	return Ref{Thread: agent.Thread{Platform: t.Platform, Channel: t.Channel, ID: fmt.Sprint(len(p.posted))}, MessageID: fmt.Sprint(len(p.posted))}, nil
}

func (p *phone) Edit(_ context.Context, _ string, r Ref, c Card) error {
	c.Footer = r.MessageID
	if p.edited = append(p.edited, c); p.gone {
		return &PostError{Refused: true, Permanent: true, Err: errors.New("it is gone")}
	}
	return nil
}

func (*phone) Find(context.Context, string, agent.Thread, string) (Ref, bool, error) {
	return Ref{}, false, nil
}

// hook is an outbox that keeps where each message is.
type hook struct {
	pile
	refs map[string]Ref
}

func (h *hook) Sent(_ context.Context, _, row, key string, r Ref) error {
	h.note(row, "sent", 0)
	h.refs[key] = r
	return nil
}

func (h *hook) Ref(_ context.Context, _, key string) (Ref, bool, error) {
	r, ok := h.refs[key]
	return r, ok, nil
}

// A room that is called again has the card as a new message, with all that it says and
// its buttons; the older one points to it, if it is still there. What follows redraws
// the newer one.
func TestCalledAgain(t *testing.T) {
	t.Parallel()
	const room = "phone:@U1"
	for _, gone := range []bool{false, true} {
		a, key := ofApproval(), "alert/ALERT@"+room
		a.Told = []agent.Telling{{To: "oncall:platform", Rooms: []string{room}, At: noon}}
		a.Moved = noon
		p, h := &phone{gone: gone}, &hook{refs: map[string]Ref{}}
		o := &Outbox{Rows: h, Platforms: map[string]Platform{"phone": p}}
		shows := func(id string) {
			h.rows = []Row{{ID: id, Room: room, Event: agent.Event{Kind: agent.KindAlert, At: time.Now(), Payload: agent.Payload{Alert: &a}}}}
			if n, err := o.Drain(t.Context(), "acme"); n != 1 || err != nil {
				t.Fatalf("%d shown, %v", n, err)
			}
		}
		shows("first")
		a.Told = append(a.Told, agent.Telling{Rung: 1, To: "person:ana", Rooms: []string{room}, At: noon.Add(time.Minute)})
		a.Moved = noon.Add(time.Minute)
		shows("again")
		if len(p.posted) != 2 || h.refs[key].MessageID != "2" {
			t.Fatalf("posted %d, the card is %+v", len(p.posted), h.refs[key])
		}
		if c := p.posted[1]; c.Title != "Called again: An approval waits: payments-prod" || !strings.Contains(c.Fallback, "Called again") || len(c.Buttons) != 5 || len(c.Fields) < 6 || !c.Open || c.Marker != "again" {
			t.Errorf("called again by %+v", c)
		}
		if c := p.edited[0]; len(p.edited) != 1 || c.Footer != "1" || len(c.Buttons) != 0 || c.Open || c.Marker != "" || c.Status != "called again" {
			t.Errorf("the older one is %+v", c)
		}
		p.gone = false
		a.State, a.Owner, a.Moved = agent.Acknowledged, bob, noon.Add(2*time.Minute)
		shows("taken")
		if c := p.edited[len(p.edited)-1]; len(p.posted) != 2 || c.Footer != "2" || c.Status != "Bob has it" || c.Title != a.Title {
			t.Errorf("redrawn as %+v", c)
		}
	}
	a := ofApproval()
	a.Own, a.Moved = []string{"slack:C1"}, noon.Add(time.Minute)
	a.Told = []agent.Telling{{Rooms: []string{"slack:C9"}, At: noon}, {Rooms: []string{"slack:C9"}, At: a.Moved}}
	for _, c := range []Card{alertIn(a, "slack:C9"), alertMoved(a, "slack:C9")} {
		if strings.Contains(c.Written()+c.Fallback, "payments") {
			t.Errorf("elsewhere it tells %q", c.Written())
		}
	}
}

// A room that is called again and not reached is as one that never was.
func TestCalledAgainInVain(t *testing.T) {
	t.Parallel()
	w, channel, _ := alarmed(t)
	a, err := w.store.Alert(t.Context(), "acme", "ALERT")
	if err != nil {
		t.Fatal(err)
	}
	room := channel.Room()
	a.Told[0].At, a.Moved = noon, noon.Add(time.Minute)
	a.Told = append(a.Told, agent.Telling{Rung: 1, To: room, Rooms: []string{room}, At: a.Moved})
	if err := w.Lost(t.Context(), "acme", Row{Event: agent.Event{ID: "E", Kind: agent.KindAlert, Payload: agent.Payload{Alert: &a}}, Room: room}, "archived"); err != nil {
		t.Fatal(err)
	}
	if jobs := w.store.Waiting(); len(jobs) != 1 || jobs[0].Lost != room {
		t.Errorf("%+v", jobs)
	}
}
