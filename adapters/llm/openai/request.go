package openai

import (
	"bytes"
	"encoding/json"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"

	"interlock/agent"
)

// request writes a Prompt in the wire's words. No temperature is sent: reasoning
// models refuse one. A tool's schema is not made strict, which would need every
// property to be required.
func (m *Model) request(p agent.Prompt) sdk.ChatCompletionNewParams {
	r := sdk.ChatCompletionNewParams{
		Model:           m.name(p),
		Messages:        m.messages(p),
		ReasoningEffort: shared.ReasoningEffort(m.options.Effort),
		StreamOptions:   sdk.ChatCompletionStreamOptionsParam{IncludeUsage: sdk.Bool(true)},
	}
	for _, t := range p.Tools {
		r.Tools = append(r.Tools, tool(t))
	}
	limit := p.Output
	if limit <= 0 {
		limit = m.options.Output
	}
	// OpenAI and Azure refuse max_tokens for reasoning models; Ollama, vLLM and
	// older gateways ignore max_completion_tokens.
	if m.legacy {
		r.MaxTokens = sdk.Int(int64(limit))
	} else {
		r.MaxCompletionTokens = sdk.Int(int64(limit))
	}
	return r
}

// name is that of the model to ask.
func (m *Model) name(p agent.Prompt) string {
	if p.Model != "" {
		return p.Model
	}
	return m.options.Model
}

// tool passes the schema on byte for byte, so that the prefix stays the same.
func tool(t agent.ToolSpec) sdk.ChatCompletionToolUnionParam {
	f := shared.FunctionDefinitionParam{Name: t.Name}
	if t.Description != "" {
		f.Description = sdk.String(t.Description)
	}
	if len(t.Schema) > 0 {
		f.SetExtraFields(map[string]any{"parameters": t.Schema})
	}
	return sdk.ChatCompletionFunctionTool(f)
}

// messages begin with one system message: some servers take only one, and only
// at the start.
func (m *Model) messages(p agent.Prompt) []sdk.ChatCompletionMessageParamUnion {
	var out []sdk.ChatCompletionMessageParamUnion
	if system := join(p.System); system != "" {
		out = append(out, sdk.SystemMessage(system))
	}
	for _, msg := range p.Messages {
		if msg.Role == agent.Assistant {
			out = append(out, m.said(msg, m.name(p))...)
		} else {
			out = append(out, asked(msg)...)
		}
	}
	return out
}

// asked gives each result its own message, before the text: the wire wants the
// results right behind the calls.
func asked(msg agent.Message) (out []sdk.ChatCompletionMessageParamUnion) {
	var texts []string
	for _, b := range msg.Blocks {
		texts = append(texts, b.Text)
		if r := b.Result; r != nil {
			out = append(out, sdk.ToolMessage(result(*r), r.Call))
		}
	}
	if text := join(texts); text != "" {
		out = append(out, sdk.UserMessage(text))
	}
	return out
}

// result marks a failure in the text, since the wire has no flag for it.
func result(r agent.CallResult) string {
	if r.Failed {
		return "error: " + r.Text
	}
	return r.Text
}

// said is what the model said, in at most one message.
func (m *Model) said(msg agent.Message, model string) []sdk.ChatCompletionMessageParamUnion {
	var texts []string
	var own extras
	a := &sdk.ChatCompletionAssistantMessageParam{}
	for _, b := range msg.Blocks {
		texts = append(texts, b.Text)
		switch {
		case b.Call != nil:
			a.ToolCalls = append(a.ToolCalls, call(*b.Call))
		case b.Opaque != nil && b.Opaque.Provider == provider && b.Opaque.Model == model:
			own.restore(b.Opaque.Data, a.ToolCalls)
		}
	}
	if text := join(texts); text != "" {
		a.Content.OfString = sdk.String(text)
	} else if len(a.ToolCalls) == 0 {
		return nil
	}
	if reasoning, ok := m.reasoning(own, len(a.ToolCalls) > 0); ok {
		a.SetExtraFields(map[string]any{"reasoning_content": reasoning})
	}
	return []sdk.ChatCompletionMessageParamUnion{{OfAssistant: a}}
}

func call(c agent.ToolCall) sdk.ChatCompletionMessageToolCallUnionParam {
	return sdk.ChatCompletionMessageToolCallUnionParam{OfFunction: &sdk.ChatCompletionMessageFunctionToolCallParam{
		ID:       c.ID,
		Function: sdk.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.Tool, Arguments: object(c.Args)},
	}}
}

// object gives arguments as the JSON object that templates of local servers
// parse; what the model sent in its place is kept as text.
func object(args json.RawMessage) string {
	var fields map[string]json.RawMessage
	args = bytes.TrimSpace(args)
	switch {
	case len(args) == 0 || string(args) == "null":
		return "{}"
	case json.Unmarshal(args, &fields) == nil:
		return string(args)
	}
	text := string(args)
	_ = json.Unmarshal(args, &text) // no JSON string: it stays as it came
	wrapped, err := json.Marshal(map[string]string{"invalid": text})
	if err != nil {
		return "{}"
	}
	return string(wrapped)
}

// join leaves empty texts out.
func join(texts []string) string {
	var parts []string
	for _, t := range texts {
		if t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, "\n\n")
}
