package langchain

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

func FuzzMerge(f *testing.F) {
	f.Add("one", "get", `{"k":1}`, "id", "stop", "length", "PromptTokens", 3)
	f.Add("", "", "", "", "", "", "", -1)
	f.Add("x", "list", "null", "", "FinishReasonStop", "tool_use", "usage", 1<<40)
	f.Fuzz(func(t *testing.T, text, tool, args, id, a, b, key string, n int) {
		got, err := read(&llms.ContentResponse{Choices: []*llms.ContentChoice{
			{Content: text, StopReason: a, GenerationInfo: map[string]any{key: n, "usage": map[string]any{key: n}}},
			{StopReason: b, ToolCalls: []llms.ToolCall{{ID: id, FunctionCall: fn(tool, args)}}, FuncCall: fn(tool, args)},
			nil,
		}}, sight{})
		if err != nil {
			me := modelError(t, err)
			if me.Err == nil || me.Usage.Input < 0 {
				t.Errorf("error %+v", me)
			}
			return
		}
		if got.Stop == agent.StopNone || got.Usage.Input < 0 || got.Usage.Output < 0 || len(got.Calls()) != 1 {
			t.Errorf("reply %+v", got)
		}
		if c := got.Calls()[0]; c.ID == "" || len(c.Args) == 0 || id != "" && c.ID != id {
			t.Errorf("call %+v", c)
		}
	})
}

func FuzzLook(f *testing.F) {
	f.Add([]byte(`{"content":[{"type":"tool_use","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1}}`))
	f.Add([]byte(`{"choices":[{"message":{"refusal":"no"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}`))
	f.Add([]byte(`{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s"}]}}`))
	f.Add([]byte(`[{"role":"user","content":[null,{"type":"tool_use"}],"parts":[null,{"functionCall":null}]}]`))
	f.Add([]byte(`[{"candidates":[{"finishReason":1}],"promptFeedback":{"blockReason":2}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range kindNames {
			k, err := kindOf(name)
			if err != nil {
				continue // a lean build
			}
			ex := &exchange{}
			ex.note(200, nil, data, nil)
			if s := k.see(ex); s.seen && !json.Valid(data) {
				t.Errorf("%s: seen in %q: %+v", name, data, s)
			} else if s.usage.Input < 0 && s.usage.Input+s.usage.CacheRead >= 0 {
				t.Errorf("%s: usage %+v in %q", name, s.usage, data)
			}
			if k.trim != nil && json.Valid(data) != json.Valid(changed(data, k.trim)) {
				t.Errorf("%s: trimmed %q", name, data)
			}
			k.edit(ex, body{"messages": data, "contents": data, "generationConfig": data})
		}
		if _, message := words(400, data); message == "" {
			t.Errorf("no message in %q", data)
		}
		if d := delay(data); d < 0 {
			t.Errorf("delay %v", d)
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add("hi", "call_a", "get", `{"k":1}`, "result", uint8(0), true)
	f.Add("", "", "", "", "", uint8(1), false)
	f.Add("x\xff", "a", "b", `{"n":12345678901234567890}`, "\x00", uint8(2), true)
	f.Fuzz(func(t *testing.T, text, id, tool, args, came string, form uint8, failed bool) {
		for _, k := range []kind{{form: Form(form % 3)}, mistralKind(), anthropicKind(), openaiKind()} {
			got := k.messages(agent.Prompt{System: []string{text}, Messages: []agent.Message{
				{Role: agent.User, Blocks: []agent.Block{{Text: "go"}}},
				{Role: agent.Assistant, Blocks: []agent.Block{{Text: text}, call(id, tool, args), call(id+"x", tool, args)}},
				{Role: agent.User, Blocks: []agent.Block{result(id+"x", tool, came, failed), result(id, tool, came, failed), {Text: text}}},
			}})
			var calls, results []string
			for _, m := range got {
				if len(m.Parts) == 0 {
					t.Fatalf("an empty message: %q", shown(got))
				}
				for _, p := range m.Parts {
					switch p := p.(type) {
					case llms.ToolCall:
						calls = append(calls, p.ID)
						if _, err := object([]byte(p.FunctionCall.Arguments)); err != nil {
							t.Errorf("arguments %q: %v", p.FunctionCall.Arguments, err)
						}
					case llms.ToolCallResponse:
						results = append(results, p.ToolCallID)
					case llms.TextContent:
						if strings.TrimSpace(p.Text) == "" || !utf8.ValidString(p.Text) {
							t.Errorf("text %q", p.Text)
						}
					}
				}
			}
			if len(calls) != 2 || !reflect.DeepEqual(calls, results) {
				t.Errorf("calls %q, results %q", calls, results)
			}
		}
	})
}
