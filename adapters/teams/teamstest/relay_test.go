package teamstest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRelay(t *testing.T) {
	st := start(t, Options{})
	target := httptest.NewServer(st.bot)
	defer target.Close()
	relay := st.Relay(target.URL, st.ann)
	front := httptest.NewServer(relay)
	defer front.Close()
	relay.Next(st.bob)
	keys, _ := st.published()
	const service = "http://localhost:1/_connector"
	said := object{"type": "message", "text": "hi", "serviceUrl": service, "from": object{"id": "user-1", "role": "user"}}
	pressed := object{"type": "message", "value": object{"a": "b"}, "serviceUrl": service, "channelData": object{"x": "y"}}
	invoked := object{"type": "invoke", "name": "adaptiveCard/action", "serviceUrl": service, "value": object{}}
	for i, c := range []struct {
		activity object
		who      User
	}{
		{said, st.ann}, {pressed, st.bob}, {invoked, st.ann}, {said, st.foreign}, {said, User{ID: "user-1"}},
	} {
		switch i {
		case 3:
			relay.As(st.foreign)
		case 4:
			relay.As(User{})
		}
		st.bot.says(http.StatusAccepted, `{"echo":true}`)
		status, n, _ := st.request("POST", front.URL, "", c.activity)
		if status != http.StatusAccepted || n["echo"] != true {
			t.Errorf("%d: answered %d %v", i, status, n)
		}
		a := st.bot.last(t)
		from, tenant := a.node("from"), c.who.TenantID
		if from.text("id") != c.who.ID || from.text("aadObjectId") != c.who.ObjectID || a.node("conversation").text("tenantId") != tenant ||
			a.node("channelData").node("tenant").text("id") != tenant || a.text("serviceUrl") != service {
			t.Errorf("%d: %v", i, a)
		}
		st.bot.mu.Lock()
		token := st.bot.tokens[len(st.bot.tokens)-1]
		st.bot.mu.Unlock()
		if claims, err := st.read(token, keys); err != nil || claims["serviceurl"] != service {
			t.Errorf("%d: token: %v %v", i, claims, err)
		}
	}
}

func TestRelayRefuses(t *testing.T) {
	st := start(t, Options{})
	target := httptest.NewServer(st.bot)
	target.Close()
	for body, want := range map[string]int{"x": http.StatusBadRequest, `{"type":"message"}`: http.StatusBadGateway} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		st.Relay(target.URL, User{}).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d", body, w.Code)
		}
	}
}
