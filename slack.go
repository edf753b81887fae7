package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"interlock/adapters/slack"
	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
)

// wireSlack adds Slack, when its keys are there.
func (a *app) wireSlack() error {
	c, err := slack.Load(a.cfg.Slack)
	if err != nil || !c.On() {
		return err
	}
	owners, only := workspaces(a.cfg.Orgs, slack.Name)
	a.slack, err = slack.New(slack.Options{
		Config: c, Inbox: a.in, Count: a.metrics.delivered(slack.Name), Log: a.log,
		Tokens: &botToken{a, a.orgs()[0]},
		Lookups: slack.Lookups{
			Org: func(team string) (string, bool) { o, ok := owners[team]; return o, ok }, Only: only,
			Follow: a.in.Follow, Home: a.in.Home, Prompts: a.in.Prompts,
		},
	})
	if err != nil {
		return err
	}
	a.out.Platforms[slack.Name] = a.slack
	return nil
}

// workspaces are whose each one of a platform is. Where nobody lists any and there is
// one Org, all are its own: a platform delivers only what is of a workspace that
// installed the app.
func workspaces(orgs map[string]config.Org, platform string) (owners map[string]string, only string) {
	owners = map[string]string{}
	for name, o := range orgs {
		for _, w := range o.Workspaces {
			if id, ok := strings.CutPrefix(w, platform+":"); ok {
				owners[id] = name
			}
		}
		only = name
	}
	if len(owners) > 0 || len(orgs) != 1 {
		only = ""
	}
	return owners, only
}

// botToken keeps a token that rotates, in the first Org's keeping. Another Org may have
// been the first when it was kept.
type botToken struct {
	a   *app
	org string
}

// Load gives the token that was kept last.
func (k *botToken) Load(ctx context.Context) (last slack.Token, err error) {
	for _, org := range k.a.orgs() {
		b, err := k.a.db.Token(ctx, org, slack.Name)
		if err != nil {
			return last, err
		}
		var t slack.Token
		if b != nil && json.Unmarshal(b, &t) != nil {
			return last, errors.New("read the kept bot token: it is damaged")
		}
		if last == (slack.Token{}) || t.Expires.After(last.Expires) {
			last = t
		}
	}
	return last, nil
}

// Save keeps a token.
func (k *botToken) Save(ctx context.Context, t slack.Token) error {
	b, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("keep bot token: %w", err)
	}
	return k.a.db.PutToken(ctx, k.org, slack.Name, b)
}

// voucher is a platform that says who one of its accounts is, now.
type voucher interface {
	Vet(ctx context.Context, who rbac.Actor) (rbac.Actor, error)
}

// carrier is a platform that brings the files of its messages.
type carrier interface {
	Fetch(ctx context.Context, f agent.File) ([]byte, error)
}

// vet asks the platform that somebody spoke on. A schedule, and a person of the
// console, is who they are.
func (a *app) vet(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	spoke := who.Spoke()
	v, ok := a.out.Platforms[spoke.Platform].(voucher)
	if !ok {
		return who, nil
	}
	now, err := v.Vet(ctx, spoke)
	if err != nil {
		return who, err
	}
	who.Outsider = now.Outsider
	if who.Platform == spoke.Platform { // nobody that policy names
		who.Name = now.Name
	}
	return who, nil
}

func (a *app) fetch(ctx context.Context, _ string, t agent.Thread, f agent.File) ([]byte, error) {
	c, ok := a.out.Platforms[t.Platform].(carrier)
	if !ok {
		return nil, errors.New("files of this chat are not read")
	}
	return c.Fetch(ctx, f)
}

// chats are the endpoints that chats call. They check what they are sent
// themselves, so they may stand on a public address.
func (a *app) chats(mux *http.ServeMux) {
	if a.slack != nil {
		mux.Handle("/slack/", a.slack.Handler(a.in))
	}
	if a.teams != nil {
		mux.Handle("/api/messages", a.teams.Handler(a.in))
	}
}
