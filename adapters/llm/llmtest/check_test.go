package llmtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"interlock/agent"
)

// anthropicBody is a request with these messages and a tool.
func anthropicBody(messages string) string {
	return `{"model":"test-model-1","max_tokens":9,"tools":[{"name":"get","input_schema":{"type":"object"}}],"messages":[` + messages + `]}`
}

func openaiBody(messages string) string {
	return `{"model":"test-model-1","tools":[{"type":"function","function":{"name":"get"}}],"messages":[` + messages + `]}`
}

const (
	userA    = `{"role":"user","content":"Hi?"}`
	callsA   = `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"get","input":{}},{"type":"tool_use","id":"b","name":"get","input":{}}]}`
	resultsA = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":""},{"type":"tool_result","tool_use_id":"b"}]}`
	callsO   = `{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"get","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"get","arguments":"{}"}}]}`
	resultO  = `{"role":"tool","tool_call_id":"a","content":""}`
	resultOB = `{"role":"tool","tool_call_id":"b","content":""}`
)

// TestChecks lists what the wires refuse, and beside it what they take.
func TestChecks(t *testing.T) {
	t.Parallel()
	mark := `"cache_control":{"type":"ephemeral"}`
	text := `{"type":"text","text":"x",` + mark + `}`
	for _, c := range []struct {
		d       Dialect
		body    string
		refused string // a part of the reason; empty takes it
	}{
		{Anthropic, anthropicBody(userA), ""},
		{Anthropic, anthropicBody(userA + "," + callsA + "," + resultsA), ""},
		{Anthropic, anthropicBody(userA + "," + userA), ""},
		{Anthropic, `{`, "no request"},
		{Anthropic, `[]`, "no request"},
		{Anthropic, `{"model":"test-model-1","messages":[` + userA + `]}`, "max_tokens"},
		{Anthropic, `{"max_tokens":1,"messages":[` + userA + `]}`, "model"},
		{Anthropic, anthropicBody(""), "at least one message"},
		{Anthropic, anthropicBody(`{"role":"system","content":"x"}`), "role"},
		{Anthropic, anthropicBody(`{"role":"user","content":[]}`), "must have content"},
		{Anthropic, anthropicBody(`{"role":"user","content":""}`), "empty"},
		{Anthropic, anthropicBody(`{"role":"user","content":[{"type":"text","text":" \n"}]}`), "white space"},
		{Anthropic, anthropicBody(`{"role":"user","content":[{"type":"video"}]}`), "video"},
		{Anthropic, anthropicBody(`{"role":"assistant","content":"x"}`), "first"},
		{Anthropic, anthropicBody(userA + `,{"role":"assistant","content":"x"}`), "last"},
		{Anthropic, anthropicBody(userA + "," + callsA), "no results"},
		{Anthropic, anthropicBody(userA + "," + callsA + "," + userA), "2 calls"},
		{Anthropic, anthropicBody(userA + "," + callsA + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}`), "1 calls"},
		{Anthropic, anthropicBody(userA + "," + callsA + "," + resultsA + "," + resultsA), "answers no call"},
		{Anthropic, anthropicBody(userA + "," + callsA + "," + callsA + "," + resultsA), "have no results"},
		{Anthropic, anthropicBody(userA + "," + callsA + "," + resultsA + "," + callsA + "," + resultsA), "not unique"},
		{Anthropic, anthropicBody(userA + "," + callsA + `,{"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"b"}]}`), "before text"},
		{Anthropic, anthropicBody(strings.ReplaceAll(userA+","+callsA+","+resultsA, `"b"`, `"a"`)), "twice"},
		{Anthropic, anthropicBody(strings.ReplaceAll(userA+","+callsA+","+resultsA, `"b"`, `"b.1"`)), "does not match"},
		{Anthropic, anthropicBody(strings.Replace(userA+","+callsA+","+resultsA, `"input":{}`, `"input":[1]`, 1)), "object"},
		{Anthropic, anthropicBody(strings.Replace(userA+","+callsA+","+resultsA, `"get"`, `"get it"`, 1)), "does not match"},
		{Anthropic, anthropicBody(strings.Replace(userA+","+callsA+","+resultsA, `"content":""`, `"is_error":true`, 1)), "is_error"},
		{Anthropic, anthropicBody(strings.Replace(userA+","+callsA+","+resultsA, `"content":""`, `"content":[{"type":"text","text":""}]`, 1)), "not empty"},
		{Anthropic, strings.Replace(anthropicBody(userA+","+callsA+","+resultsA), `"tools"`, `"none"`, 1), "tools"},
		{Anthropic, strings.Replace(anthropicBody(userA), `"get"`, `"get.it"`, 1), "tools.0"},
		{Anthropic, strings.Replace(anthropicBody(userA), `"get"`, `"`+strings.Repeat("x", 65)+`"`, 1), "tools.0"},
		{Anthropic, strings.Replace(anthropicBody(userA), `{"type":"object"}`, `null`, 1), "tools.0"},
		{Anthropic, strings.Replace(anthropicBody(userA), `{"type":"object"}`, `{"type":"array"}`, 1), "type"},
		{Anthropic, strings.Replace(anthropicBody(userA), `"tools"`, `"thinking":{"type":"enabled","budget_tokens":1024},"tools"`, 1), "budget"},
		{Anthropic, anthropicBody(`{"role":"user","content":[` + text + "," + text + "," + text + "," + text + `]}`), ""},
		{Anthropic, anthropicBody(`{"role":"user","content":[` + text + "," + text + "," + text + "," + text + "," + text + `]}`), "at most 4"},
		{Anthropic, anthropicBody(userA + `,{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"y"}]},` + userA), "signature"},
		{Anthropic, anthropicBody(`{"role":"user","content":[{"type":"thinking","thinking":"x","signature":"y"}]}`), "from the assistant"},
		{OpenAI, openaiBody(userA), ""},
		{OpenAI, openaiBody(userA + "," + callsO + "," + resultO + "," + resultOB), ""},
		{OpenAI, openaiBody(userA + `,{"role":"assistant","content":"x"},{"role":"assistant","content":"y"}`), ""},
		{OpenAI, openaiBody(`{"role":"user","content":""}`), ""},
		{OpenAI, `null`, "model"},
		{OpenAI, `{`, "no request"},
		{OpenAI, `{"messages":[` + userA + `]}`, "model"},
		{OpenAI, openaiBody(`{"role":"system","content":"x"}`), "at least one message"},
		{OpenAI, openaiBody(`{"role":"user"}`), "content"},
		{OpenAI, openaiBody(`{"role":"user","content":[]}`), "too short"},
		{OpenAI, openaiBody(`{"role":"user","content":[{"type":"video"}]}`), "video"},
		{OpenAI, openaiBody(`{"role":"robot","content":"x"}`), "robot"},
		{OpenAI, openaiBody(userA + `,{"role":"assistant","content":null}`), "content"},
		{OpenAI, openaiBody(userA + `,{"role":"assistant","content":"x","tool_calls":[]}`), "too short"},
		{OpenAI, openaiBody(userA + "," + callsO), "no results"},
		{OpenAI, openaiBody(userA + "," + callsO + "," + resultO), "1 calls"},
		{OpenAI, openaiBody(userA + "," + callsO + "," + resultO + "," + userA + "," + resultOB), "before text"},
		{OpenAI, openaiBody(userA + "," + resultO), "answers no call"},
		{OpenAI, openaiBody(userA + "," + callsO + "," + resultO + "," + resultO + "," + resultOB), "answers no call"},
		{OpenAI, openaiBody(userA + "," + callsO + `,{"role":"tool","content":""}`), "tool_call_id"},
		{OpenAI, openaiBody(`{"role":"user","content":"x","tool_call_id":"a"}`), "tool_call_id"},
		{OpenAI, openaiBody(strings.Replace(userA+","+callsO+","+resultO+","+resultOB, `"{}"`, `"{"`, 1)), "arguments"},
		{OpenAI, openaiBody(strings.Replace(userA+","+callsO+","+resultO+","+resultOB, `"{}"`, `{}`, 1)), "Arguments"},
		{OpenAI, openaiBody(strings.Replace(userA+","+callsO+","+resultO+","+resultOB, `"function","function"`, `"custom","function"`, 1)), "custom"},
		{OpenAI, strings.Replace(openaiBody(userA), `"tools"`, `"max_tokens":1,"max_completion_tokens":1,"tools"`, 1), "exclude"},
		{OpenAI, strings.Replace(openaiBody(userA), `"tools"`, `"max_tokens":0,"tools"`, 1), "at least 1"},
		{OpenAI, strings.Replace(openaiBody(userA), `"tools"`, `"stream_options":{"include_usage":true},"tools"`, 1), "stream_options"},
		{OpenAI, strings.Replace(openaiBody(userA), `[{"type":"function","function":{"name":"get"}}]`, `[]`, 1), "too short"},
		{OpenAI, strings.Replace(openaiBody(userA), `"get"`, `"get it"`, 1), "tools.0"},
		{OpenAI, openaiBody(userA + `,{"role":"assistant","content":"x","reasoning_content":"changed"}`), "signature"},
	} {
		t.Run(c.d.String()+" "+c.refused, func(t *testing.T) {
			t.Parallel()
			s := NewServer(t, nil)
			s.Plan(Say(spoken("Yes.")))
			status, _, body := post(t, s, c.d, c.body)
			refused := s.Requests()[0].Refused
			switch {
			case c.refused == "" && (status != http.StatusOK || refused != ""):
				t.Errorf("refused: %s\n%s", body, c.body)
			case c.refused != "" && (status != http.StatusBadRequest || !strings.Contains(refused, c.refused) || !json.Valid([]byte(body))):
				t.Errorf("status %d, refused %q, want 400 and %q\n%s", status, refused, c.refused, c.body)
			}
		})
	}
}

// TestThinking gives thinking out and takes it back only unchanged and in place.
func TestThinking(t *testing.T) {
	t.Parallel()
	const signed = `{"signature":"c2ln","thinking":"Well.","type":"thinking"}`
	call := `{"type":"tool_use","id":"a","name":"get","input":{}}`
	answer := `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}`
	s := NewServer(t, nil)
	s.Plan(Say(agent.Reply{Blocks: []agent.Block{{Opaque: &agent.Opaque{Data: json.RawMessage(signed)}}}, Stop: agent.StopEnd}))
	post(t, s, Anthropic, anthropicBody(userA))
	for said, want := range map[string]int{
		signed + "," + call: http.StatusOK,
		call + "," + signed: http.StatusBadRequest,
		strings.Replace(signed, "Well", "Will", 1) + "," + call:                   http.StatusBadRequest,
		strings.Replace(signed, "c2ln", "c2lu", 1) + "," + call:                   http.StatusBadRequest,
		strings.Replace(signed, "{", `{"cache_control":{},`, 1) + "," + call:      http.StatusBadRequest,
		strings.Replace(signed, "{", `{"at":"2026-01-01","x":1,`, 1) + `,` + call: http.StatusBadRequest,
	} {
		s.Plan(Say(spoken("Yes.")))
		if status, _, body := post(t, s, Anthropic, anthropicBody(userA+`,{"role":"assistant","content":[`+said+`]}`+answer)); status != want {
			t.Errorf("status %d, want %d: %s\n%s", status, want, said, body)
		}
	}
}
