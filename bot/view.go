package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"interlock/agent"
	"interlock/rbac"
)

// view shows one person a card with those buttons that they have a use for, on
// platforms where a card can differ from person to person. It changes nothing. Who
// may read nothing of the stack here learns no more than that; who may not decide
// is told why.
func (in *Inbox) view(ctx context.Context, c Click, hold string) (Reply, error) {
	h, err := in.Control.Store.Held(ctx, c.Org, hold)
	switch {
	case err != nil && !errors.Is(err, agent.ErrNotFound):
		return Reply{}, fmt.Errorf("read card: %w", err)
	case err != nil || h.Thread != c.Thread || h.Approval == nil:
		return said("Refused: " + agent.NoSuch + "."), nil
	case in.reads(ctx, in.who(ctx, c.Actor), h.Request, c.room()).Outcome != rbac.Allow:
		return said("Refused: " + agent.NoSuch + "."), nil
	case !h.Pending():
		return said("The card is " + h.State.String() + ": there is nothing to decide any more."), nil
	}
	card := holdCard(h, nil)
	all := len(card.Buttons)
	card.Buttons = slices.DeleteFunc(card.Buttons, func(b Button) bool { return !in.useful(ctx, c, h, b.Verb) })
	r := Reply{Card: &card}
	if d := in.Control.Gate.May(ctx, in.who(ctx, c.Actor), rbac.Approve, h.Request); len(card.Buttons) < all && d.Outcome != rbac.Allow {
		r.Private = "Refused: " + d.Why() + "."
	}
	return r, nil
}

// useful tells whether a press of a button could be taken from this person.
func (in *Inbox) useful(ctx context.Context, c Click, h agent.Hold, verb string) bool {
	switch verb {
	case verbApprove, verbDeny:
		return in.may(ctx, c, rbac.Approve, h)
	case verbBack:
		me := in.who(ctx, c.Actor).Subject()
		return slices.ContainsFunc(h.Approval.Standing(), func(w rbac.Actor) bool { return w.Subject() == me })
	case verbGlass:
		return in.may(ctx, c, rbac.Break, h)
	}
	return true
}
