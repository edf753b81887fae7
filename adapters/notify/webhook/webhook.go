// Package webhook sends notices to an address of the administrator's choice, signed, so
// that the receiver knows who sent them and which one is a repeat. It must never know
// what is told to whom.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	service "interlock/adapters/notify"
	"interlock/agent"
	"interlock/bot/notify"
	"interlock/config"
)

var _ notify.Sender = (*Sender)(nil)

// Sender posts to one address. It is safe for concurrent use.
type Sender struct {
	client *service.Client
	url    string
	key    config.Secret
	now    func() time.Time
}

// New makes the sender of one service.
func New(s config.Service, o service.Options) *Sender {
	o.Internal = s.Internal
	return &Sender{service.NewClient(o), s.URL, s.Key, time.Now}
}

// payload is the body, documented in docs/notifications.md.
type payload struct {
	ID          string    `json:"id"` // the same when it is sent again
	Org         string    `json:"organization"`
	Type        string    `json:"type"`
	Severity    string    `json:"severity"`
	Title       string    `json:"title"`
	Body        string    `json:"body,omitempty"`
	Facts       []fact    `json:"facts,omitempty"`
	Lines       []string  `json:"lines,omitempty"`
	Count       int       `json:"count"`
	Stack       string    `json:"stack,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Team        string    `json:"team,omitempty"`
	Key         string    `json:"key,omitempty"`
	Step        string    `json:"step"`
	At          time.Time `json:"at"`
}

type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func facts(all []agent.Fact) (out []fact) {
	for _, f := range all {
		out = append(out, fact{f.Name, f.Value})
	}
	return out
}

// Send posts a message.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	step := m.Step
	if step == "" {
		step = notify.Trigger
	}
	body, err := json.Marshal(payload{
		ID: m.ID, Org: m.Org, Type: m.Type, Severity: string(m.Severity), Title: m.Title, Body: m.Body, Facts: facts(m.Facts), Lines: m.Lines,
		Count: max(1, m.Count), Stack: m.Stack, Environment: m.Environment, Team: m.Team, Key: m.Key, Step: string(step), At: m.At,
	})
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	at := strconv.FormatInt(s.now().Unix(), 10)
	h := http.Header{}
	h.Set("X-Event-Type", m.Type)
	h.Set("X-Severity", string(m.Severity))
	h.Set("Interlock-Delivery", m.ID)
	h.Set("Interlock-Timestamp", at)
	h.Set("Interlock-Signature", Sign(s.key.Reveal(), at, body))
	return s.client.Post(ctx, s.url, h, body)
}

// Sign is what the header Interlock-Signature holds: an HMAC over the time, a dot and
// the body, so that neither can be changed.
func Sign(key, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(at + ".")) // a hash never fails
	_, _ = mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
