package bot

import (
	"context"
	"errors"
	"fmt"

	"interlock/agent"
	"interlock/rbac"
)

// behind shows the card that an alert is about, to the one alone who may read it where it
// waits. It has no buttons: whoever decides does so there, before everybody.
func (in *Inbox) behind(ctx context.Context, c Click) (Reply, error) {
	room, err := in.alertRoom(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if room == "" {
		return said("Refused: " + agent.NoSuch + "."), nil
	}
	a, err := in.Control.Escalation.Alerts.Alert(ctx, c.Org, c.Value)
	if err != nil {
		return Reply{}, fmt.Errorf("read alert: %w", err)
	}
	h, err := in.Control.Store.Held(ctx, c.Org, a.Hold)
	switch {
	case err != nil && !errors.Is(err, agent.ErrNotFound):
		return Reply{}, fmt.Errorf("read card: %w", err)
	case err != nil || h.Approval == nil:
		return said("Refused: " + agent.NoSuch + "."), nil
	}
	at := h.Thread.Room()
	if d := in.reads(ctx, in.who(ctx, c.Actor), h.Request, at); d.Outcome != rbac.Allow {
		return said("Refused: " + d.Why() + "."), nil
	}
	if in.Control.Escalation.Title != nil {
		at = in.Control.Escalation.Title(at)
	}
	return Reply{Note: heldCard(h, plain(at))}, nil
}

// heldCard is a card for approval as it reads in another place than its own.
func heldCard(h agent.Hold, at string) *Card {
	c := holdCard(h, nil)
	c.Buttons = nil
	if p := h.Approval.Bound.Plan; p != nil {
		c.Lines = planLines(p.Resources, mostTold)
	}
	if h.State == agent.Open {
		c.Next = "Approve or decline on the card itself, in " + at + ", until " + until(h) + ": an approval there runs exactly this."
	}
	return &c
}
