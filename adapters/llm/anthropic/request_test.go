package anthropic

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
)

var update = flag.Bool("update", false, "write the golden files anew")

func user(blocks ...agent.Block) agent.Message {
	return agent.Message{Role: agent.User, Blocks: blocks}
}

func assistant(blocks ...agent.Block) agent.Message {
	return agent.Message{Role: agent.Assistant, Blocks: blocks}
}

func line(text string) agent.Block { return agent.Block{Text: text} }

func call(id, tool, args string) agent.Block {
	return agent.Block{Call: &agent.ToolCall{ID: id, ModelID: "not for the wire", Tool: tool, Args: json.RawMessage(args)}}
}

func returns(id, text string, failed bool) agent.Block {
	return agent.Block{Result: &agent.CallResult{Call: id, Tool: "get", Text: text, Failed: failed}}
}

func opaque(provider, model, data string) agent.Block {
	return agent.Block{Opaque: &agent.Opaque{Provider: provider, Model: model, Data: json.RawMessage(data)}}
}

var specs = []agent.ToolSpec{
	{Name: "get", Description: "Reads a thing.", Schema: json.RawMessage(`{"type":"object","$defs":{"id":{"type":"integer","maximum":9007199254740993}},"properties":{"z":{"$ref":"#/$defs/id"},"a":{"type":["string","null"],"pattern":"^<\\d+>$"}},"required":["z"],"additionalProperties":false,"oneOf":[{"required":["a"]}]}`)},
	{Name: "now"},
}

func TestRequest(t *testing.T) {
	t.Parallel()
	thought := `{"type":"thinking","thinking":"a \u003c b","signature":"c2ln"}`
	for name, c := range map[string]struct {
		options func(*Options)
		prompt  agent.Prompt
	}{
		"least": {prompt: ask("hi")},
		"named": {prompt: agent.Prompt{Model: "claude-other", Output: 100, Messages: ask("hi").Messages}},
		"whole": {prompt: agent.Prompt{
			System: []string{"You are careful.", " \n", "Stacks: web."},
			Tools:  specs,
			Messages: []agent.Message{
				user(line("look at web")),
				assistant(opaque("anthropic", testModel, thought), line("I look."), call("A", "get", `{"z":9007199254740993}`), call("B", "now", "")),
				user(returns("A", "it is <up>", false), returns("B", "no clock", true), line("and be quick")),
				assistant(line("Done.")),
				user(line("thanks")),
			},
		}},
		"thinking": {
			options: func(o *Options) { o.Thinking, o.Output = 2048, 4096 },
			prompt:  agent.Prompt{Tools: specs, Model: "claude-sonnet-4-5", Messages: ask("hi").Messages},
		},
		"thinking freely": {
			options: func(o *Options) { o.Thinking, o.Output = 2048, 4096 },
			prompt:  agent.Prompt{Model: "claude-opus-5", Messages: ask("hi").Messages},
		},
		"thinking does not fit": {
			options: func(o *Options) { o.Thinking, o.Output = 2048, 4096 },
			prompt:  agent.Prompt{Output: 2048, Messages: ask("hi").Messages},
		},
		"neighbours": {prompt: agent.Prompt{Messages: []agent.Message{
			user(line("one")), user(line("two")), assistant(), assistant(line(""), line("  ")), user(line("three")),
			assistant(call("A", "get", `{"z":1}`)), assistant(call("B", "get", `{"z":2}`)),
			user(returns("A", "x", false), line("first")), user(returns("B", "y", false), line("second")),
		}}},
		"strangers": {prompt: agent.Prompt{Messages: []agent.Message{
			user(line("hi")),
			assistant(
				opaque("openai", testModel, `{"type":"reasoning"}`), opaque("anthropic", "claude-old", thought), opaque("anthropic", testModel, `{broken`),
				opaque("anthropic", testModel, `{"type":"hologram","depth":3}`), line("x"),
			),
			user(line("go on")),
		}}},
		"odd arguments": {prompt: agent.Prompt{Messages: []agent.Message{
			user(line("hi")),
			assistant(call("A", "get", `{"z": 1, "y`), call("B", "get", `"{\"z\": 1, \"y"`), call("C", "get", `[1]`), call("D", "get", "null"), call("E", "get", " ")),
			user(returns("A", "", false), returns("B", "", true), returns("C", "x", true), returns("D", "x", false), returns("E", "x", false)),
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, url := serve(t, stream("end_turn"))
			change := c.options
			if change == nil {
				change = func(*Options) {}
			}
			m := start(t, url, change)
			for range 2 { // equal prompts give equal bytes
				if _, err := m.Next(t.Context(), c.prompt); err != nil {
					t.Fatal(err)
				}
				golden(t, name, w.last().body)
			}
			got := w.last()
			if got.path != "/v1/messages" || got.header.Get("X-Api-Key") != testKey || got.header.Get("Anthropic-Version") != "2023-06-01" {
				t.Errorf("got %s %v", got.path, got.header)
			}
			if n := strings.Count(got.body, `"cache_control"`); n > 4 {
				t.Errorf("%d marks, the API takes 4", n)
			}
		})
	}
}

func golden(t *testing.T, name, body string) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs (-update writes it anew); got\n%s", path, got.Bytes())
	}
}

// What a model thought goes back as the same bytes, also by way of the log.
func TestOpaqueReturns(t *testing.T) {
	t.Parallel()
	thinking := []string{
		opens(0, `{"type":"thinking", "thinking":"", "signature":""}`),
		adds(0, `{"type":"thinking_delta","thinking":"a < b & c \u2028 \u00e9 \"q\""}`),
		adds(0, `{"type":"signature_delta","signature":"c2ln/+=="}`), closes(0),
	}
	redacted := []string{opens(1, `{ "type": "redacted_thinking", "data": "<ZW5j>" }`), closes(1)}
	w, url := serve(t, stream("tool_use", thinking, redacted, calls(2, "A", "get", `{}`)))
	m := start(t, url)
	r, err := m.Next(t.Context(), ask("hi"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []agent.Block
	if err := json.Unmarshal([]byte(show(r.Blocks)), &kept); err != nil {
		t.Fatal(err)
	}
	p := agent.Prompt{Messages: append(ask("hi").Messages, assistant(kept...), user(returns("A", "x", false)))}
	if _, err := m.Next(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	var sent struct {
		Messages []struct{ Content []json.RawMessage }
	}
	if err := json.Unmarshal([]byte(w.last().body), &sent); err != nil {
		t.Fatal(err)
	}
	for i, b := range sent.Messages[1].Content[:2] {
		if string(b) != string(r.Blocks[i].Opaque.Data) {
			t.Errorf("came as %s\nwent as %s", r.Blocks[i].Opaque.Data, b)
		}
	}
	var said struct{ Thinking, Signature string }
	if err := json.Unmarshal(sent.Messages[1].Content[0], &said); err != nil || said.Thinking != "a < b & c \u2028 \u00e9 \"q\"" || said.Signature != "c2ln/+==" {
		t.Errorf("got %+q %v", said, err)
	}
}

// The cache serves what is the same up to a mark. So without its marks a prompt
// must begin like the one before, and have a mark where that one had its last.
func TestCacheHits(t *testing.T) {
	t.Parallel()
	p := agent.Prompt{System: []string{"be careful"}, Tools: specs, Messages: ask("hi").Messages}
	w, url := serve(t, stream("end_turn"))
	m := start(t, url)
	prefix := ""
	for range 5 {
		if _, err := m.Next(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		body, marks := marked(w.last().body)
		if want := min(2, (len(p.Messages)+1)/2); len(marks) != want {
			t.Fatalf("%d marks in the conversation, want %d", len(marks), want)
		}
		if !strings.HasPrefix(body, prefix) || prefix != "" && marks[0] != len(prefix) {
			t.Fatalf("marks at %v of\n%s\nmiss\n%s", marks, body, prefix)
		}
		prefix = body[:marks[len(marks)-1]]
		id := string(rune('A' + len(p.Messages)))
		p.Messages = append(p.Messages, assistant(call(id, "get", `{"z":1}`)), user(returns(id, "up", false)))
	}
}

// marked takes the marks out of a body, and says where they stood in its
// conversation, which comes before the model's name.
func marked(body string) (rest string, at []int) {
	const mark = `,"cache_control":{"type":"ephemeral"}`
	parts := strings.Split(body, mark)
	for i, part := range parts {
		rest += part
		if i < len(parts)-1 && !strings.Contains(rest, `],"model":`) {
			at = append(at, len(rest))
		}
	}
	return rest, at
}
