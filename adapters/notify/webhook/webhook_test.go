package webhook

import (
	"crypto/hmac"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	service "interlock/adapters/notify"
	"interlock/adapters/notify/servicetest"
	"interlock/bot/notify"
)

func sender(t testing.TB, url string) *Sender {
	return New(servicetest.Service(t, "webhook", "key: env:SERVICE_KEY", "url: "+url), service.Options{})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	servicetest.TestRetries(t, func(url string) notify.Sender { return sender(t, url) })
}

func TestSend(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	w := sender(t, s.URL+"/hook")
	w.now = func() time.Time { return time.Unix(1772452800, 0) }
	m := servicetest.Message(notify.Warning)
	m.Lines = []string{"one"}
	if err := w.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Event-Type": "drift.detected", "X-Severity": "warning", "Interlock-Delivery": "d41d8cd98f", "Interlock-Timestamp": "1772452800",
		"Content-Type": "application/json",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	if sign := got.Header.Get("Interlock-Signature"); !hmac.Equal([]byte(sign), []byte(Sign(servicetest.Secret, "1772452800", body))) {
		t.Errorf("signed %s", sign)
	}
	var p map[string]any
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "d41d8cd98f", "organization": "acme", "type": "drift.detected", "severity": "warning", "title": m.Title, "body": m.Body,
		"facts": []any{map[string]any{"name": "New", "value": "2 findings"}}, "lines": []any{"one"}, "count": 1.0, "stack": "web",
		"environment": "lab", "team": "payments", "key": "drift/web", "step": "trigger", "at": "2026-03-02T12:00:00Z",
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("sent %s", body)
	}
}

// The signature is one that anybody computes: printf '1.{}' | openssl dgst -sha256 -hmac key.
func TestSign(t *testing.T) {
	t.Parallel()
	if got := Sign("key", "1", []byte("{}")); got != "v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224" {
		t.Errorf("signed %s", got)
	}
}
