package bot

import (
	"context"
	"fmt"
	"strings"
)

// oncall names who is on call, by rota.
func (in *Inbox) oncall(ctx context.Context, c Command) (Reply, error) {
	if in.Rota == nil {
		return said("No rota is configured yet. Say " + whoCanApprove + " STACK: it names people who can decide."), nil
	}
	duty, err := in.Rota(ctx, c.Org)
	if err != nil {
		return Reply{}, fmt.Errorf("read rota: %w", err)
	}
	card, names := &Card{Title: "On call", Fields: duty}, []string{}
	for _, d := range duty {
		names = append(names, d.Value+" ("+d.Name+")")
	}
	if len(duty) == 0 {
		card.Body, names = "Nobody is on call just now.", []string{"nobody"}
	}
	card.Fallback = Moments(card.Title+": "+strings.Join(names, ", "), nil)
	return Reply{Note: card}, nil
}
