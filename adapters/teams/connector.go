package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// longestAnswer is the most bytes of an answer that are read.
const longestAnswer = 4 << 20

// statusError is what Microsoft answered instead of doing it. Code is its own word.
type statusError struct {
	Status int
	Code   string
	After  time.Duration // of a 429
}

func (e *statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("Microsoft answered %d %s", e.Status, e.Code))
}

// errUntrusted is an address that our token does not go to.
var errUntrusted = errors.New("its service URL is not among teams.service_urls")

// request is one to the connector or to Graph. Thread is whose turn it takes; an
// empty one shows nothing.
type request struct {
	method, base string
	path         []string
	query        url.Values
	thread       string
	body         any
}

// turn is what shares a turn: a thread, or all requests of one kind that show nothing.
func (r request) turn() string {
	if r.thread != "" {
		return r.thread
	}
	kind := quietly + r.base
	for i, part := range r.path {
		if i%2 == 1 || i == len(r.path)-1 && r.method == http.MethodPost {
			kind += " " + part
		}
	}
	return kind
}

// connect asks the connector at a place. Our token goes to no other address than
// those that are trusted, whatever is kept of the place.
func (p *Platform) connect(ctx context.Context, r request, into any) error {
	if !p.opt.trusted(r.base) {
		return errUntrusted
	}
	return p.do(ctx, p.login, r, into)
}

func (p *Platform) do(ctx context.Context, as *login, r request, into any) error {
	if err := p.pace.turn(ctx, r.turn()); err != nil {
		return err
	}
	token, err := as.token(ctx)
	if err != nil {
		return &unsentError{err}
	}
	req, err := r.made(ctx, token)
	if err != nil {
		return err
	}
	res, err := p.opt.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("ask Microsoft: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, longestAnswer))
	if res.StatusCode/100 != 2 {
		return p.told(as, token, r.turn(), res, b)
	}
	if err == nil && into != nil && len(b) > 0 {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("read Microsoft's answer: %w", err)
	}
	return nil
}

func (r request) made(ctx context.Context, token string) (*http.Request, error) {
	u, err := url.Parse(r.base)
	if err != nil {
		return nil, fmt.Errorf("ask Microsoft: %w", err)
	}
	to := strings.TrimSuffix(u.String(), "/")
	for _, part := range r.path {
		to += "/" + url.PathEscape(part)
	}
	if len(r.query) > 0 {
		to += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("ask Microsoft: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, to, body)
	if err != nil {
		return nil, fmt.Errorf("ask Microsoft: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return req, nil
}

// told reads an answer that is none. A token that is not taken is not used again.
func (p *Platform) told(as *login, token, thread string, res *http.Response, b []byte) error {
	e := &statusError{Status: res.StatusCode}
	var said struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(b, &said) == nil {
		e.Code = countable(said.Error.Code)
	}
	switch res.StatusCode {
	case http.StatusUnauthorized:
		as.forget(token)
	case http.StatusTooManyRequests:
		e.After = retryAfter(res.Header.Get("Retry-After"), p.now())
		p.pace.rest(thread, e.After)
	}
	return e
}

// countable keeps what is counted or logged to words that Microsoft could have chosen.
func countable(word string) string {
	if len(word) > 64 || strings.ContainsFunc(word, func(r rune) bool {
		return r != '.' && r != '_' && r != '/' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return "unknown"
	}
	return word
}
