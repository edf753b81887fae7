package openai

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"interlock/agent"
)

// FuzzStream reads any body: it never panics, and gives a reply with an end or a
// ModelError; each call has a name and an id of its own.
func FuzzStream(f *testing.F) {
	files, err := filepath.Glob("testdata/streams/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(a.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, body string) {
		m, _ := model(t, body)
		var shown strings.Builder
		reply, err := m.Next(t.Context(), agent.Prompt{Stream: func(s string) { shown.WriteString(s) }})
		var me *agent.ModelError
		if err != nil {
			if !errors.As(err, &me) || me.Err == nil {
				t.Fatalf("got the error %v", err)
			}
			return
		}
		ids := map[string]bool{}
		for _, c := range reply.Calls() {
			if c.Tool == "" || c.ID == "" || ids[c.ID] || len(c.Args) == 0 {
				t.Fatalf("got the call %+v", c)
			}
			ids[c.ID] = true
		}
		switch {
		case reply.Stop == agent.StopNone, (reply.Stop == agent.StopCalls) != (len(ids) > 0) && reply.Stop != agent.StopLength:
			t.Fatalf("got %d calls and the end %s", len(ids), stops[reply.Stop])
		case reply.Text() != shown.String():
			t.Fatalf("showed %q of %q", shown.String(), reply.Text())
		}
		u := reply.Usage
		if min(u.Input, u.Output, u.CacheRead, u.CacheWrite) < 0 {
			t.Fatalf("got the usage %+v", u)
		}
	})
}

// FuzzExplain reads any error's body.
func FuzzExplain(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", `[{"error":{"code":400}}]`, `{"error":"x"}`, `{"error":{"message":1,"code":"a","metadata":{"raw":"y"}}}`, `{"detail":[{}]}`, "<html>",
	} {
		f.Add(400, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		p, _ := explain(status, []byte(body))
		if p.message == "" {
			t.Error("nothing is said")
		}
	})
}

// BenchmarkStream reads a text of 2000 pieces and two calls.
func BenchmarkStream(b *testing.B) {
	piece := `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"word "},"logprobs":null,"finish_reason":null}]}` + "\n\n"
	body := strings.Repeat(piece, 2000) +
		`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"get","arguments":"{}"}},{"index":1,"id":"b","function":{"name":"put","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}` + "\n\n"
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		m, _ := model(b, body)
		if _, err := m.Next(b.Context(), agent.Prompt{}); err != nil {
			b.Fatal(err)
		}
	}
}
