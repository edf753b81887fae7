package slacktest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever a client sends, the server answers it and goes on.
func FuzzArguments(f *testing.F) {
	for _, kind := range []string{"application/json", formType, "multipart/form-data; boundary=x", "text/plain"} {
		f.Add(kind, `{"channel":"C1","text":"x","blocks":[{"type":"section"}],"n":null}`)
		f.Add(kind, `channel=C1&blocks=%5B%5D`)
	}
	s, err := New(Options{Unlimited: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	s.AddChannel(Channel{ID: "C1", Members: []string{s.Options().BotUser}})
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/chat.postMessage", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+s.Options().BotToken)
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `"ok":`) {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
	})
}

func FuzzBlocks(f *testing.F) {
	f.Add(section)
	f.Add(`[{"type":"actions","elements":[{"type":"static_select","options":[{"text":1}],"confirm":[]}]},{"type":"table","rows":[1]}]`)
	f.Add(`[{"type":"input","element":{"type":"checkboxes","options":[null]}},{"type":"context","elements":[{"type":"image"}]}]`)
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, raw string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.problems = nil
		blocks, err := s.checkBlocks(raw, surfaceMessage)
		if err != nil {
			return
		}
		for _, el := range elements(blocks) {
			if _, ok := s.act(el, []string{"x"}, map[string]map[string]any{}); ok && el.field("action_id") == "" {
				t.Errorf("an element that acts has no action_id: %s", blocks)
			}
		}
		if _, err := s.checkBlocks(string(blocks), surfaceMessage); err != nil && len(blocks) > 0 {
			t.Errorf("what was taken is refused the second time: %s: %v", blocks, err)
		}
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"envelope_id":"a","payload":{}}`))
	f.Add([]byte(`{"envelope_id":"b","payload":null}`))
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, raw []byte) {
		s.Forgive()
		s.receipt(raw)
		if len(s.Problems()) != 1 {
			t.Errorf("an ack of nothing is no problem: %q", raw)
		}
	})
}
