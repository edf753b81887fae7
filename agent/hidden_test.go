package agent

import (
	"encoding/json"
	"strings"
	"testing"
)

// What nobody can see on a card is never put on one.
func TestHiddenArguments(t *testing.T) {
	t.Parallel()
	plan := &Plan{}
	for args, c := range map[string]struct {
		plan *Plan
		want string
	}{
		`{"path":"a b","text":"one\ntwo\tthree"}`:                      {nil, ""},
		`{"path":"\u202etxt.exe"}`:                                     {nil, "U+202E"},
		"{\"path\":\"a\u200bb\"}":                                      {nil, "U+200B"},
		`{"path":"\u001b[2K"}`:                                         {plan, "U+001B"},
		`{"a\u2066b":1}`:                                               {nil, "U+2066"},
		`{"path":"` + strings.Repeat("x", longestShown) + `"}`:         {nil, "characters long"},
		`{"plan":"` + strings.Repeat("x", longestShown) + `"}`:         {plan, ""},
		`{"nested":{"deep":["fine",{"x":"\ue000"}]}}`:                  {nil, "U+E000"},
		`{"words":"` + strings.Repeat("\u00e4", longestShown/2) + `"}`: {nil, ""},
	} {
		h := Hold{Call: ToolCall{Args: json.RawMessage(args)}, Approval: &Approval{Bound: Bound{Plan: c.plan}}}
		if got := h.hidden(); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", args, got)
		}
	}
}
