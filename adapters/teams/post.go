package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// cardType is how Teams knows an Adaptive Card.
const cardType = "application/vnd.microsoft.card.adaptive"

// message is what we say. Summary is what a notification shows.
type message struct {
	Type        string              `json:"type"`
	Summary     string              `json:"summary,omitempty"`
	Text        string              `json:"text,omitempty"`
	Format      string              `json:"textFormat,omitempty"`
	Attachments []schema.Attachment `json:"attachments,omitempty"`
}

func (d drawing) message() message {
	return message{Type: "message", Summary: d.Summary, Attachments: []schema.Attachment{{ContentType: cardType, Content: d.Card}}}
}

// conversation is a thread as the connector names it.
func conversation(t agent.Thread) string {
	if t.ID == chatThread || t.ID == "" || strings.HasPrefix(t.ID, "~") {
		return t.Channel
	}
	return t.Channel + rootMark + t.ID
}

// personOf is the person that a channel stands for, by the id that Entra has for
// them: "@ID", or the id alone. Empty is nobody.
func personOf(channel string) string {
	if id := strings.TrimPrefix(channel, "@"); isGUID(id) {
		return id
	}
	return ""
}

// Post sends a card into its thread. A thread whose id begins with "~" begins with
// this message, in a channel or with a person.
func (p *Platform) Post(ctx context.Context, org string, t agent.Thread, c bot.Card) (bot.Ref, error) {
	r, err := p.post(ctx, org, t, c)
	if err != nil {
		told := posted(fmt.Errorf("post message: %w", err))
		told.Permanent = told.Permanent || strings.HasPrefix(t.Channel, "@") && errors.Is(err, errUnknownPlace) // nobody waits for them to write first
		return bot.Ref{}, told
	}
	p.progress.end(ctx, org, t)
	return r, nil
}

func (p *Platform) post(ctx context.Context, org string, t agent.Thread, c bot.Card) (bot.Ref, error) {
	if id := personOf(t.Channel); id != "" {
		direct, err := p.direct(ctx, org, rbac.Actor{Org: org, Platform: Name, ID: id})
		if err != nil {
			return bot.Ref{}, err
		}
		t = direct
	} else if strings.HasPrefix(t.Channel, "@") {
		return bot.Ref{}, errUnknownPlace
	}
	pl, err := p.reach(ctx, org, t)
	if err != nil {
		return bot.Ref{}, err
	}
	d := draw(c, p.shared(ctx, org, c))
	if strings.HasPrefix(t.ID, "~") && pl.Kind == inChannel {
		return p.begin(ctx, t, pl, d)
	}
	if strings.HasPrefix(t.ID, "~") {
		t.ID = chatThread
	}
	var res schema.ResourceResponse
	err = p.connect(ctx, request{
		method: http.MethodPost, base: pl.Service, path: []string{"v3", "conversations", conversation(t), "activities"},
		thread: conversation(t), body: d.message(),
	}, &res)
	return bot.Ref{Thread: t, MessageID: res.ID}, err
}

// begin opens a thread in a channel with its first message.
func (p *Platform) begin(ctx context.Context, t agent.Thread, pl place, d drawing) (bot.Ref, error) {
	var res schema.ConversationResourceResponse
	err := p.connect(ctx, request{
		method: http.MethodPost, base: pl.Service, path: []string{"v3", "conversations"}, thread: t.Channel,
		body: map[string]any{
			"isGroup": true, "tenantId": pl.Tenant, "bot": schema.ChannelAccount{ID: "28:" + p.opt.AppID},
			"channelData": map[string]any{"channel": named{ID: t.Channel}, "tenant": named{ID: pl.Tenant}}, "activity": d.message(),
		},
	}, &res)
	_, root, _ := strings.Cut(res.ID, rootMark)
	t.ID = first(root, res.ActivityID)
	return bot.Ref{Thread: t, MessageID: first(res.ActivityID, root)}, err
}

// errUnknownPlace is a conversation that we have not heard of.
var errUnknownPlace = errors.New("nobody has written to the bot there: it does not know how to reach it")

// reach is where a thread's messages go. Of a channel that nobody has spoken in yet
// the tenant's own place serves.
func (p *Platform) reach(ctx context.Context, org string, t agent.Thread) (place, error) {
	pl, err := p.places.find(ctx, org, conversationPlace(t.Channel))
	if err != nil || pl.Service != "" {
		return pl, err
	}
	for _, tenant := range p.tenants(org) {
		if pl, err = p.places.find(ctx, org, tenantPlace(tenant)); err != nil || pl.Service != "" {
			pl.Kind = inChannel
			return pl, err
		}
	}
	return place{}, errUnknownPlace
}

// Edit redraws a card of ours.
func (p *Platform) Edit(ctx context.Context, org string, r bot.Ref, c bot.Card) error {
	pl, err := p.reach(ctx, org, r.Thread)
	if err == nil {
		err = p.update(ctx, pl, r, draw(c, p.shared(ctx, org, c)))
	}
	if err != nil {
		return posted(fmt.Errorf("edit message: %w", err))
	}
	p.progress.end(ctx, org, r.Thread)
	return nil
}

func (p *Platform) update(ctx context.Context, pl place, r bot.Ref, d drawing) error {
	m := d.message()
	return p.connect(ctx, request{
		method: http.MethodPut, base: pl.Service, path: []string{"v3", "conversations", conversation(r.Thread), "activities", r.MessageID},
		thread: conversation(r.Thread), body: struct {
			message
			ID string `json:"id"`
		}{m, r.MessageID},
	}, nil)
}

// Whisper shows a card to one person alone: Teams has no messages in a channel that
// one person sees, so it is a direct one.
func (p *Platform) Whisper(ctx context.Context, org string, t agent.Thread, to rbac.Actor, c bot.Card) error {
	if err := p.tell(ctx, org, t, to, note("", &c, view{At: p.seal(org, to, t)})); err != nil {
		return posted(fmt.Errorf("tell one person: %w", err))
	}
	return nil
}

// tell sends a direct message; in a direct conversation it stays there.
func (p *Platform) tell(ctx context.Context, org string, t agent.Thread, to rbac.Actor, d drawing) error {
	pl, err := p.places.find(ctx, org, conversationPlace(t.Channel))
	if err != nil {
		return err
	}
	if pl.Kind != inPersonal {
		if t, err = p.direct(ctx, org, to); err != nil {
			return err
		}
		if pl, err = p.reach(ctx, org, t); err != nil {
			return err
		}
	}
	return p.connect(ctx, request{
		method: http.MethodPost, base: pl.Service, path: []string{"v3", "conversations", conversation(t), "activities"},
		thread: conversation(t), body: d.message(),
	}, nil)
}

// direct is the direct conversation with a person. One that is not there is opened,
// and the app installed for them where the organisation lets it.
func (p *Platform) direct(ctx context.Context, org string, who rbac.Actor) (agent.Thread, error) {
	pl, err := p.person(ctx, org, who)
	if err != nil {
		return agent.Thread{}, err
	}
	if pl.Chat == "" {
		if pl.Chat, err = p.openChat(ctx, pl, who.ID); isStatus(err, http.StatusForbidden) && p.opt.CatalogID != "" {
			if err = p.install(ctx, who.ID); err == nil {
				pl.Chat, err = p.openChat(ctx, pl, who.ID)
			}
		}
		if err != nil {
			return agent.Thread{}, fmt.Errorf("open direct conversation: %w", err)
		}
		keep := func(is *place) { is.Service, is.Tenant, is.Chat = pl.Service, pl.Tenant, pl.Chat }
		kind := func(is *place) { is.Service, is.Tenant, is.Kind = pl.Service, pl.Tenant, inPersonal }
		if err := errors.Join(p.places.change(ctx, org, personPlace(pl.Tenant, who.ID), keep),
			p.places.change(ctx, org, conversationPlace(pl.Chat), kind)); err != nil {
			return agent.Thread{}, err
		}
	}
	return agent.Thread{Platform: Name, Channel: pl.Chat, ID: chatThread}, nil
}

// person is where somebody is reached. Whoever never spoke is reached as their
// tenant is.
func (p *Platform) person(ctx context.Context, org string, who rbac.Actor) (place, error) {
	tenants := p.tenants(org)
	if who.Tenant != "" {
		tenants = []string{who.Tenant}
	}
	for _, tenant := range tenants {
		for _, id := range []string{personPlace(tenant, who.ID), tenantPlace(tenant)} {
			if pl, err := p.places.find(ctx, org, id); err != nil || pl.Service != "" {
				return pl, err
			}
		}
	}
	return place{}, errUnknownPlace
}

func (p *Platform) openChat(ctx context.Context, pl place, id string) (string, error) {
	var res schema.ConversationResourceResponse
	err := p.connect(ctx, request{
		method: http.MethodPost, base: pl.Service, path: []string{"v3", "conversations"},
		body: map[string]any{
			"isGroup": false, "bot": schema.ChannelAccount{ID: "28:" + p.opt.AppID}, "tenantId": pl.Tenant,
			"members": []schema.ChannelAccount{{ID: first(pl.User, id)}}, "channelData": map[string]any{"tenant": named{ID: pl.Tenant}},
		},
	}, &res)
	return res.ID, err
}
