package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"interlock/agent"
)

// graph asks what Microsoft Graph lets the app do: in each room, and for people.
func (e *exam) graph(ctx context.Context, rooms []Room) (all []Check) {
	token, login := e.login(ctx, e.p.graph, "teams graph")
	if login.Err != nil {
		return []Check{login}
	}
	for _, r := range rooms {
		all = append(all, e.room(ctx, r))
	}
	if e.p.opt.CatalogID != "" {
		all = append(all, checkInstalling(token))
	}
	return all
}

// room looks whether the bot is in a conversation, and may list what is said there.
func (e *exam) room(ctx context.Context, r Room) Check {
	c := Check{Name: "teams " + r.ID}
	pl, err := e.p.places.find(ctx, r.Org, conversationPlace(r.ID))
	switch {
	case err != nil:
		c.Err, c.Fix = err, "check the database"
		return c
	case pl.Service == "" || pl.Kind == inChannel && pl.Team == "":
		c.Err, c.Fix = Warning("nothing was heard from there yet: it is not known whether the app is in its team"), "add the app to the team, and mention it in the channel once"
		return c
	case pl.Kind == inPersonal:
		c.Found = "a direct conversation"
		return c
	}
	list, ok, err := e.p.listing(ctx, r.Org, agent.Thread{Platform: Name, Channel: r.ID, ID: "~"})
	if err == nil && ok {
		list.query = url.Values{"$top": {"1"}}
		err = e.p.do(ctx, e.p.graph, list, nil)
	}
	return c.listed(pl, ok, err)
}

// listed says what came of asking for the messages of a room.
func (c Check) listed(pl place, ok bool, err error) Check {
	need := consentOf[pl.Kind]
	switch {
	case errors.Is(err, errUntrusted):
		c.Err, c.Fix = fmt.Errorf("it was reached at %s, which is not among teams.service_urls", pl.Service), "add the address, if Microsoft's documentation names it"
	case !ok && err == nil, isStatus(err, http.StatusNotFound):
		c.Err, c.Fix = errors.New("the app is not in the team any more, or the room is gone"), "add the app to the team, or take the room out of the configuration"
	case isStatus(err, http.StatusForbidden):
		c.Err = Warning(need.Name + " is not granted there; lost: " + need.Lost)
		c.Fix = "update the app in that team or chat and accept what it asks for; a private or shared channel cannot grant it"
	case err != nil:
		c.Err, c.Fix = fmt.Errorf("list messages: %w", err), "see that this machine reaches the addresses of teams.graph_url and teams.service_urls"
	default:
		c.Found = "the app is in it, and may look up its messages"
	}
	return c
}
