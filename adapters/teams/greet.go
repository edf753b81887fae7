package teams

import (
	"context"
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// installed greets once where the app was added: with what it can do.
func (p *Platform) installed(ctx context.Context, org string, a activity, did answer) (answer, error) {
	if a.Action != "add" {
		return did, nil
	}
	known := conversationPlace(a.Conversation.ID)
	pl, err := p.places.find(ctx, org, known)
	if err != nil || pl.Greeted {
		return did, err
	}
	t := agent.Thread{Platform: Name, Channel: first(a.Data.Channel.ID, base(a.Conversation.ID)), ID: "~hello/" + a.ID}
	did.after = func(ctx context.Context) error {
		err := p.tries(ctx, func() error {
			_, err := p.post(ctx, org, t, hello())
			return err
		})
		if err != nil {
			return err
		}
		return p.places.change(ctx, org, known, func(pl *place) { pl.Greeted = true })
	}
	return did, nil
}

// hello is what is said where nobody has asked anything yet.
func hello() bot.Card {
	return bot.Card{
		Title: "Interlock is here",
		Body:  "I plan and run infrastructure work from a thread, and nothing that changes anything runs before somebody who may has approved exactly that.",
		Fields: []bot.Field{
			{Name: "Ask", Value: "Here, or by a mention in a channel, for example: why does payments-prod drift?"},
			{Name: "Approve", Value: "Cards in the thread show the plan. Who asks for a change does not approve it."},
			{Name: "Commands", Value: "help, status, scan STACK, approvals, why, oncall. In a chat with me also: home."},
		},
		Footer:   "Stop in a thread stops what runs there.",
		Fallback: "Interlock is here: mention it with a question or a task; say help to see what it can do.",
	}
}

// isHome is how somebody asks, in their own chat, for what waits for them.
func isHome(text string) bool { return strings.EqualFold(strings.TrimSpace(text), "home") }

// showHome posts what one person sees of everything. Its buttons belong to the
// threads of their cards.
func (p *Platform) showHome(ctx context.Context, org string, t agent.Thread, who rbac.Actor) error {
	who, err := p.Vet(ctx, who)
	if err != nil {
		return err
	}
	h, err := p.opt.Lookups.Home(ctx, org, who)
	if err != nil {
		p.log().WarnContext(ctx, "a home is incomplete", "error", err)
	}
	for _, one := range h.Cards {
		c := one.Card
		if one.Thread == (agent.Thread{}) {
			c.Buttons = nil
		}
		err := p.tries(ctx, func() error {
			return p.tell(ctx, org, t, rbac.Actor{}, note("", &c, view{At: p.seal(org, who, one.Thread)}))
		})
		if err != nil {
			return fmt.Errorf("show home: %w", err)
		}
	}
	return nil
}
