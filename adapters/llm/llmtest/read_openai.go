package llmtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"interlock/agent"
)

type openaiRequest struct {
	Model    string
	Max      *int `json:"max_tokens"`
	MaxNew   *int `json:"max_completion_tokens"`
	Stream   bool
	Options  *openaiOptions `json:"stream_options"`
	Tools    []json.RawMessage
	Messages []json.RawMessage
}

type openaiOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type openaiTool struct {
	Type     string
	Function struct {
		Name, Description string
		Parameters        json.RawMessage
	}
}

type openaiMessage struct {
	Role      string
	Content   json.RawMessage
	Reasoning *string       `json:"reasoning_content"`
	Call      string        `json:"tool_call_id"`
	Calls     *[]openaiCall `json:"tool_calls"`
}

type openaiCall struct {
	ID, Type string
	Function struct{ Name, Arguments string }
}

func (openaiWire) read(body []byte) (ask, error) {
	var r openaiRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return ask{}, fmt.Errorf("the body is no request: %w", err)
	}
	a := ask{prompt: agent.Prompt{Model: r.Model}, stream: r.Stream}
	a.usage = r.Stream && r.Options != nil && r.Options.IncludeUsage
	if limit := cmp.Or(r.MaxNew, r.Max); limit != nil {
		a.prompt.Output = *limit
	}
	if err := r.tell(&a); err != nil {
		return a, err
	}
	switch {
	case r.Model == "":
		return a, errors.New("you must provide a model parameter")
	case r.Max != nil && r.MaxNew != nil:
		return a, errors.New("max_tokens and max_completion_tokens exclude each other")
	case (r.Max != nil || r.MaxNew != nil) && a.prompt.Output < 1:
		return a, errors.New("max_tokens must be at least 1")
	case r.Options != nil && !r.Stream:
		return a, errors.New("stream_options is only allowed when stream is enabled")
	case r.Tools != nil && len(r.Tools) == 0:
		return a, errors.New("tools: [] is too short")
	}
	if err := checkTools(a.prompt.Tools); err != nil {
		return a, err
	}
	return a, checkMessages(a.prompt.Messages)
}

// tell reads all that the model is told, in the order of the cache.
func (r openaiRequest) tell(a *ask) error {
	for i, raw := range r.Tools {
		var t openaiTool
		if err := json.Unmarshal(raw, &t); err != nil {
			return fmt.Errorf("tools.%d: %w", i, err)
		}
		if t.Type != "function" {
			return fmt.Errorf("tools.%d.type: %q is not function", i, t.Type)
		}
		a.units = append(a.units, unit{text: string(raw)})
		schema := t.Function.Parameters
		if len(schema) == 0 { // a function without parameters
			schema = json.RawMessage(`{"type":"object"}`)
		}
		a.prompt.Tools = append(a.prompt.Tools, agent.ToolSpec{
			Name: t.Function.Name, Description: t.Function.Description, Schema: schema,
		})
	}
	for i, raw := range r.Messages {
		var m openaiMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			return fmt.Errorf("messages.%d: %w", i, err)
		}
		a.units = append(a.units, unit{text: string(raw)})
		if err := a.hear(m); err != nil {
			return fmt.Errorf("messages.%d: %w", i, err)
		}
	}
	return nil
}

// hear adds a message to the prompt. Neighbours of the user are one there.
func (a *ask) hear(m openaiMessage) error {
	texts, err := openaiText(m.Content)
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	if m.Role != "assistant" && texts == nil {
		return errors.New("content: required")
	}
	if (m.Role == "tool") != (m.Call != "") {
		return errors.New("tool_call_id: required of tool messages, and of no other")
	}
	if m.Calls != nil && m.Role != "assistant" {
		return errors.New("tool_calls: only the assistant calls")
	}
	switch m.Role {
	case "system", "developer":
		a.prompt.System = append(a.prompt.System, texts...)
	case "user":
		var blocks []agent.Block
		for _, t := range texts {
			if t != "" {
				blocks = append(blocks, agent.Block{Text: t})
			}
		}
		a.user(blocks...)
	case "tool":
		text, failed := strings.CutPrefix(strings.Join(texts, ""), "error: ")
		a.user(agent.Block{Result: &agent.CallResult{Call: m.Call, Text: text, Failed: failed}})
	case "assistant":
		return a.assistant(m, texts)
	default:
		return fmt.Errorf("role: %q is not known", m.Role)
	}
	return nil
}

func (a *ask) user(blocks ...agent.Block) {
	if n := len(a.prompt.Messages); n > 0 && a.prompt.Messages[n-1].Role == agent.User {
		a.prompt.Messages[n-1].Blocks = append(a.prompt.Messages[n-1].Blocks, blocks...)
		return
	}
	a.prompt.Messages = append(a.prompt.Messages, agent.Message{Role: agent.User, Blocks: blocks})
}

// assistant adds what the model said: its reasoning, text and calls.
func (a *ask) assistant(m openaiMessage, texts []string) error {
	msg := agent.Message{Role: agent.Assistant}
	if m.Reasoning != nil {
		data := json.RawMessage(encode(object{"reasoning_content": *m.Reasoning}))
		a.thoughts = append(a.thoughts, thought(data))
		msg.Blocks = append(msg.Blocks, agent.Block{Opaque: &agent.Opaque{Provider: "openai", Model: a.prompt.Model, Data: data}})
	}
	for _, t := range texts {
		if t != "" {
			msg.Blocks = append(msg.Blocks, agent.Block{Text: t})
		}
	}
	switch {
	case m.Calls == nil && texts == nil:
		return errors.New("content: required, unless there are tool_calls")
	case m.Calls == nil:
	case len(*m.Calls) == 0:
		return errors.New("tool_calls: [] is too short")
	default:
		for i, c := range *m.Calls {
			args, err := arguments(json.RawMessage(c.Function.Arguments))
			if err == nil && c.Type != "function" {
				err = fmt.Errorf("type: %q is not function", c.Type)
			}
			if err != nil {
				return fmt.Errorf("tool_calls.%d: %w", i, err)
			}
			msg.Blocks = append(msg.Blocks, agent.Block{Call: &agent.ToolCall{ID: c.ID, Tool: c.Function.Name, Args: args}})
		}
	}
	a.prompt.Messages = append(a.prompt.Messages, msg)
	return nil
}

// openaiText are the texts of a content; nil is none at all.
func openaiText(raw json.RawMessage) (texts []string, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []string{text}, nil
	}
	var blocks []struct{ Type, Text string }
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		return nil, errors.New("[] is too short")
	}
	for _, b := range blocks {
		if b.Type != "text" {
			return nil, fmt.Errorf("type %q is not known here", b.Type)
		}
		texts = append(texts, b.Text)
	}
	return texts, nil
}
