package bot

import (
	"context"
	"fmt"
	"strings"

	"interlock/rbac"
)

// whoCan answers "who can approve X": names with ids to paste. X is a stack, an
// environment as env/NAME, or a plan code of this channel.
func (in *Inbox) whoCan(ctx context.Context, c Command) (Reply, error) {
	if in.Policy == nil {
		return said("Policy cannot be asked here."), nil
	}
	verb, of, _ := strings.Cut(c.Text, " ")
	v := rbac.Verb(verb)
	room := in.Room(ctx, c.Org, c.Thread.Room())
	r := rbac.Request{
		Org: c.Org, Profile: room.Profile, Channel: c.Thread.Room(), Tier: room.Tier, Label: rbac.Clean(),
		Action: rbac.Action{Tool: "tofu_apply", Stack: of, Effect: rbac.Change, Blast: rbac.Blast{Known: true}},
	}
	if env, ok := strings.CutPrefix(of, "env/"); ok {
		r.Action.Stack, r.Action.Environment = "", env
	}
	holds, err := in.Records.HoldByCode(ctx, c.Org, of)
	if err != nil {
		return Reply{}, fmt.Errorf("find card: %w", err)
	}
	for _, h := range holds {
		if h.Thread.Room() == c.Thread.Room() && h.Approval != nil {
			r = h.Request
			break
		}
	}
	return Reply{Note: in.whoCard(ctx, c.Org, "Who can "+verb+" "+plain(of), in.Policy.Who(ctx, v, r))}, nil
}

// whoCard names people with ids to paste, or else whom to ask.
func (in *Inbox) whoCard(ctx context.Context, org, title string, all []rbac.Contact) *Card {
	card := &Card{Title: title}
	for _, p := range all {
		ids := strings.TrimSuffix(strings.TrimPrefix(p.String(), p.Name+" ("), ")")
		card.Fields = append(card.Fields, Field{plain(p.Name), plain(ids)})
	}
	switch len(all) {
	case 0:
		card.Body = "Nobody, or nothing here is called so. Administrators: " + contacts(in.Policy.Admins(ctx, org), mostContacts) + "."
	case 1:
		card.Body = "1 person."
	default:
		card.Body = fmt.Sprintf("%d people.", len(all))
	}
	card.Fallback = card.Title + ": " + contacts(all, mostContacts)
	return card
}
