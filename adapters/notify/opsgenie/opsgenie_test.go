package opsgenie

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
	return New(servicetest.Service(t, "opsgenie", "key: env:SERVICE_KEY", "team: payments", "url: "+url), service.Options{})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	servicetest.TestRetries(t, func(url string) notify.Sender { return sender(t, url) })
}

func TestSend(t *testing.T) {
	t.Parallel()
	for step, c := range map[notify.Step]struct{ path, want string }{
		"": {
			"/v2/alerts",
			`{"message":"web (lab): drifted, 2 findings new","alias":"acme/drift/web","description":"Look \u003chere\u003e \u0026 there.",` +
				`"responders":[{"name":"payments","type":"team"}],"tags":["drift.detected"],` +
				`"details":{"New":"2 findings","delivery":"d41d8cd98f","environment":"lab"},"entity":"web","source":"interlock/acme","priority":"P4"}`,
		},
		notify.Acknowledge: {"/v2/alerts/acme%2Fdrift%2Fweb/acknowledge?identifierType=alias", `{"note":"web (lab): drifted, 2 findings new","source":"interlock/acme"}`},
		notify.Resolve:     {"/v2/alerts/acme%2Fdrift%2Fweb/close?identifierType=alias", `{"note":"web (lab): drifted, 2 findings new","source":"interlock/acme"}`},
	} {
		t.Run(string(step), func(t *testing.T) {
			t.Parallel()
			var body []byte
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ = io.ReadAll(r.Body); r.RequestURI != c.path || r.Header.Get("Authorization") != "GenieKey "+servicetest.Secret {
					t.Errorf("asked %s with %v", r.RequestURI, r.Header)
				}
				w.WriteHeader(http.StatusAccepted)
			}))
			defer s.Close()
			m := servicetest.Message(notify.Warning)
			m.Step = step
			if err := sender(t, s.URL).Send(t.Context(), m); err != nil || string(body) != c.want {
				t.Errorf("%v, sent %s", err, body)
			}
		})
	}
}

// Opsgenie refuses what is longer than it takes.
func TestLimits(t *testing.T) {
	t.Parallel()
	m := servicetest.Message("")
	m.Title, m.Body = strings.Repeat("é", 3000), strings.Repeat("b", 30000)
	a := (&Sender{}).create(m, "a")
	if len([]rune(a.Message)) != mostMessage || len([]rune(a.Description)) != mostDescription || a.Priority != "P3" || a.Responders != nil {
		t.Errorf("%d and %d characters, %s", len([]rune(a.Message)), len([]rune(a.Description)), a.Priority)
	}
}
