package teamstest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// quiet is a tenant with one person and nobody to tell.
func quiet(f *testing.F) (*Server, User) {
	f.Helper()
	s, err := New(Options{Unlimited: true, Key: shared()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	return s, s.AddUser(User{Name: "Ann", Installed: true})
}

// Whatever a bot sends, the connector answers it and goes on.
func FuzzConnector(f *testing.F) {
	s, ann := quiet(f)
	s.grants["t"] = grant{scope: connectorScope, until: time.Now().Add(time.Hour)}
	f.Add(`{"type":"message","text":"<at>x</at>","entities":[1,{"type":"mention"}],"attachments":[null,{"contentType":"`+cardType+`"}]}`, true)
	f.Add(`{"isGroup":true,"channelData":{"channel":[]},"activity":{},"members":[{"id":1}]}`, false)
	f.Add(whole(ann.ID), true)
	f.Fuzz(func(t *testing.T, body string, send bool) {
		target := s.opts.path() + "v3/conversations"
		if send {
			target += "/" + s.Chat(ann.ObjectID) + "/activities"
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer t")
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		if n := parse(w.Body.Bytes()); (w.Code/100 == 2) != (n.text("id") != "") || w.Code/100 != 2 && n.node("error").text("code") == "" {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
		s.Forgive()
	})
}

// A card that is right can be pressed wherever it has a button.
func FuzzCard(f *testing.F) {
	s, ann := quiet(f)
	f.Add(whole(ann.ID))
	f.Add(approval(ann.ID))
	f.Add(`{"type":"AdaptiveCard","version":1.5,"body":[[]],"actions":[null],"refresh":[]}`)
	f.Fuzz(func(t *testing.T, raw string) {
		var content any
		if json.Unmarshal([]byte(raw), &content) != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.problems = nil
		ok := s.checkCard(content)
		if ok != (len(s.problems) == 0) {
			t.Errorf("%v, but problems %v", ok, s.problems)
		}
		card := parse([]byte(raw))
		for _, a := range actionsOf(card) {
			if data, why := s.fill(card, a, nil); data == nil && why == "" {
				t.Errorf("no data and no reason: %v", a)
			}
		}
	})
}

// Whatever a bot answers, the client of a person shows something.
func FuzzAnswer(f *testing.F) {
	s, _ := quiet(f)
	f.Add([]byte(answer(cardType, plain("a"))))
	f.Add([]byte(answer(noticeType, `"a"`)))
	f.Add([]byte(reason("a")))
	f.Add([]byte(`{"statusCode":"200","task":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		o, v := Outcome{Delivery: "d", Status: http.StatusOK, Answer: raw}, &sight{}
		s.obeyAction(&o, parse(raw), v, true)
		if o.Error == "" && o.Notice == "" && v.card == nil {
			t.Errorf("nothing is shown for %q", raw)
		}
		o = Outcome{Delivery: "d", Status: http.StatusOK, Answer: raw}
		delete(s.dialogs, "u")
		s.obeyTask(&o, parse(raw), "task/fetch", true, "u", &dialog{})
		if o.Error == "" && o.Notice == "" && s.dialogs["u"] == nil {
			t.Errorf("no dialog is shown for %q", raw)
		}
		s.problems = nil
	})
}

// Whatever a client without a token sends, the relay answers it.
func FuzzRelay(f *testing.F) {
	s, ann := quiet(f)
	web := httptest.NewServer(&bot{status: http.StatusOK, answer: "{}"})
	f.Cleanup(web.Close)
	relay := s.Relay(web.URL, ann)
	f.Add(`{"type":"message","from":1,"conversation":[],"channelData":{"tenant":null}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		relay.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
	})
}
