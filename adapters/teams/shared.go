package teams

import (
	"context"
	"slices"

	"interlock/bot"
	"interlock/rbac"
)

// shared is how a card looks to everyone in a conversation: without the buttons of
// those who decide, which their own clients ask for.
func (p *Platform) shared(ctx context.Context, org string, c bot.Card) view {
	v := view{Everyone: true, At: spot{key: p.key(org)}}
	if !slices.ContainsFunc(c.Buttons, decides) {
		return v
	}
	for _, who := range c.Deciders {
		if who.Platform != Name {
			continue
		}
		if id := p.user(ctx, org, who); id != "" && len(v.Refresh) < mostPeople {
			v.Refresh = append(v.Refresh, id)
		}
	}
	return v
}

// user is the id that Teams' clients know somebody by: it is known once they were
// seen. Who has none presses a button to see theirs.
func (p *Platform) user(ctx context.Context, org string, who rbac.Actor) string {
	tenants := p.tenants(org)
	if who.Tenant != "" {
		tenants = []string{who.Tenant}
	}
	for _, tenant := range tenants {
		pl, err := p.places.find(ctx, org, personPlace(tenant, who.ID))
		if err != nil {
			p.log().WarnContext(ctx, "a decider's own view is not asked for", "person", who.ID, "error", err)
			return ""
		}
		if pl.User != "" {
			return pl.User
		}
	}
	return ""
}
