package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"interlock/agent"
	"interlock/bot"
)

// pages is how far a lookup reads, 50 messages each.
const pages = 6

// listed are messages as Graph tells of them.
type listed struct {
	Value []struct {
		ID      string `json:"id"`
		ReplyTo string `json:"replyToId"`
		From    struct {
			Application named `json:"application"`
		} `json:"from"`
		Attachments []struct {
			Content string `json:"content"`
		} `json:"attachments"`
	} `json:"value"`
	Next string `json:"@odata.nextLink"`
}

// Find looks for the card of ours that carries the marker: in its thread, or among
// the latest of the channel when it would have begun one. The connector lists no
// messages; Graph does, where the app may read them (RSC). Where it may not, nothing
// is found, and what is uncertain is sent again.
func (p *Platform) Find(ctx context.Context, org string, t agent.Thread, marker string) (bot.Ref, bool, error) {
	r, found, err := p.search(ctx, org, t, marker)
	if err != nil {
		return bot.Ref{}, false, posted(fmt.Errorf("look message up: %w", err))
	}
	if found {
		p.progress.end(ctx, org, t)
	}
	return r, found, nil
}

func (p *Platform) search(ctx context.Context, org string, t agent.Thread, marker string) (bot.Ref, bool, error) {
	list, ok, err := p.listing(ctx, org, t)
	if err != nil || !ok {
		return bot.Ref{}, false, err
	}
	list.query = url.Values{"$top": {"50"}}
	for range pages {
		var l listed
		if err := p.do(ctx, p.graph, list, &l); err != nil {
			if isStatus(err, http.StatusForbidden) || isStatus(err, http.StatusNotFound) {
				p.log().WarnContext(ctx, "an uncertain message cannot be looked up, and is sent again", "error", err)
				return bot.Ref{}, false, nil
			}
			return bot.Ref{}, false, err
		}
		for _, m := range l.Value {
			if m.From.Application.ID != p.opt.AppID || len(m.Attachments) == 0 || !marked(m.Attachments[0].Content, marker) {
				continue
			}
			if t.ID != chatThread {
				t.ID = first(m.ReplyTo, m.ID)
			}
			return bot.Ref{Thread: t, MessageID: m.ID}, true, nil
		}
		next, err := url.Parse(l.Next)
		if err != nil || l.Next == "" {
			break
		}
		list.query = next.Query() // of the same list: where else it leads is not asked
	}
	return bot.Ref{}, false, nil
}

// listing is where Graph lists the messages among which a lost one is.
func (p *Platform) listing(ctx context.Context, org string, t agent.Thread) (request, bool, error) {
	pl, err := p.places.find(ctx, org, conversationPlace(t.Channel))
	if err != nil {
		return request{}, false, err
	}
	r := request{method: http.MethodGet, base: p.opt.GraphURL}
	switch {
	case pl.Kind == inChannel && pl.Team != "":
		group, err := p.group(ctx, org, t, pl)
		if err != nil || group == "" {
			return r, false, err
		}
		r.path = []string{"teams", group, "channels", t.Channel, "messages"}
		if !strings.HasPrefix(t.ID, "~") && t.ID != "" {
			r.path = append(r.path, t.ID, "replies")
		}
	case pl.Kind == inGroup:
		r.path = []string{"chats", t.Channel, "messages"}
	default: // of a direct conversation Graph has another id
		return r, false, nil
	}
	return r, true, nil
}

// group is the team's id in Entra.
func (p *Platform) group(ctx context.Context, org string, t agent.Thread, pl place) (string, error) {
	if pl.Group != "" {
		return pl.Group, nil
	}
	var team struct {
		Group string `json:"aadGroupId"`
	}
	err := p.connect(ctx, request{method: http.MethodGet, base: pl.Service, path: []string{"v3", "teams", pl.Team}}, &team)
	if isStatus(err, http.StatusForbidden) || isStatus(err, http.StatusNotFound) {
		return "", nil
	}
	if err == nil && team.Group != "" {
		err = p.places.change(ctx, org, conversationPlace(t.Channel), func(is *place) { is.Group = team.Group })
	}
	return team.Group, err
}

// marked tells whether a card carries the marker.
func marked(card, marker string) bool {
	var c struct {
		Body []struct {
			ID string `json:"id"`
		} `json:"body"`
	}
	return marker != "" && json.Unmarshal([]byte(card), &c) == nil && len(c.Body) > 0 && c.Body[0].ID == marker
}

// install puts the app into a person's own Teams, as the organisation's catalog has it.
func (p *Platform) install(ctx context.Context, person string) error {
	err := p.do(ctx, p.graph, request{
		method: http.MethodPost, base: p.opt.GraphURL, path: []string{"users", person, "teamwork", "installedApps"},
		body: map[string]string{"teamsApp@odata.bind": strings.TrimSuffix(p.opt.GraphURL, "/") + "/appCatalogs/teamsApps/" + p.opt.CatalogID},
	}, nil)
	if isStatus(err, http.StatusConflict) { // it is there already
		return nil
	}
	return err
}
