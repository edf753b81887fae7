// Package pagerduty opens, takes and ends incidents of PagerDuty, and reads who is on
// call by its schedules. It must never know what is told to whom.
package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	service "interlock/adapters/notify"
	"interlock/bot/notify"
	"interlock/config"
)

var _ notify.Sender = (*Sender)(nil)

// eventsURL is PagerDuty's own.
const eventsURL = "https://events.pagerduty.com"

// What PagerDuty takes at most, in characters.
const (
	mostSummary = 1024
	mostKey     = 255
)

// Sender opens, takes and ends incidents by the Events API, version 2. It is safe for
// concurrent use.
type Sender struct {
	client *service.Client
	url    string
	key    config.Secret
}

// New makes the sender of one service. Its key is the routing key of an integration.
func New(s config.Service, o service.Options) *Sender {
	return &Sender{service.NewClient(o), strings.TrimSuffix(cmp.Or(s.URL, eventsURL), "/") + "/v2/enqueue", s.Key}
}

type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Payload    *details `json:"payload,omitempty"`
}

type details struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp time.Time         `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class"`
	Custom    map[string]string `json:"custom_details"`
}

// urgency is how PagerDuty calls our severities.
var urgency = map[notify.Severity]string{notify.Urgent: "critical", notify.Action: "error", notify.Warning: "warning", notify.Info: "info"}

// Send triggers an incident, or acknowledges or resolves the one of the same key. The
// key makes a repeat the same incident.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	e := event{
		RoutingKey: s.key.Reveal(), Action: string(cmp.Or(m.Step, notify.Trigger)),
		DedupKey: service.Cut(m.Org+"/"+cmp.Or(m.Key, m.ID), mostKey),
	}
	if e.Action == string(notify.Trigger) {
		e.Payload = describe(m)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	return s.client.Post(ctx, s.url, nil, body)
}

func describe(m notify.Message) *details {
	d := &details{
		Summary: service.Cut(m.Title, mostSummary), Source: "interlock/" + m.Org, Severity: cmp.Or(urgency[m.Severity], "error"), Timestamp: m.At,
		Component: m.Stack, Group: m.Environment, Class: m.Type, Custom: map[string]string{"delivery": m.ID},
	}
	if m.Body != "" {
		d.Custom["text"] = m.Body
	}
	if len(m.Lines) > 0 {
		d.Custom["lines"] = strings.Join(m.Lines, "\n")
	}
	for _, f := range m.Facts {
		d.Custom[f.Name] = f.Value
	}
	return d
}
