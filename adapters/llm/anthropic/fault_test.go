package anthropic

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
)

func TestDeclined(t *testing.T) {
	t.Parallel()
	body := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":"req_1"}`
	}
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		status int
		header http.Header
		body   string
		fault  agent.Fault
		wait   time.Duration
		says   string
	}{
		"rate limit":     {429, http.Header{"Retry-After": {"7"}}, body("rate_limit_error", "slow down"), agent.FaultRateLimit, 7 * time.Second, "slow down"},
		"overloaded":     {529, nil, body("overloaded_error", "Overloaded"), agent.FaultOverload, 0, "Overloaded"},
		"broken":         {500, nil, body("api_error", "oops"), agent.FaultOverload, 0, "oops"},
		"gateway":        {502, nil, "<html>Bad Gateway</html>", agent.FaultOverload, 0, "Bad Gateway"},
		"no body":        {503, nil, "", agent.FaultOverload, 0, "503"},
		"a list":         {503, nil, "[]", agent.FaultOverload, 0, ""},
		"a string":       {503, nil, `"busy"`, agent.FaultOverload, 0, ""},
		"null":           {503, nil, "null", agent.FaultOverload, 0, ""},
		"error as text":  {400, nil, `{"error":"no such thing"}`, agent.FaultRequest, 0, "no such thing"},
		"key":            {401, nil, body("authentication_error", "bad "+testKey), agent.FaultKey, 0, "bad [key]"},
		"credit":         {400, nil, body("invalid_request_error", "Your credit balance is too low"), agent.FaultCredit, 0, "credit"},
		"too long":       {400, nil, body("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), agent.FaultTooLong, 0, "too long"},
		"too large":      {413, nil, body("request_too_large", "too large"), agent.FaultTooLong, 0, "too large"},
		"name":           {404, nil, body("not_found_error", "model: "+testModel), agent.FaultName, 0, testModel},
		"request":        {400, nil, body("invalid_request_error", "tools.0: bad"), agent.FaultRequest, 0, "tools.0"},
		"long message":   {500, nil, body("api_error", long), agent.FaultOverload, 0, "xxx..."},
		"google":         {429, nil, `{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}`, agent.FaultRateLimit, 0, "Quota exceeded"},
		"amazon":         {429, http.Header{"X-Amzn-Errortype": {"ThrottlingException:http://x/"}}, `{"message":"Too many requests"}`, agent.FaultRateLimit, 0, "Too many requests"},
		"amazon, denied": {403, http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}}, `{"Message":"no access"}`, agent.FaultKey, 0, "no access"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, url := serve(t, c.body)
			w.status, w.header, w.kind = c.status, c.header, "application/json"
			r, err := start(t, url).Next(t.Context(), ask("hi"))
			var me *agent.ModelError
			if !errors.As(err, &me) {
				t.Fatalf("got %s %v", show(r), err)
			}
			cause := me.Err.Error()
			if me.Fault != c.fault || me.Wait != c.wait || me.Model != testModel || !strings.Contains(cause, c.says) {
				t.Errorf("got fault %d wait %v model %q cause %q", me.Fault, me.Wait, me.Model, cause)
			}
			if len(cause) > 310 || strings.Contains(err.Error(), testKey) {
				t.Errorf("the cause is too long or tells the key: %q", cause)
			}
			if n := w.count(); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	moved := httptest.NewServer(http.RedirectHandler("http://127.0.0.2/", http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	for name, url := range map[string]string{"refused": gone.URL, "cut": cut.URL, "redirected": moved.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := start(t, url).Next(t.Context(), ask("hi"))
			var me *agent.ModelError
			if !errors.As(err, &me) || me.Fault != agent.FaultNetwork || me.Model != testModel {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A stream that breaks in the middle of a chunk is cut, not a lost request.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(events(begin)))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	_, err := start(t, server.URL).Next(t.Context(), ask("hi"))
	var me *agent.ModelError
	if !errors.As(err, &me) || me.Fault != agent.FaultProtocol || me.Usage.Input != 11 {
		t.Errorf("got %v", err)
	}
}

// The end of the caller's context is that, before the first byte and after.
func TestEndOfContext(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"before": "", "within": events(begin)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client goes
				if first != "" {
					_, _ = w.Write([]byte(first))
					_ = http.NewResponseController(w).Flush()
				}
				cancel()
				<-r.Context().Done() // the client closed the connection
			}))
			t.Cleanup(server.Close)
			_, err := start(t, server.URL).Next(ctx, ask("hi"))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			var me *agent.ModelError
			if errors.As(err, &me) {
				t.Errorf("the end of the context reads as a fault: %v", err)
			}
		})
	}
}

// transport answers without a network, so that synctest sees every goroutine.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// body tells when it was closed.
type body struct {
	*strings.Reader
	closed *bool
}

func (b body) Close() error { *b.closed = true; return nil }

// synctest fails when a goroutine is left behind.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"reply":        {200, stream("end_turn", says(0, "x"))},
		"left over":    {200, stream("end_turn", says(0, "x")) + events(ping, ping)},
		"broken event": {200, "event: message_start\ndata: {\n\n"},
		"error event":  {200, events(begin, `{"type":"error","error":{"type":"overloaded_error","message":"x"}}`)},
		"nonsense":     {200, events(begin, begin)},
		"cut":          {200, events(begin)},
		"status":       {500, "oops"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var closed bool
				client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: c.status, Header: http.Header{}, Body: body{strings.NewReader(c.body), &closed}, Request: r}, nil
				})}
				m := start(t, "http://model.test", func(o *Options) { o.HTTP = client })
				told, over := 0, false
				p := ask("hi")
				p.Stream = func(string) {
					told++
					if over {
						t.Error("told after Next had returned")
					}
				}
				_, err := m.Next(t.Context(), p)
				over = true
				synctest.Wait()
				if !closed {
					t.Errorf("the body stays open (%v, told %d)", err, told)
				}
			})
		})
	}
}
