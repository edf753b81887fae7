package anthropic

import (
	"encoding/json"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"interlock/agent"
)

// params is the body of a request. Equal prompts give equal bytes.
func (m *Model) params(name string, p agent.Prompt) sdk.MessageNewParams {
	output := m.output
	if p.Output > 0 {
		output = p.Output
	}
	params := sdk.MessageNewParams{
		Model:     name,
		MaxTokens: int64(output),
		System:    system(p.System),
		Tools:     tools(p.Tools),
		Messages:  messages(p.Messages, name),
	}
	if m.thinking > 0 && output > m.thinking {
		params.Thinking = thinking(name, m.thinking)
	}
	mark(&params)
	return params
}

// blank tells of text that the API refuses as a block.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

func system(sections []string) (blocks []sdk.TextBlockParam) {
	for _, s := range sections {
		if !blank(s) {
			blocks = append(blocks, sdk.TextBlockParam{Text: s})
		}
	}
	return blocks
}

func tools(specs []agent.ToolSpec) (out []sdk.ToolUnionParam) {
	for _, s := range specs {
		t := sdk.ToolParam{Name: s.Name, InputSchema: param.Override[sdk.ToolInputSchemaParam](object(s.Schema, `{"type":"object"}`))}
		if s.Description != "" {
			t.Description = sdk.String(s.Description)
		}
		out = append(out, sdk.ToolUnionParam{OfTool: &t})
	}
	return out
}

// object is raw if that is a JSON object, and else what stands in for it.
func object(raw json.RawMessage, otherwise string) json.RawMessage {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return json.RawMessage(otherwise)
	}
	return raw
}

// messages merges neighbours of one role and leaves out what is empty: the API
// wants the two in turn, and something from each.
func messages(history []agent.Message, name string) (out []sdk.MessageParam) {
	for _, msg := range history {
		role := sdk.MessageParamRole(msg.Role)
		blocks := content(msg.Blocks, name)
		switch last := len(out) - 1; {
		case len(blocks) == 0:
		case last >= 0 && out[last].Role == role:
			out[last].Content = append(out[last].Content, blocks...)
		default:
			out = append(out, sdk.MessageParam{Role: role, Content: blocks})
		}
	}
	for i := range out {
		out[i].Content = resultsFirst(out[i].Content)
	}
	return out
}

// resultsFirst is an order that the API demands.
func resultsFirst(blocks []sdk.ContentBlockParamUnion) []sdk.ContentBlockParamUnion {
	var results, others []sdk.ContentBlockParamUnion
	for _, b := range blocks {
		if b.OfToolResult != nil {
			results = append(results, b)
		} else {
			others = append(others, b)
		}
	}
	return append(results, others...)
}

func content(blocks []agent.Block, name string) (out []sdk.ContentBlockParamUnion) {
	for _, b := range blocks {
		switch {
		case b.Call != nil:
			out = append(out, sdk.NewToolUseBlock(b.Call.ID, arguments(b.Call.Args), b.Call.Tool))
		case b.Result != nil:
			out = append(out, result(*b.Result))
		case b.Opaque != nil:
			if o := b.Opaque; o.Provider == provider && o.Model == name && json.Valid(o.Data) {
				out = append(out, param.Override[sdk.ContentBlockParamUnion](o.Data))
			}
		case !blank(b.Text):
			out = append(out, sdk.NewTextBlock(b.Text))
		}
	}
	return out
}

// arguments are an object on this wire. What a model sent that is none goes
// back wrapped, so that it sees what it did.
func arguments(args json.RawMessage) json.RawMessage {
	if blank(string(args)) {
		return json.RawMessage("{}")
	}
	text := string(args)
	_ = json.Unmarshal(args, &text) // the log keeps what is no JSON as a JSON string
	wrapped, err := json.Marshal(map[string]string{"invalid": text})
	if err != nil {
		return json.RawMessage("{}")
	}
	return object(args, string(wrapped))
}

func result(r agent.CallResult) sdk.ContentBlockParamUnion {
	block := sdk.ToolResultBlockParam{ToolUseID: r.Call}
	text := r.Text
	if r.Failed {
		block.IsError = sdk.Bool(true)
		if blank(text) {
			text = "failed without a message" // the API wants an error to say something
		}
	}
	if !blank(text) {
		block.Content = []sdk.ToolResultBlockParamContentUnion{{OfText: &sdk.TextBlockParam{Text: text}}}
	}
	return sdk.ContentBlockParamUnion{OfToolResult: &block}
}
