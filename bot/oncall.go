package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// oncall names who is on call, by rota: of one, when the command names it.
func (in *Inbox) oncall(ctx context.Context, c Command) (Reply, error) {
	if in.Rota == nil {
		return said("No rota is configured yet. Say " + whoCanApprove + " STACK: it names people who can decide."), nil
	}
	duty, err := in.Rota(ctx, c.Org)
	if err != nil {
		return Reply{}, fmt.Errorf("read rota: %w", err)
	}
	if c.Text != "" {
		known := duty
		duty = slices.DeleteFunc(slices.Clone(duty), func(f Field) bool { return !strings.EqualFold(f.Name, c.Text) })
		if len(duty) == 0 && len(known) > 0 {
			return said("There is no such rota. There are: " + rotaNames(known) + "."), nil
		}
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

func rotaNames(all []Field) string {
	var names []string
	for _, f := range all {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
