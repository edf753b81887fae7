package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
)

func text(s string) agent.Block { return agent.Block{Text: s} }

func called(id, tool, args string) agent.Block {
	return agent.Block{Call: &agent.ToolCall{ID: id, ModelID: "wire-" + id, Tool: tool, Args: json.RawMessage(args)}}
}

func returned(id, text string, failed bool) agent.Block {
	return agent.Block{Result: &agent.CallResult{Call: id, Tool: "get", Text: text, Failed: failed}}
}

func opaque(provider, model, data string) agent.Block {
	return agent.Block{Opaque: &agent.Opaque{Provider: provider, Model: model, Data: json.RawMessage(data)}}
}

func user(b ...agent.Block) agent.Message { return agent.Message{Role: agent.User, Blocks: b} }

func assistant(b ...agent.Block) agent.Message {
	return agent.Message{Role: agent.Assistant, Blocks: b}
}

// prompts are what the golden requests are made of.
func prompts() map[string]agent.Prompt {
	return map[string]agent.Prompt{
		"least": {Messages: []agent.Message{user(text("Hi."))}},
		"tools": {
			System: []string{"You are <careful> & slow.", "", "Today is a day."},
			Tools: []agent.ToolSpec{
				{Name: "get", Description: "Reads.", Schema: json.RawMessage(`{"type":"object","required":["z"],"properties":{"z":{"type":"integer","maximum":12345678901234567890},"a":{"const":1.50}},"additionalProperties":false}`)},
				{Name: "none"},
			},
			Messages: []agent.Message{user(text("Hi."))},
			Model:    "other", Output: 99,
		},
		"history": {Messages: []agent.Message{
			user(text("Read a and b.")),
			assistant(text("I read."), called("id-1", "get", `{"a":1}`), called("id-2", "get", `{"a": 2}`)),
			user(returned("id-1", "one", false), returned("id-2", "no such file", true), text("And <now>?")),
			assistant(called("id-3", "get", ``)),
			user(returned("id-3", "", false)),
			assistant(text("Done."), text(""), text("Really.")),
			user(text("Thanks."), text("Bye.")),
		}},
		"arguments": {Messages: []agent.Message{
			user(text("Go.")),
			assistant(called("1", "get", `"{\"a\": oops"`), called("2", "get", `{"a": oops`), called("3", "get", `null`), called("4", "get", `[1]`), called("5", "get", `7`)),
			user(returned("1", "bad", true), returned("2", "bad", true), returned("3", "", false), returned("4", "bad", true), returned("5", "bad", true)),
		}},
		"opaque": {Messages: []agent.Message{
			user(text("Go.")),
			assistant(opaque("openai", "m", `{"reasoning_content":"Hm."}`), text("So."), called("1", "get", `{}`), opaque("openai", "m", `{"extra_content":{"google":{"thought_signature":"c2ln"}}}`), called("2", "get", `{}`)),
			user(returned("1", "one", false), returned("2", "two", false)),
			assistant(opaque("openai", "other", `{"reasoning_content":"of another model"}`), opaque("anthropic", "m", `{"reasoning_content":"of another provider"}`), opaque("openai", "m", `no JSON`), opaque("openai", "m", `{"role":"system"}`), text("Done.")),
			user(text("Again.")),
			assistant(opaque("openai", "m", `{"reasoning_content":"alone"}`)),
			user(text("Well?")),
		}},
		"empty": {System: []string{""}, Messages: []agent.Message{user(text("")), assistant(), user(text("Hi."))}},
	}
}

// TestRequests compares the bodies with the golden ones.
func TestRequests(t *testing.T) {
	t.Parallel()
	for name, p := range prompts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := json.Indent(&got, []byte(sent(t, p)), "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			file := filepath.Join("testdata", "requests", name+".json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
		})
	}
}

// sent is the body of a request.
func sent(t testing.TB, p agent.Prompt) string {
	t.Helper()
	m, w := model(t, yes)
	m.options.Effort = "low"
	if _, err := m.Next(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return w.sent
}

// TestDeepSeek sends reasoning with each message there, an empty one if need be.
func TestDeepSeek(t *testing.T) {
	t.Parallel()
	thought := `data: {"choices":[{"delta":{"reasoning_content":"Well."}}]}` + "\n\n"
	w := &wire{status: http.StatusOK, body: strings.NewReader(thought + yes)}
	m, err := New(Options{Key: "k", BaseURL: "https://api.deepseek.com", Model: "m", HTTP: &http.Client{Transport: w}})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := m.Next(t.Context(), prompts()["opaque"])
	if err != nil {
		t.Fatal(err)
	}
	if got := line(reply.Blocks[0]); got != `opaque openai m {"reasoning_content":"Well."}` {
		t.Errorf("kept %s", got)
	}
	var body struct {
		Messages []struct {
			Role      string
			Reasoning *string `json:"reasoning_content"`
		}
	}
	if err := json.Unmarshal([]byte(w.sent), &body); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, msg := range body.Messages {
		if (msg.Reasoning != nil) != (msg.Role == "assistant") {
			t.Errorf("message of %s: reasoning is %v", msg.Role, msg.Reasoning)
		} else if msg.Reasoning != nil {
			got = append(got, *msg.Reasoning)
		}
	}
	if strings.Join(got, "|") != "Hm.|" {
		t.Errorf("got %q", got)
	}
}

// TestPrefix keeps what two prompts of a turn share the same, for the cache.
func TestPrefix(t *testing.T) {
	t.Parallel()
	short, long := prompts()["history"], prompts()["history"]
	short.Messages = short.Messages[:3]
	read := func(p agent.Prompt) string {
		var body struct{ Messages json.RawMessage }
		if err := json.Unmarshal([]byte(sent(t, p)), &body); err != nil {
			t.Fatal(err)
		}
		return string(body.Messages)
	}
	if a, b := read(short), read(long); !strings.HasPrefix(b, strings.TrimSuffix(a, "]")) {
		t.Errorf("%s\nis not how this begins:\n%s", a, b)
	}
}

// TestSchemaThatIsNoJSON must not reach the wire.
func TestSchemaThatIsNoJSON(t *testing.T) {
	t.Parallel()
	m, w := model(t, yes)
	_, err := m.Next(t.Context(), agent.Prompt{Tools: []agent.ToolSpec{{Name: "get", Schema: json.RawMessage(`{`)}}})
	var me *agent.ModelError
	if !errors.As(err, &me) || me.Fault != agent.FaultRequest || me.Model != "m" || w.asked != nil {
		t.Errorf("got %v, asked %v", err, w.asked)
	}
}
