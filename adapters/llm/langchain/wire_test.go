package langchain

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

const (
	openAIText    = `{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":80}}}`
	anthropicText = `{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":20,"output_tokens":5,"cache_read_input_tokens":80}}`
)

// wires are the kinds with a wire of their own, and an answer on it.
var wires = map[string]string{"openai": openAIText, "mistral": openAIText, "anthropic": anthropicText}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	ok := Options{Kind: "openai", Key: "k", Model: "m"}
	for name, change := range map[string]func(*Options){
		"anthropic, gemini, mistral, openai": func(o *Options) { o.Kind = "ollama" },
		"no kind":                            func(o *Options) { o.Kind = "" },
		"no model":                           func(o *Options) { o.Model = "" },
		"no key":                             func(o *Options) { o.Key = "" },
		"output":                             func(o *Options) { o.Output = -1 },
		"base URL":                           func(o *Options) { o.BaseURL = "127.0.0.1:80" },
	} {
		o := ok
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), name) && name != "no kind" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(ok); err != nil {
		t.Error(err)
	}
	if _, err := New(Options{}); err == nil {
		t.Error("the zero Options are taken")
	}
}

func TestTextOnEachWire(t *testing.T) {
	t.Parallel()
	for name, answer := range wires {
		got, err := newProvider(t, http.StatusOK, answer).model(t, name).Next(t.Context(), ask("hello"))
		want := agent.Reply{
			Blocks: []agent.Block{{Text: "hi"}}, Stop: agent.StopEnd, Model: "m-1",
			Usage: agent.Usage{Input: 20, Output: 5, CacheRead: 80},
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestNothingIsReadFromTheEnvironment(t *testing.T) {
	for _, name := range []string{"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MISTRAL_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"} {
		t.Setenv(name, "key-of-the-environment")
	}
	t.Setenv("OPENAI_MODEL", "model-of-the-environment")
	t.Setenv("OPENAI_ORGANIZATION", "organization-of-the-environment")
	for _, name := range []string{"OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL"} {
		t.Setenv(name, "http://127.0.0.1:1/of-the-environment")
	}
	for name, answer := range wires {
		p := newProvider(t, http.StatusOK, answer)
		if _, err := p.model(t, name).Next(t.Context(), ask("hello")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if sent := fmt.Sprint(p.headers, string(p.body)); strings.Contains(sent, "of-the-environment") || !strings.Contains(sent, testKey) {
			t.Errorf("%s: %s", name, sent)
		}
		keyless, err := New(Options{Kind: name, BaseURL: p.URL, Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keyless.Next(t.Context(), ask("hello")); err != nil || strings.Contains(fmt.Sprint(p.headers), "of-the-environment") {
			t.Errorf("%s without a key: %v, %v", name, p.headers, err)
		}
		if _, err := New(Options{Kind: name, Model: "m"}); err == nil {
			t.Errorf("%s: a key was found somewhere", name)
		}
	}
}

func TestNoTemperatureAndAlwaysALimitOfOutput(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]string{"openai": "max_completion_tokens", "mistral": "max_tokens", "anthropic": "max_tokens"} {
		p := newProvider(t, http.StatusOK, wires[name])
		if _, err := p.model(t, name).Next(t.Context(), history()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sent := p.sent(t)
		if _, ok := sent["temperature"]; ok || sent[limit] != 8192.0 || sent["stream"] == true {
			t.Errorf("%s: %v", name, sent)
		}
		if _, both := sent["max_tokens"]; name == "openai" && both {
			t.Errorf("%s: two limits", name)
		}
		if strings.Contains(string(p.body), "thinking") {
			t.Errorf("%s: an opaque block was sent", name)
		}
	}
}

func TestMistralWire(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, openAIText)
	if _, err := p.model(t, "mistral").Next(t.Context(), history()); err != nil {
		t.Fatal(err)
	}
	var roles []string
	ids := map[string]int{}
	for _, m := range p.sent(t)["messages"].([]any) {
		m := m.(map[string]any)
		roles = append(roles, m["role"].(string))
		if id, ok := m["tool_call_id"].(string); ok {
			ids[id]++
		}
		calls, _ := m["tool_calls"].([]any)
		for _, c := range calls {
			ids[c.(map[string]any)["id"].(string)]++
		}
	}
	if got := strings.Join(roles, " "); got != "system user assistant tool tool assistant user" {
		t.Errorf("roles %s", got)
	}
	for id, n := range ids {
		if !nineAlphanumerics.MatchString(id) || n != 2 {
			t.Errorf("id %q is there %d times", id, n)
		}
	}
	if len(ids) != 2 || p.path != "/v1/chat/completions" {
		t.Errorf("ids %v, path %s", ids, p.path)
	}
}

func TestAnthropicWireKeepsEveryCallAndResult(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, anthropicText)
	if _, err := p.model(t, "anthropic").Next(t.Context(), history()); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, m := range p.sent(t)["messages"].([]any) {
		m := m.(map[string]any)
		line := fmt.Sprint(m["role"])
		for _, c := range m["content"].([]any) {
			c := c.(map[string]any)
			line += fmt.Sprintf(" %v:%v|%v|%v|%v", c["type"], c["id"], c["tool_use_id"], c["input"], c["content"])
		}
		sent = append(sent, line)
	}
	want := []string{
		"user text:<nil>|<nil>|<nil>|<nil>",
		"assistant text:<nil>|<nil>|<nil>|<nil> tool_use:call_a|<nil>|map[k:a]|<nil> tool_use:call_b|<nil>|map[]|<nil>",
		"user tool_result:<nil>|call_a|<nil>|1 tool_result:<nil>|call_b|<nil>|error: no such list text:<nil>|<nil>|<nil>|<nil>",
	}
	if !reflect.DeepEqual(sent, want) || p.path != "/v1/messages" {
		t.Errorf("%s\n%s", p.path, strings.Join(sent, "\n"))
	}
}

func TestLargeNumbersInArgumentsAreExact(t *testing.T) {
	t.Parallel()
	answer := `{"content":[{"type":"text","text":"a"},{"type":"tool_use","id":"x","name":"get","input":{"id":1234567890123456789, "b":1.0}},{"type":"tool_use","id":"y","name":"get","input":{}}],"stop_reason":"tool_use","usage":{}}`
	got, err := newProvider(t, http.StatusOK, answer).model(t, "anthropic").Next(t.Context(), ask("hi"))
	if err != nil || string(got.Calls()[0].Args) != `{"id":1234567890123456789, "b":1.0}` || string(got.Calls()[1].Args) != `{}` {
		t.Errorf("Next = %+v, %v", got, err)
	}
}

func TestLargeNumbersInTheHistoryStayAsTheyAre(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, anthropicText)
	prompt := history()
	prompt.Messages[1].Blocks[2].Call.Args = json.RawMessage(`{"id":1234567890123456789,"e":1e400}`)
	if _, err := p.model(t, "anthropic").Next(t.Context(), prompt); err != nil || !strings.Contains(string(p.body), `{"id":1234567890123456789,"e":1e400}`) {
		t.Errorf("%v: %s", err, p.body)
	}
}

func TestBlocksThatTheClientDoesNotKnowAreLeftOut(t *testing.T) {
	t.Parallel()
	answer := `{"content":[{"type":"redacted_thinking","data":"x"},{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a"},{"type":"of_tomorrow"}],"stop_reason":"end_turn","usage":{}}`
	got, err := newProvider(t, http.StatusOK, answer).model(t, "anthropic").Next(t.Context(), ask("hi"))
	if err != nil || !reflect.DeepEqual(got.Blocks, []agent.Block{{Text: "a"}}) {
		t.Errorf("Next = %+v, %v", got, err)
	}
}

func TestEmptyAnswerWithALegalEnd(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"openai":    `{"choices":[{"message":{"role":"assistant","content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":7}}`,
		"anthropic": `{"content":[],"stop_reason":"end_turn","usage":{"input_tokens":7}}`,
	} {
		p := ask("hi")
		p.Stream = func(string) { t.Errorf("%s: something was streamed", name) }
		got, err := newProvider(t, http.StatusOK, answer).model(t, name).Next(t.Context(), p)
		if err != nil || len(got.Blocks) != 0 || got.Stop != agent.StopEnd || got.Usage.Input != 7 || got.Model != "m-1" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Not parallel: it counts goroutines.
func TestNothingIsLeftBehind(t *testing.T) {
	for name, answer := range wires {
		good, bad := newProvider(t, http.StatusOK, answer), newProvider(t, http.StatusServiceUnavailable, "{}")
		a, b := good.model(t, name), bad.model(t, name)
		count := func() int {
			good.Client().CloseIdleConnections()
			bad.Client().CloseIdleConnections()
			return runtime.NumGoroutine()
		}
		before := count()
		for range 20 {
			if _, err := a.Next(t.Context(), ask("hi")); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Next(t.Context(), ask("hi")); err == nil {
				t.Fatal("no error")
			}
		}
		for i := 0; count() > before+2; i++ {
			if i == 1000 {
				t.Fatalf("%s: %d goroutines, before %d", name, runtime.NumGoroutine(), before)
			}
			time.Sleep(time.Millisecond) // connections end in their own time
		}
	}
}

func TestRequestIsValidJSONAfterTheEdit(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, openAIText)
	if _, err := p.model(t, "openai").Next(t.Context(), ask("a & b < c \u2028")); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(p.body) || p.sent(t)["messages"].([]any)[0].(map[string]any)["content"] != "a & b < c \u2028" {
		t.Errorf("%s", p.body)
	}
}
