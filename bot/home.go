package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Home is what one person sees of everything, outside of any thread, in this order.
type Home struct{ Cards []Placed }

// Placed is a card and the thread that it belongs to: a press of one of its
// buttons comes back as a Click of that thread. The zero Thread has no buttons.
type Placed struct {
	Thread agent.Thread
	Card   Card
}

// Stack is a stack as configuration names it. Only its rooms may hear of it.
type Stack struct {
	Name, Environment string
	Rooms             []string // as "platform:channel"
}

// Drifts is what is known of stacks: of one, and of all in the order of their names.
type Drifts interface {
	Drift(ctx context.Context, org, stack string) (agent.Drift, error)
	Drifts(ctx context.Context, org string) ([]agent.Drift, error)
}

// Look is one scan, and how many findings were open after it.
type Look struct {
	Stack, Scanner string
	At             time.Time
	Failed         bool
	Open, Accepted int
}

// Upcoming is when a schedule scans a stack next.
type Upcoming struct {
	Name, Stack string
	At          time.Time
}

// mostPlaced is how many cards of a kind a Home shows; the rest is counted.
const mostPlaced = 10

// Home is drawn for a person by a chat identity of theirs, whose chat can carry
// presses for its own threads only: a card of another chat has no buttons. With
// an error it still tells the person that it could not look.
func (in *Inbox) Home(ctx context.Context, org string, who rbac.Actor) (Home, error) {
	v := view{Inbox: in, org: org, chat: who.Platform, who: in.who(ctx, who), now: time.Now()}
	if d := in.Control.Gate.Decide(ctx, v.asks()); d.Outcome != rbac.Allow {
		return Home{[]Placed{{Card: in.stranger(ctx, org, d)}}}, nil
	}
	holds, err := in.Records.OpenHolds(ctx, org)
	jobs, failed := in.Records.Running(ctx, org)
	stacks, unread := v.stacks(ctx)
	if err := errors.Join(err, failed, unread); err != nil {
		return Home{[]Placed{{Card: unwell()}}}, fmt.Errorf("draw home: %w", err)
	}
	return Home{slices.Concat(v.mine(ctx, holds), v.asked(holds, jobs), stacks, v.upcoming(ctx), v.health(ctx))}, nil
}

// view is one person looking.
type view struct {
	*Inbox
	org, chat string
	who       rbac.Actor
	now       time.Time
}

// asks is the right to ask anything at all.
func (v view) asks() rbac.Request {
	return rbac.Request{Org: v.org, Actor: v.who, Action: rbac.Action{Tool: "ask", Effect: rbac.Read}, Label: rbac.Clean()}
}

// stranger is all that somebody sees who may ask for nothing.
func (in *Inbox) stranger(ctx context.Context, org string, d rbac.Decision) Card {
	c := Card{Title: "You can ask for nothing here yet", Tone: Neutral, Body: upper(plain(d.Why())) + ".", Next: "Ask whoever runs Interlock to add you."}
	if in.Policy != nil {
		if admins := in.Policy.Admins(ctx, org); len(admins) > 0 {
			c.Next = "An administrator can add you: " + contacts(admins, mostContacts) + "."
		}
	}
	c.Fallback = c.Title + ". " + c.Next
	return c
}

// place puts a card where it belongs. Presses of another chat's cards cannot be
// carried from here, so they lose their buttons and say where they are.
func (v view) place(t agent.Thread, c Card) Placed {
	if len(c.Buttons) > 0 && v.chat != t.Platform && v.chat != v.who.Platform {
		c.Buttons, c.Footer = nil, "Its buttons are in "+t.Platform+"."
	}
	return Placed{t, c}
}

// mine are the cards that this person could approve, the most dangerous first.
func (v view) mine(ctx context.Context, holds []agent.Hold) []Placed {
	mine := slices.DeleteFunc(slices.Clone(holds), func(h agent.Hold) bool { return !v.decides(ctx, h) })
	slices.SortStableFunc(mine, func(a, b agent.Hold) int { return danger(b) - danger(a) })
	head := Card{Title: "Waiting for you", Body: "No approval waits for you."}
	if n := len(mine); n > 0 {
		head.Body = count(n, "approval") + " can be decided by you."
	}
	if n := len(mine) - mostPlaced; n > 0 {
		head.Body += fmt.Sprintf(" The %d most dangerous are shown; the other %d are in their channels.", mostPlaced, n)
	}
	head.Fallback = head.Title + ": " + head.Body
	all := []Placed{{Card: head}}
	for _, h := range mine[:min(len(mine), mostPlaced)] {
		all = append(all, v.place(h.Thread, holdCard(h, nil)))
	}
	return all
}

// decides tells whether the person's word on a card would count, and is not there yet.
func (v view) decides(ctx context.Context, h agent.Hold) bool {
	if h.Approval == nil || h.State != agent.Open || !v.now.Before(h.Expires) {
		return false
	}
	said := slices.ContainsFunc(h.Approval.Standing(), v.is)
	return !said && v.Control.Gate.May(ctx, v.who, rbac.Approve, h.Request).Outcome == rbac.Allow
}

func (v view) is(a rbac.Actor) bool { return a.Subject() == v.who.Subject() }

// asked is what the person asked for: cards and questions that wait, and what runs.
func (v view) asked(holds []agent.Hold, jobs []agent.Job) []Placed {
	c := Card{Title: "What you asked for"}
	for _, h := range holds {
		if v.is(h.Request.Actor) {
			c.Fields = append(c.Fields, Field{waitsFor(h), waitsText(h)})
		}
	}
	for _, j := range jobs {
		if v.is(j.Actor) {
			what, _ := order(j.Text)
			c.Fields = append(c.Fields, Field{"Running", plain(cmp.Or(what, "a request of yours goes on"))})
		}
	}
	c.Fields, c.Body = counted(c.Fields, mostPlaced)
	if len(c.Fields) == 0 {
		c.Body = "Nothing that you asked for runs or waits."
	}
	c.Fallback = c.Title + ": " + cmp.Or(c.Body, count(len(c.Fields), "request"))
	return []Placed{{Card: c}}
}

// counted keeps as many facts as fit, and says how many there are beside.
func counted(fields []Field, most int) (kept []Field, more string) {
	if n := len(fields) - most; n > 0 {
		return fields[:most:most], fmt.Sprintf("And %d more.", n)
	}
	return fields, ""
}
