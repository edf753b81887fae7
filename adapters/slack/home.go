package slack

import (
	"context"
	"strings"

	"github.com/slack-go/slack"

	"interlock/agent"
	"interlock/bot"
)

// showHome draws the tab of one person.
func (p *Platform) showHome(ctx context.Context, org, team, user string) error {
	who, err := p.Vet(ctx, p.actor(org, team, user, ""))
	if err != nil {
		return err
	}
	h, err := p.opt.Lookups.Home(ctx, org, who)
	if err != nil {
		p.log().WarnContext(ctx, "a home is incomplete", "error", err)
	}
	var cards []bot.Card
	for _, one := range h.Cards {
		cards = append(cards, housed(one))
	}
	v := home("Interlock", cards)
	return p.paced(ctx, methodHome, "", func(api *slack.Client) error {
		_, err := api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: v})
		return wrap("show home", err)
	})
}

// housed has the buttons of a card carry the thread that it belongs to: on the
// home tab there is none.
func housed(one bot.Placed) bot.Card {
	c := one.Card
	c.Buttons = nil
	for _, b := range one.Card.Buttons {
		b.Value = one.Thread.Channel + " " + one.Thread.ID + "\n" + b.Value
		c.Buttons = append(c.Buttons, b)
	}
	return c
}

// homely reads what housed wrote. Slack vouches that it is ours.
func homely(value string) (at place, rest string) {
	head, rest, _ := strings.Cut(value, "\n")
	at.Channel, at.Thread, _ = strings.Cut(head, " ")
	return at, rest
}

// notice is a modal without a field, which tells one person what happened. Its
// buttons carry their thread, as those of the tab do.
func notice(at place, r bot.Reply) slack.ModalViewRequest {
	if r.Note != nil {
		c := housed(bot.Placed{Thread: agent.Thread{Platform: Name, Channel: at.Channel, ID: at.Thread}, Card: *r.Note})
		r.Note = &c
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText("Interlock", mostHead), Close: plainText("Close", mostHead), Blocks: slack.Blocks{BlockSet: note(r.Private, r.Note).Blocks},
	}
}

// open shows a modal. What Slack allows for it, three seconds, is too short to
// wait for a turn.
func (p *Platform) open(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	return p.request(ctx, methodView, func(api *slack.Client) error {
		_, err := api.OpenViewContext(ctx, trigger, v)
		return wrap("open modal", err)
	})
}

// homeReply tells one person what a press on the home tab did, and draws the tab
// anew. A tab has no private messages, so it is a modal without a field.
func (p *Platform) homeReply(ctx context.Context, org string, at place, in interaction, r bot.Reply) error {
	if r.Private != "" || r.Note != nil {
		if err := p.open(ctx, in.Trigger, notice(at, r)); err != nil {
			p.log().WarnContext(ctx, "a press on the home tab was taken but not told", "error", err)
		}
	}
	return p.showHome(ctx, org, at.Team, in.User.ID)
}

// suggest offers what can be asked, in a new assistant thread.
func (p *Platform) suggest(ctx context.Context, org, team string, ev event) error {
	if p.opt.Lookups.Prompts == nil || !p.opt.Assistant {
		return nil
	}
	who, err := p.Vet(ctx, p.actor(org, team, ev.Assistant.User, ""))
	if err != nil || who.Outsider != "" {
		return err
	}
	var all []slack.AssistantThreadsPrompt
	for _, text := range p.opt.Lookups.Prompts(ctx, org, Name+":"+ev.Assistant.Channel, who) {
		all = append(all, slack.AssistantThreadsPrompt{Title: clip(text, mostLabel), Message: text})
	}
	if len(all) == 0 {
		return nil
	}
	return p.request(ctx, "assistant.threads.setSuggestedPrompts", func(api *slack.Client) error {
		return wrap("suggest", api.SetAssistantThreadsSuggestedPromptsContext(ctx, slack.AssistantThreadsSetSuggestedPromptsParameters{
			ChannelID: ev.Assistant.Channel, ThreadTS: ev.Assistant.Thread, Title: "What you can ask", Prompts: all,
		}))
	})
}
