package langchain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"interlock/agent"
)

// longestError is how much of an error's body is kept, longestAnswer how much
// of another is read; both in bytes. No answer of 100,000 tokens comes near.
const (
	longestError  = 4 << 10
	longestAnswer = 32 << 20
)

// exchange is what the HTTP exchange of one call leaves behind, because the
// clients drop most of it. It travels in the request's context.
type exchange struct {
	// Of the call's prompt; set before and not changed.
	tools []agent.ToolSpec
	args  []json.RawMessage // of all calls

	mu     sync.Mutex
	status int // 0: no answer came
	header http.Header
	body   []byte
	lost   error // why no answer came
}

// exchangeKey is where a context carries its exchange.
type exchangeKey struct{}

func with(ctx context.Context, ex *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, ex)
}

func exchangeOf(ctx context.Context) *exchange {
	ex, _ := ctx.Value(exchangeKey{}).(*exchange)
	return ex
}

func (ex *exchange) note(status int, header http.Header, body []byte, lost error) {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.status, ex.header, ex.body, ex.lost = status, header, body, lost
}

func (ex *exchange) left() (status int, header http.Header, body []byte, lost error) {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.status, ex.header, ex.body, ex.lost
}

// Transport lets a Model of Wrap see status, header and error of the requests
// that go through it. It gives an answer of status 400 or more to the client as
// an error, so that no client's own retries get a hold of it, and reads others
// whole. A nil next is http.DefaultTransport.
func Transport(next http.RoundTripper) http.RoundTripper { return &transport{next: next} }

type transport struct {
	next http.RoundTripper
	edit func(*exchange, body)
	trim func(body)
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	ex := exchangeOf(req.Context())
	if ex == nil {
		return next.RoundTrip(req)
	}
	req, err := t.edited(ex, req)
	if err != nil {
		return nil, err
	}
	resp, err := next.RoundTrip(req)
	if err != nil {
		ex.note(0, nil, nil, err)
		return nil, err
	}
	data, err := ex.take(resp)
	if err != nil {
		return nil, err
	}
	if t.trim != nil {
		data = changed(data, t.trim)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	return resp, nil
}

// CloseIdleConnections passes on what http.Client's own asks for.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// edited is the request with its body edited; the given one stays as it is.
func (t *transport) edited(ex *exchange, req *http.Request) (*http.Request, error) {
	if t.edit == nil || req.Body == nil {
		return req, nil
	}
	data, err := io.ReadAll(req.Body)
	if closed := req.Body.Close(); err != nil || closed != nil {
		return nil, fmt.Errorf("read the request: %w", errors.Join(err, closed))
	}
	data = changed(data, func(b body) { t.edit(ex, b) })
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(data))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.ContentLength = int64(len(data))
	return req, nil
}

// changed is a JSON object after a change; what is none stays as it is.
func changed(data []byte, change func(body)) []byte {
	var b body
	if json.Unmarshal(data, &b) != nil || b == nil {
		return data
	}
	change(b)
	if after, err := json.Marshal(b); err == nil {
		return after
	}
	return data
}

// take notes an answer and gives its body, or an error if it is none.
func (ex *exchange) take(resp *http.Response) ([]byte, error) {
	limit := longestAnswer
	if resp.StatusCode >= http.StatusBadRequest {
		limit = longestError
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)))
	_ = resp.Body.Close() // what was read is kept whatever it says
	ex.note(resp.StatusCode, resp.Header, data, nil)
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		return nil, errors.New("the provider answers " + resp.Status)
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(data) == limit:
		return nil, errors.New("the answer is too long")
	}
	return data, nil
}
