package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"interlock/rbac"
)

// The button that has test messages sent, for administrators.
const (
	verbTest  = "test-notices"
	labelTest = "Send a test"
)

// oncall names who is on call, by rota: of one, when the command names it. To
// administrators it offers to try whether they and the services are reached.
func (in *Inbox) oncall(ctx context.Context, c Command) (Reply, error) {
	r, err := in.onDuty(ctx, c)
	if err == nil && r.Note != nil && in.Test != nil && in.administers(ctx, c.Org, in.who(ctx, c.Actor)) {
		r.Note.Next = labelTest + " sends a message to you, and to each service that is told of trouble, if there is one."
		r.Note.Buttons = []Button{{Label: labelTest, Verb: verbTest}}
	}
	return r, err
}

func (in *Inbox) onDuty(ctx context.Context, c Command) (Reply, error) {
	if in.Rota == nil {
		card := &Card{Title: "On call", Body: "No rota is configured yet. Say " + whoCanApprove + " STACK: it names people who can decide."}
		card.Fallback = card.Title + ": " + card.Body
		return Reply{Note: card}, nil
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

// administers tells whether somebody is one of those who can change what is configured.
func (in *Inbox) administers(ctx context.Context, org string, who rbac.Actor) bool {
	return in.Policy != nil && slices.ContainsFunc(in.Policy.Admins(ctx, org), func(k rbac.Contact) bool { return k.Is(who) })
}

// test has test messages sent, as often as somebody presses.
func (in *Inbox) test(ctx context.Context, c Click) (Reply, error) {
	who := in.who(ctx, c.Actor)
	switch {
	case in.Test == nil:
		return said("There is nobody to send a test to."), nil
	case !in.administers(ctx, c.Org, who):
		return said("Not sent: only an administrator can."), nil
	}
	targets, err := in.Test(ctx, c.Org, c.ID, who)
	if err != nil {
		return Reply{}, fmt.Errorf("send a test: %w", err)
	}
	if len(targets) == 0 {
		return said("Not sent: no service is configured, and you have no account that is reached."), nil
	}
	return said("A test is on its way to " + strings.Join(targets, ", ") + ". Where it cannot be delivered, the administrators are told."), nil
}

func rotaNames(all []Field) string {
	var names []string
	for _, f := range all {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
