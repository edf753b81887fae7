package anthropic

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"interlock/agent"
)

// Whatever comes, Next gives a whole reply or a *ModelError, and the reply can
// be sent back.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		"", "data: {}\n\n", "event: ping\ndata: {\"type\":\"ping\"}\n\n",
		stream("end_turn", says(0, "x")),
		stream("tool_use", says(0, "x"), calls(1, "a", "get", `{"x"`, `:1}`)),
		stream("end_turn", []string{opens(0, `{"type":"thinking","thinking":"","signature":""}`), adds(0, `{"type":"signature_delta","signature":"x"}`), closes(0)}),
		events(begin, `{"type":"error","error":{"type":"overloaded_error","message":"x"}}`),
		events(begin, opens(0, `null`), closes(0), ends("end_turn"), stop),
		events(begin, opens(-1, `{}`), stop),
	} {
		f.Add(body)
	}
	var body string // a fuzz target runs one input at a time
	client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
	m := start(f, "http://model.test", func(o *Options) { o.HTTP = client })
	f.Fuzz(func(t *testing.T, input string) {
		body = input
		r, err := m.Next(t.Context(), ask("hi"))
		var me *agent.ModelError
		switch {
		case err != nil && !errors.As(err, &me):
			t.Errorf("the error is no ModelError: %v", err)
		case err != nil:
		case r.Stop == agent.StopNone || r.Model != testModel:
			t.Errorf("a reply without an end or a model: %s", show(r))
		default:
			p := agent.Prompt{Messages: append(ask("hi").Messages, assistant(r.Blocks...))}
			if sent, err := m.params(testModel, p).MarshalJSON(); err != nil || !json.Valid(sent) {
				t.Errorf("%s cannot be sent back: %v", show(r), err)
			}
		}
	})
}
