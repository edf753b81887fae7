package teamstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// largestAnswer is the most of an answer of the bot that is read.
const largestAnswer = 1 << 20

// try sends a delivery once, signed, and notes what came of it.
func (s *Server) try(p *parcel) Attempt {
	s.mu.Lock()
	target, delay, token := s.endpoint, s.delay, s.sealed(s.ServiceURL())
	i := len(p.Attempts)
	p.Attempts = append(p.Attempts, Attempt{At: time.Now()})
	patience := s.opts.Patience
	if p.Type != "invoke" {
		patience *= 3
	}
	s.changed()
	s.mu.Unlock()

	began := time.Now()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	status, body, err := s.exchange(ctx, target, token, p.Payload)
	if err == nil && delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			status, body, err = 0, nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &p.Attempts[i]
	a.Status, a.Answer, a.Took, a.Err = status, body, time.Since(began), trouble(status, err)
	p.Done = p.Done || a.Err == ""
	s.changed()
	return *a
}

// trouble is what went wrong, for people.
func trouble(status int, err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case err != nil:
		return err.Error()
	case status/100 != 2:
		return fmt.Sprintf("answered %d", status)
	}
	return ""
}

// exchange is one request to the bot and its answer.
func (s *Server) exchange(ctx context.Context, target, token string, body []byte) (int, []byte, error) {
	if target == "" {
		return 0, nil, errors.New("the bot has no endpoint: see SetEndpoint")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	return resp.StatusCode, answer, err
}

// Post sends any body with any token to the bot, and returns its answer. An
// empty token sends no header. It is no delivery.
func (s *Server) Post(ctx context.Context, body []byte, token string) (status int, answer []byte, err error) {
	s.mu.Lock()
	target := s.endpoint
	s.mu.Unlock()
	status, answer, err = s.exchange(ctx, target, token, body)
	if err != nil {
		return 0, nil, fmt.Errorf("post to the bot: %w", err)
	}
	return status, answer, nil
}

// Send delivers an activity that the test made, such as one of a kind that
// nobody knows. What it lacks of id, channelId, serviceUrl and recipient is
// filled in. It does not wait.
func (s *Server) Send(activity json.RawMessage) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := parse(activity)
	if n == nil {
		s.problem(ruleMisuse, "Send: no JSON object: %.80q", activity)
		return ""
	}
	full := object{"id": serial("f:"), "channelId": "msteams", "serviceUrl": s.ServiceURL(), "recipient": s.recipient()}
	replace(full, n)
	p := s.send(full)
	p.Conversation = n.node("conversation").text("id")
	return p.ID
}
