// Package opsgenie opens, takes and ends alerts of Opsgenie by its plain REST API. It
// must never know what is told to whom.
package opsgenie

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	service "interlock/adapters/notify"
	"interlock/bot/notify"
	"interlock/config"
)

var _ notify.Sender = (*Sender)(nil)

// apiURL is Opsgenie's own, of its first region.
const apiURL = "https://api.opsgenie.com"

// What Opsgenie takes at most, in characters.
const (
	mostMessage     = 130
	mostAlias       = 512
	mostDescription = 15000
)

// Sender speaks for one integration. It is safe for concurrent use.
type Sender struct {
	client *service.Client
	url    string
	key    config.Secret
	team   string
}

// New makes the sender of one service. Its key is that of an API integration.
func New(s config.Service, o service.Options) *Sender {
	return &Sender{service.NewClient(o), strings.TrimSuffix(cmp.Or(s.URL, apiURL), "/") + "/v2/alerts", s.Key, s.Team}
}

type alert struct {
	Message     string            `json:"message"`
	Alias       string            `json:"alias"`
	Description string            `json:"description,omitempty"`
	Responders  []responder       `json:"responders,omitempty"`
	Tags        []string          `json:"tags"`
	Details     map[string]string `json:"details"`
	Entity      string            `json:"entity,omitempty"`
	Source      string            `json:"source"`
	Priority    string            `json:"priority"`
}

type responder struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// priority is how Opsgenie calls our severities.
var priority = map[notify.Severity]string{notify.Urgent: "P1", notify.Action: "P3", notify.Warning: "P4", notify.Info: "P5"}

// Send creates an alert, or acknowledges or closes the one of the same key, which is
// its alias: a repeat is the same alert.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	alias := service.Cut(m.Org+"/"+cmp.Or(m.Key, m.ID), mostAlias)
	address, what := s.url, any(s.create(m, alias))
	if m.Step == notify.Acknowledge || m.Step == notify.Resolve {
		do := map[notify.Step]string{notify.Acknowledge: "acknowledge", notify.Resolve: "close"}[m.Step]
		address += "/" + url.PathEscape(alias) + "/" + do + "?identifierType=alias"
		what = map[string]string{"source": "interlock/" + m.Org, "note": service.Cut(m.Title, mostMessage)}
	}
	body, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode alert: %w", err)
	}
	return s.client.Post(ctx, address, http.Header{"Authorization": {"GenieKey " + s.key.Reveal()}}, body)
}

func (s *Sender) create(m notify.Message, alias string) alert {
	a := alert{
		Message: service.Cut(m.Title, mostMessage), Alias: alias, Entity: m.Stack, Source: "interlock/" + m.Org,
		Description: service.Cut(strings.TrimSpace(m.Body+"\n"+strings.Join(m.Lines, "\n")), mostDescription),
		Tags:        []string{m.Type}, Priority: cmp.Or(priority[m.Severity], "P3"), Details: map[string]string{"delivery": m.ID},
	}
	if m.Environment != "" {
		a.Details["environment"] = m.Environment
	}
	for _, f := range m.Facts {
		a.Details[f.Name] = f.Value
	}
	if s.team != "" {
		a.Responders = []responder{{s.team, "team"}}
	}
	return a
}
