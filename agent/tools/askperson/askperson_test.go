package askperson

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]*agent.Question{
		`{"question": "Keep it?"}`: {Text: "Keep it?", Wait: time.Hour, Otherwise: "I go on without an answer"},
		`{"question": "Keep it?", "choices": ["yes", "no"], "wait": "24h", "otherwise": "it stays"}`: {
			Text: "Keep it?", Choices: []string{"yes", "no"}, Wait: 24 * time.Hour, Otherwise: "it stays",
		},
		`{"question": "x", "wait": "24h1s"}`: nil, `{"question": "x", "wait": "-1m"}`: nil, `{"question": "x", "wait": "soon"}`: nil, `{"question": "x", "wait": "0s"}`: nil,
	} {
		a, err := Tool{}.Action(t.Context(), "acme", json.RawMessage(args))
		if (err == nil) != (want != nil) || err == nil && !reflect.DeepEqual(a, rbac.Action{Tool: "ask_person", Effect: rbac.Read}) {
			t.Errorf("%s: %+v %v", args, a, err)
		}
		r, err := Tool{}.Run(t.Context(), agent.Env{}, agent.ToolCall{Args: json.RawMessage(args)})
		if err != nil || r.Failed != (want == nil) || !reflect.DeepEqual(r.Question, want) {
			t.Errorf("%s: %+v %v", args, r, err)
		}
	}
}
