package pagerduty

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	service "interlock/adapters/notify"
	"interlock/adapters/notify/servicetest"
	"interlock/bot/notify"
)

func sender(t testing.TB, url string) *Sender {
	return New(servicetest.Service(t, "pagerduty", "key: env:SERVICE_KEY", "url: "+url), service.Options{})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	servicetest.TestRetries(t, func(url string) notify.Sender { return sender(t, url) })
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(m *notify.Message)
		want   string
	}{
		"trigger": {
			func(*notify.Message) {},
			`{"routing_key":"hush-a7c31f-hush","event_action":"trigger","dedup_key":"acme/drift/web","payload":{"summary":"web (lab): drifted, 2 findings new",` +
				`"source":"interlock/acme","severity":"critical","timestamp":"2026-03-02T12:00:00Z","component":"web","group":"lab","class":"drift.detected",` +
				`"custom_details":{"New":"2 findings","delivery":"d41d8cd98f","text":"Look \u003chere\u003e \u0026 there."}}}`,
		},
		"acknowledge": {
			func(m *notify.Message) { m.Step = notify.Acknowledge },
			`{"routing_key":"hush-a7c31f-hush","event_action":"acknowledge","dedup_key":"acme/drift/web"}`,
		},
		"resolve": {
			func(m *notify.Message) { m.Step = notify.Resolve },
			`{"routing_key":"hush-a7c31f-hush","event_action":"resolve","dedup_key":"acme/drift/web"}`,
		},
		"without a key": {
			func(m *notify.Message) { m.Key, m.Step = "", notify.Resolve },
			`{"routing_key":"hush-a7c31f-hush","event_action":"resolve","dedup_key":"acme/d41d8cd98f"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body []byte
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ = io.ReadAll(r.Body); r.URL.Path != "/v2/enqueue" {
					t.Errorf("asked %s", r.URL)
				}
				w.WriteHeader(http.StatusAccepted)
			}))
			defer s.Close()
			m := servicetest.Message(notify.Urgent)
			c.change(&m)
			if err := sender(t, s.URL+"/").Send(t.Context(), m); err != nil || string(body) != c.want {
				t.Errorf("%v, sent %s", err, body)
			}
		})
	}
}

// PagerDuty refuses what is longer than it takes.
func TestLimits(t *testing.T) {
	t.Parallel()
	m := servicetest.Message("")
	m.Title, m.Key = strings.Repeat("é", 3000), strings.Repeat("k", 3000)
	if d := describe(m); len([]rune(d.Summary)) != mostSummary || d.Severity != "error" {
		t.Errorf("%d characters, %s", len([]rune(d.Summary)), d.Severity)
	}
}
