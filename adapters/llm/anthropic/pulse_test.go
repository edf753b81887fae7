package anthropic

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// Each event is sent when the one before was told, so that a sign that does not
// come, or comes only with the next event, hangs the test.
func TestStream(t *testing.T) {
	t.Parallel()
	steps := []struct{ event, told string }{
		{begin, ""},
		{ping, ""},
		{opens(0, `{"type":"thinking","thinking":"","signature":""}`), ""},
		{adds(0, `{"type":"thinking_delta","thinking":"secret"}`), ""},
		{closes(0), ""},
		{opens(1, `{"type":"text","text":""}`), ""},
		{adds(1, `{"type":"text_delta","text":"Hel"}`), "Hel"},
		{ping, ""},
		{adds(1, `{"type":"text_delta","text":"lo"}`), "lo"},
		{closes(1), ""},
		{opens(2, `{"type":"tool_use","id":"a","name":"get","input":{}}`), ""},
		{adds(2, `{"type":"input_json_delta","partial_json":"{}"}`), ""},
		{closes(2), ""},
		{ends("tool_use"), ""},
		{stop, ""},
	}
	heard := make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client goes
		for _, s := range steps {
			_, _ = w.Write([]byte(events(s.event)))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case got := <-heard:
				if got != s.told {
					t.Errorf("after %s: told %q, want %q", s.event, got, s.told)
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	p := ask("hi")
	var all []string
	p.Stream = func(text string) { all = append(all, text); heard <- text }
	r, err := start(t, server.URL).Next(t.Context(), p)
	if err != nil || r.Text() != "Hello" || len(r.Calls()) != 1 {
		t.Fatalf("got %s %v", show(r), err)
	}
	if slices.Contains(all, "secret") {
		t.Error("thinking was shown as text")
	}
}
