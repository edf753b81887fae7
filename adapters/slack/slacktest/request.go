package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// request delivers by HTTP: signed, and answered with 2xx within the patience.
func (s *Server) request(p *parcel, i int, to Endpoints, delay time.Duration) (why string, ok, final bool) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.Patience)
	defer cancel()
	status, header, body, err := s.exchange(ctx, p, i, to)
	if err == nil && delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	why, text := outcome(status, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Attempts[i].Status, p.Attempts[i].Err = status, text
	if why == "" {
		s.ack(p, i, body)
		return "", true, true
	}
	s.changed()
	return why, false, header.Get("X-Slack-No-Retry") == "1"
}

// outcome is what went wrong, as X-Slack-Retry-Reason names it and for people.
func outcome(status int, err error) (why, text string) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "http_timeout", "no answer in time"
	case err != nil:
		return "connection_failed", err.Error()
	case status/100 != 2:
		return "http_error", fmt.Sprintf("answered %d", status)
	}
	return "", ""
}

// exchange is the request itself.
func (s *Server) exchange(ctx context.Context, p *parcel, i int, to Endpoints) (int, http.Header, []byte, error) {
	target, kind, body := p.form(to)
	if target == "" {
		return 0, nil, nil, errors.New("the app named no URL for it")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header = s.signed(body, time.Now())
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	s.mu.Lock()
	if reason := p.Attempts[i].Reason; reason != "" && p.Kind == kindEvents {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(i))
		r.Header.Set("X-Slack-Retry-Reason", reason)
	}
	s.mu.Unlock()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, largestBody))
	return resp.StatusCode, resp.Header, answer, err
}

// form is where a delivery goes and what it looks like on the way.
func (p *parcel) form(to Endpoints) (target, contentType string, body []byte) {
	switch p.Kind {
	case kindEvents:
		return to.Events, "application/json", p.Payload
	case kindInteract:
		return to.Interactions, formType, []byte(url.Values{"payload": {string(p.Payload)}}.Encode())
	}
	var fields map[string]string
	_ = json.Unmarshal(p.Payload, &fields)
	v := url.Values{}
	for k, text := range fields {
		v.Set(k, text)
	}
	return to.Commands, formType, []byte(v.Encode())
}

const formType = "application/x-www-form-urlencoded"

// signed are the headers of a signed body.
func (s *Server) signed(body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.opts.SigningSecret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// Signed are the headers with which Slack signs a body at a moment, for tests
// that send one themselves.
func (s *Server) Signed(body []byte, at time.Time) http.Header { return s.signed(body, at) }

// VerifyURL does what happens when an events URL is entered: the app must answer
// the challenge. The error says what it did instead.
func (s *Server) VerifyURL(ctx context.Context) error {
	s.mu.Lock()
	to := s.to
	p := &parcel{Delivery: Delivery{ID: s.id("V"), Kind: kindEvents, Type: "url_verification"}}
	challenge := s.id("challenge")
	p.begin(Attempt{At: time.Now()})
	s.mu.Unlock()
	p.Payload = encode(object{"token": "verification-token", "challenge": challenge, "type": "url_verification"})
	ctx, cancel := context.WithTimeout(ctx, s.opts.Patience)
	defer cancel()
	status, _, body, err := s.exchange(ctx, p, 0, to)
	if err != nil {
		return fmt.Errorf("verify the events URL: %w", err)
	}
	var said struct{ Challenge string }
	if string(body) != challenge && (json.Unmarshal(body, &said) != nil || said.Challenge != challenge) || status != http.StatusOK {
		return fmt.Errorf("verify the events URL: answered %d %.80q instead of the challenge", status, body)
	}
	return nil
}
