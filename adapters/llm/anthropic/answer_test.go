package anthropic

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"interlock/agent"
)

func TestReply(t *testing.T) {
	t.Parallel()
	thinking := []string{
		opens(0, `{"type":"thinking","thinking":"","signature":""}`),
		adds(0, `{"type":"thinking_delta","thinking":"a < b "}`), adds(0, `{"type":"thinking_delta","thinking":"& c"}`),
		adds(0, `{"type":"signature_delta","signature":"c2ln"}`), closes(0),
	}
	opaque := func(data string) agent.Block {
		return agent.Block{Opaque: &agent.Opaque{Provider: "anthropic", Model: testModel, Data: json.RawMessage(data)}}
	}
	call := func(id, tool, args string) agent.Block {
		return agent.Block{Call: &agent.ToolCall{ID: id, Tool: tool, Args: json.RawMessage(args)}}
	}
	for name, c := range map[string]struct {
		body   string
		stop   agent.Stop
		blocks []agent.Block
	}{
		"text": {
			stream("end_turn", says(0, "Hello, ", "world")), agent.StopEnd,
			[]agent.Block{{Text: "Hello, world"}},
		},
		"stop sequence": {stream("stop_sequence", says(0, "x")), agent.StopEnd, []agent.Block{{Text: "x"}}},
		"empty":         {stream("end_turn"), agent.StopEnd, nil},
		"empty text":    {stream("end_turn", says(0)), agent.StopEnd, nil},
		"cut":           {stream("max_tokens", says(0, "Hel")), agent.StopLength, []agent.Block{{Text: "Hel"}}},
		"calls among text": {
			stream("tool_use", says(0, "look"), calls(1, "toolu_1", "plan", `{"sta`, `ck":"web"}`), calls(2, "toolu_2", "scan"), says(3, "done")), agent.StopCalls,
			[]agent.Block{{Text: "look"}, call("toolu_1", "plan", `{"stack":"web"}`), call("toolu_2", "scan", "{}"), {Text: "done"}},
		},
		"interleaved calls": {
			stream("tool_use", []string{
				opens(0, `{"type":"tool_use","id":"a","name":"get","input":{}}`), opens(1, `{"type":"tool_use","id":"b","name":"put","input":{}}`),
				adds(1, `{"type":"input_json_delta","partial_json":"{\"y\":"}`), adds(0, `{"type":"input_json_delta","partial_json":"{\"x\":1}"}`),
				adds(1, `{"type":"input_json_delta","partial_json":"2}"}`), closes(1), closes(0),
			}), agent.StopCalls,
			[]agent.Block{call("a", "get", `{"x":1}`), call("b", "put", `{"y":2}`)},
		},
		"arguments that are no JSON": {
			stream("max_tokens", calls(0, "a", "get", `{"x": 1, "y`)), agent.StopLength,
			[]agent.Block{call("a", "get", `{"x": 1, "y`)},
		},
		"arguments at once": {
			stream("tool_use", []string{opens(0, `{"type":"tool_use","id":"a","name":"get","input":{"x":1}}`), closes(0)}), agent.StopCalls,
			[]agent.Block{call("a", "get", `{"x":1}`)},
		},
		"thinking": {
			stream("tool_use", thinking, calls(1, "a", "get")), agent.StopCalls,
			[]agent.Block{opaque(`{"type":"thinking","thinking":"a \u003c b \u0026 c","signature":"c2ln"}`), call("a", "get", "{}")},
		},
		"thinking without its text": {
			stream("end_turn", []string{opens(0, `{"type":"thinking","thinking":"","signature":""}`), adds(0, `{"type":"signature_delta","signature":"c2ln"}`), closes(0)}), agent.StopEnd,
			[]agent.Block{opaque(`{"type":"thinking","thinking":"","signature":"c2ln"}`)},
		},
		"redacted thinking": {
			stream("end_turn", []string{opens(0, `{"type":"redacted_thinking","data":"ZW5j"}`), closes(0)}, says(1, "x")), agent.StopEnd,
			[]agent.Block{opaque(`{"type":"redacted_thinking","data":"ZW5j"}`), {Text: "x"}},
		},
		"thinking cut before its signature": {
			stream("max_tokens", []string{opens(0, `{"type":"thinking","thinking":"","signature":""}`), adds(0, `{"type":"thinking_delta","thinking":"hm"}`), closes(0)}), agent.StopLength,
			nil,
		},
		"unknown kinds": {
			stream("end_turn", []string{
				`{"type":"weather_report","sunny":true}`,
				opens(0, `{"type":"hologram","depth":3}`), adds(0, `{"type":"light_delta","light":"x"}`), closes(0),
			}, says(1, "x")), agent.StopEnd,
			[]agent.Block{opaque(`{"type":"hologram","depth":3}`), {Text: "x"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := serve(t, c.body)
			got, err := start(t, url).Next(t.Context(), ask("hi"))
			want := agent.Reply{Blocks: c.blocks, Stop: c.stop, Usage: agent.Usage{Input: 11, Output: 42, CacheRead: 7, CacheWrite: 3}, Model: testModel}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %s %v\nwant %s", show(got), err, show(want))
			}
		})
	}
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestBrokenAnswer(t *testing.T) {
	t.Parallel()
	known := agent.Usage{Input: 11, Output: 1, CacheRead: 7, CacheWrite: 3}
	whole := agent.Usage{Input: 11, Output: 42, CacheRead: 7, CacheWrite: 3}
	failure := func(kind string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"words of the provider"}}`
	}
	for name, c := range map[string]struct {
		body  string
		fault agent.Fault
		usage agent.Usage
		says  string
	}{
		"nothing":             {"", agent.FaultProtocol, agent.Usage{}, "no stream of events"},
		"no stream":           {"<html>sign in</html>", agent.FaultProtocol, agent.Usage{}, "no stream of events"},
		"no end":              {events(begin), agent.FaultProtocol, known, "broke off"},
		"no message_stop":     {events(begin, ends("end_turn")), agent.FaultProtocol, whole, "broke off"},
		"no beginning":        {events(ends("end_turn"), stop), agent.FaultProtocol, agent.Usage{}, "beginning"},
		"two beginnings":      {events(begin, begin, ends("end_turn"), stop), agent.FaultProtocol, known, "twice"},
		"no reason":           {events(begin, stop), agent.FaultProtocol, known, `""`},
		"unknown reason":      {stream("boredom"), agent.FaultProtocol, whole, "boredom"},
		"pause":               {stream("pause_turn"), agent.FaultProtocol, whole, "pause_turn"},
		"no room":             {stream("model_context_window_exceeded", says(0, "x")), agent.FaultTooLong, whole, "context"},
		"refusal":             {stream("refusal", says(0, "x")), agent.FaultRefused, whole, "declines"},
		"no JSON":             {"event: message_start\ndata: {\n\n", agent.FaultProtocol, agent.Usage{}, "broke off"},
		"block left open":     {stream("tool_use", []string{opens(0, `{"type":"tool_use","id":"a","name":"get","input":{}}`)}), agent.FaultProtocol, whole, "inside a block"},
		"block out of order":  {stream("end_turn", says(3, "x")), agent.FaultProtocol, known, "index"},
		"block not open":      {stream("end_turn", []string{adds(0, `{"type":"text_delta","text":"x"}`)}), agent.FaultProtocol, known, "not open"},
		"block closed before": {stream("end_turn", says(0, "x"), []string{adds(0, `{"type":"text_delta","text":"x"}`)}), agent.FaultProtocol, known, "not open"},
		"block without kind":  {stream("end_turn", []string{opens(0, `{}`), closes(0)}), agent.FaultProtocol, whole, "no kind"},
		"call without id":     {stream("tool_use", calls(0, "", "get")), agent.FaultProtocol, whole, "id"},
		"overloaded":          {events(begin, failure("overloaded_error")), agent.FaultOverload, known, "words of the provider"},
		"rate limit":          {events(begin, failure("rate_limit_error")), agent.FaultRateLimit, known, "words of the provider"},
		"broken inside":       {events(begin, failure("api_error")), agent.FaultOverload, known, "words of the provider"},
		"error first":         {events(failure("authentication_error")), agent.FaultKey, agent.Usage{}, "words of the provider"},
		"error without shape": {"event: error\ndata: oh no\n\n", agent.FaultOverload, agent.Usage{}, "oh no"},
		"error of a list":     {"event: error\ndata: []\n\n", agent.FaultOverload, agent.Usage{}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := serve(t, c.body)
			r, err := start(t, url).Next(t.Context(), ask("hi"))
			var me *agent.ModelError
			if !errors.As(err, &me) {
				t.Fatalf("got %s %v", show(r), err)
			}
			if me.Fault != c.fault || me.Usage != c.usage || me.Model != testModel || !strings.Contains(me.Err.Error(), c.says) {
				t.Errorf("got fault %d usage %+v model %q cause %q", me.Fault, me.Usage, me.Model, me.Err)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	const start0 = `{"type":"message_start","message":{"content":[],"usage":{"input_tokens":11,"output_tokens":1}}}`
	for name, c := range map[string]struct {
		delta string
		want  agent.Usage
	}{
		"totals replace":    {`{"input_tokens":20,"output_tokens":5,"cache_read_input_tokens":4,"cache_creation_input_tokens":2}`, agent.Usage{Input: 20, Output: 5, CacheRead: 4, CacheWrite: 2}},
		"silence keeps":     {`{"output_tokens":5}`, agent.Usage{Input: 11, Output: 5}},
		"silence of output": {`{"cache_read_input_tokens":4}`, agent.Usage{Input: 11, Output: 1, CacheRead: 4}},
		"null keeps":        {`{"input_tokens":null,"output_tokens":5,"cache_read_input_tokens":null}`, agent.Usage{Input: 11, Output: 5}},
		"never below zero":  {`{"input_tokens":-20,"output_tokens":-5}`, agent.Usage{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := serve(t, events(start0, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":`+c.delta+`}`, stop))
			r, err := start(t, url).Next(t.Context(), ask("hi"))
			if err != nil || r.Usage != c.want {
				t.Errorf("got %+v %v, want %+v", r.Usage, err, c.want)
			}
		})
	}
}
