package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"interlock/agent"
)

// TestDeclined reads errors as products send them.
func TestDeclined(t *testing.T) {
	t.Parallel()
	const jsonType, html = "application/json; charset=utf-8", "text/html"
	for name, c := range map[string]struct {
		status     int
		kind, body string
		fault      agent.Fault
		says       string
	}{
		"key":           {401, jsonType, `{"error":{"message":"Incorrect API key provided: secret-key.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, agent.FaultKey, "Incorrect API key provided: [key]."},
		"quota":         {429, jsonType, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, agent.FaultCredit, "You exceeded"},
		"rate":          {429, jsonType, `{"error":{"message":"Rate limit reached for m","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, agent.FaultRateLimit, "Rate limit"},
		"too long":      {400, jsonType, `{"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, agent.FaultTooLong, "maximum context"},
		"name":          {404, jsonType, `{"error":{"message":"The model x does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}`, agent.FaultName, "does not exist"},
		"Azure name":    {404, jsonType, `{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}`, agent.FaultName, "deployment"},
		"Azure filter":  {400, jsonType, `{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400}}`, agent.FaultRefused, "filtered"},
		"Azure gateway": {401, jsonType, `{"statusCode":401,"message":"Access denied due to invalid subscription key."}`, agent.FaultKey, "Access denied"},
		"Ollama name":   {404, jsonType, `{"error":{"message":"model 'x' not found","type":"not_found_error","param":null,"code":null}}`, agent.FaultName, "not found"},
		"Ollama text":   {500, jsonType, `{"error":"llama runner process has terminated"}`, agent.FaultOverload, "llama runner"},
		"vLLM":          {400, jsonType, `{"object":"error","message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError","param":null,"code":400}`, agent.FaultTooLong, "8192"},
		"vLLM path":     {404, jsonType, `{"detail":"Not Found"}`, agent.FaultRequest, "Not Found"},
		"OpenRouter":    {402, jsonType, `{"error":{"message":"Insufficient credits","code":402}}`, agent.FaultCredit, "Insufficient"},
		"behind a 200":  {200, jsonType, `{"error":{"message":"Provider returned error","code":503,"metadata":{"raw":"busy"}}}`, agent.FaultOverload, "Provider returned error: busy"},
		"text in a 200": {200, jsonType, `{"error":"model requires more system memory"}`, agent.FaultOverload, "more system memory"},
		"Gemini":        {400, jsonType, `[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]`, agent.FaultKey, "API key not valid."},
		"whole answer":  {200, jsonType, `{"choices":[{"message":{"content":"Yes."},"finish_reason":"stop"}]}`, agent.FaultProtocol, "application/json instead of a stream"},
		"page":          {200, html, `<html>Welcome</html>`, agent.FaultProtocol, "text/html instead of a stream"},
		"proxy's page":  {502, html, `<html>Bad</html>`, agent.FaultOverload, "status 502 Bad Gateway"},
		"plain":         {503, "text/plain", "no healthy upstream", agent.FaultOverload, "no healthy upstream"},
		"nothing":       {500, "", "", agent.FaultOverload, "status 500"},
		"null":          {500, jsonType, "null", agent.FaultOverload, "null"},
		"null error":    {400, jsonType, `{"error":null}`, agent.FaultRequest, "null"},
		"long":          {400, jsonType, `{"error":{"message":"` + strings.Repeat("x", 5000) + `"}}`, agent.FaultRequest, "xxx..."},
		"redirect":      {302, html, "", agent.FaultRequest, "status 302 Found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, w := model(t, c.body)
			w.status, w.header = c.status, http.Header{"Content-Type": {c.kind}, "Retry-After": {"7"}}
			_, err := m.Next(t.Context(), agent.Prompt{})
			var me *agent.ModelError
			if !errors.As(err, &me) {
				t.Fatalf("got %v", err)
			}
			if me.Fault != c.fault || !strings.Contains(me.Err.Error(), c.says) || me.Model != "m" || me.Wait != 7*time.Second {
				t.Errorf("got %s of %s after %s: %v", faults[me.Fault], me.Model, me.Wait, me.Err)
			}
			if strings.Contains(err.Error(), "secret-key") || len(me.Err.Error()) > 310 {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func dial(t *testing.T, h http.HandlerFunc) *Model {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	m, err := New(Options{BaseURL: s.URL + "/v1", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.options.HTTP.CloseIdleConnections)
	return m
}

// TestOnce leaves the second try to package llm.
func TestOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	m := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("X-Should-Retry", "true")
		w.WriteHeader(http.StatusInternalServerError)
	})
	if _, err := m.Next(t.Context(), agent.Prompt{}); err == nil || asked.Load() != 1 {
		t.Errorf("asked %d times, got %v", asked.Load(), err)
	}
}

// TestNobody finds no server.
func TestNobody(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	m, err := New(Options{BaseURL: s.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, m); !strings.HasPrefix(got.Fault, "network: connection refused") {
		t.Errorf("got %+v", got)
	}
}

// TestRedirect keeps the key from another host.
func TestRedirect(t *testing.T) {
	t.Parallel()
	m := dial(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.2:1/v1/chat/completions", http.StatusTemporaryRedirect)
	})
	_, err := m.Next(t.Context(), agent.Prompt{})
	var me *agent.ModelError
	if !errors.As(err, &me) || me.Model != "m" || me.Fault != agent.FaultNetwork || !strings.Contains(err.Error(), "redirect") {
		t.Errorf("got %v", err)
	}
}

// TestCut breaks the connection before and behind the finish.
func TestCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want string
	}{
		"before":              {`data: {"choices":[{"delta":{"content":"Yes."}}]}` + "\n\n", "protocol: the answer broke off: unexpected EOF"},
		"behind, in an event": {yes + `data: {"choi`, ""},
		"behind":              {yes, ""},
		"at once":             {"", "protocol: the answer broke off: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := dial(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "9999")
				_, _ = io.WriteString(w, c.body)
			})
			if got := ask(t, m); got.Fault != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestCancel ends with the context's own error, before and within an answer.
func TestCancel(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"before": "", "within": ": wait\n\n", "behind": yes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			gone := make(chan struct{})
			m := dial(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(gone)
				_, _ = io.Copy(io.Discard, r.Body)
				if body != "" {
					_, _ = io.WriteString(w, body)
					_ = http.NewResponseController(w).Flush()
				} else {
					cancel()
				}
				<-r.Context().Done()
			})
			// A sign of life comes with the next read, so text or comment cancel.
			_, err := m.Next(ctx, agent.Prompt{Stream: func(string) { cancel() }})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			<-gone
		})
	}
}

// TestSignsOfLife tells of bytes that led to no text.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	m, w := model(t, "")
	w.body = io.MultiReader(strings.NewReader(": wait\n\n"), strings.NewReader(yes))
	var pieces []string
	if _, err := m.Next(t.Context(), agent.Prompt{Stream: func(s string) { pieces = append(pieces, s) }}); err != nil {
		t.Fatal(err)
	}
	if len(pieces) != 2 || pieces[0] != "" || pieces[1] != "Yes." {
		t.Errorf("got %q", pieces)
	}
}

// TestLongEvent takes an event beyond the usual limit of a line.
func TestLongEvent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	m, _ := model(t, strings.Replace(yes, "Yes.", long, 1))
	if got := ask(t, m); got.Shown != long || got.Stop != "end" {
		t.Errorf("got %d characters, %s %s", len(got.Shown), got.Stop, got.Fault)
	}
}
