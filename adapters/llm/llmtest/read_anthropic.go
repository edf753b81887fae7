package llmtest

import (
	"encoding/json"
	"errors"
	"fmt"

	"interlock/agent"
)

type anthropicRequest struct {
	Model     string
	MaxTokens int `json:"max_tokens"`
	Stream    bool
	System    json.RawMessage
	Tools     []json.RawMessage
	Messages  []struct {
		Role    string
		Content json.RawMessage
	}
	Thinking struct {
		Type   string
		Budget int `json:"budget_tokens"`
	}
}

type anthropicBlock struct {
	Type, Text  string
	ID, Name    string
	Description string
	Input       json.RawMessage
	Schema      json.RawMessage `json:"input_schema"`
	Call        string          `json:"tool_use_id"`
	Content     json.RawMessage
	Failed      bool            `json:"is_error"`
	Mark        json.RawMessage `json:"cache_control"`
}

func (anthropicWire) read(body []byte) (ask, error) {
	var r anthropicRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return ask{}, fmt.Errorf("the body is no request: %w", err)
	}
	a := ask{prompt: agent.Prompt{Model: r.Model, Output: r.MaxTokens}, stream: r.Stream}
	if err := r.tell(&a); err != nil {
		return a, err
	}
	switch {
	case r.Model == "":
		return a, errors.New("model: required")
	case r.MaxTokens < 1:
		return a, errors.New("max_tokens: required, at least 1")
	case r.Thinking.Type == "enabled" && (r.Thinking.Budget < 1024 || r.Thinking.Budget >= r.MaxTokens):
		return a, errors.New("thinking.budget_tokens: at least 1024, and below max_tokens")
	}
	if err := checkTools(a.prompt.Tools); err != nil {
		return a, err
	}
	if err := checkMessages(a.prompt.Messages); err != nil {
		return a, err
	}
	return a, checkAnthropic(a.prompt, a.marks)
}

// tell reads all that the model is told, in the order of the cache.
func (r anthropicRequest) tell(a *ask) error {
	for i, raw := range r.Tools {
		var t anthropicBlock
		if err := json.Unmarshal(raw, &t); err != nil {
			return fmt.Errorf("tools.%d: %w", i, err)
		}
		a.keep(raw)
		a.prompt.Tools = append(a.prompt.Tools, agent.ToolSpec{Name: t.Name, Description: t.Description, Schema: t.Schema})
	}
	sections, err := parts(r.System)
	if err != nil {
		return fmt.Errorf("system: %w", err)
	}
	for i, raw := range sections {
		b, err := a.part(raw)
		if err == nil && b.Text == "" {
			err = errors.New("a section must be text")
		}
		if err != nil {
			return fmt.Errorf("system.%d: %w", i, err)
		}
		a.prompt.System = append(a.prompt.System, b.Text)
	}
	for i, m := range r.Messages {
		msg := agent.Message{Role: agent.Role(m.Role)}
		if msg.Role != agent.User && msg.Role != agent.Assistant {
			return fmt.Errorf("messages.%d.role: %q is not user or assistant", i, m.Role)
		}
		content, err := parts(m.Content)
		if err != nil {
			return fmt.Errorf("messages.%d.content: %w", i, err)
		}
		for j, raw := range content {
			b, err := a.part(raw)
			if err != nil {
				return fmt.Errorf("messages.%d.content.%d: %w", i, j, err)
			}
			msg.Blocks = append(msg.Blocks, b)
		}
		a.prompt.Messages = append(a.prompt.Messages, msg)
	}
	return nil
}

// parts are the blocks of a content, which may be a plain string.
func parts(raw json.RawMessage) (blocks []json.RawMessage, err error) {
	var text string
	switch {
	case len(raw) == 0:
		return nil, nil
	case json.Unmarshal(raw, &text) == nil:
		return []json.RawMessage{json.RawMessage(encode(map[string]string{"type": "text", "text": text}))}, nil
	}
	err = json.Unmarshal(raw, &blocks)
	return blocks, err
}

// keep adds a part for the cache, which does not see the mark itself.
func (a *ask) keep(raw json.RawMessage) {
	fields, err := objectOf(raw)
	if err != nil {
		return // the part is refused where it is read
	}
	mark := len(fields["cache_control"]) > 0 && string(fields["cache_control"]) != "null"
	if mark {
		a.marks++
	}
	delete(fields, "cache_control")
	a.units = append(a.units, unit{text: encode(fields), mark: mark})
}

// part reads a block.
func (a *ask) part(raw json.RawMessage) (agent.Block, error) {
	var b anthropicBlock
	if err := json.Unmarshal(raw, &b); err != nil {
		return agent.Block{}, err
	}
	a.keep(raw)
	switch b.Type {
	case "text":
		if blank(b.Text) {
			return agent.Block{}, errors.New("text must not be empty or white space")
		}
		return agent.Block{Text: b.Text}, nil
	case "tool_use":
		args, err := arguments(b.Input)
		return agent.Block{Call: &agent.ToolCall{ID: b.ID, Tool: b.Name, Args: args}}, err
	case "tool_result":
		text, err := b.result()
		return agent.Block{Result: &agent.CallResult{Call: b.Call, Text: text, Failed: b.Failed}}, err
	case "thinking", "redacted_thinking":
		fields, err := objectOf(raw)
		if err != nil {
			return agent.Block{}, err
		}
		if len(fields["cache_control"]) > 0 {
			return agent.Block{}, errors.New("thinking takes no cache_control")
		}
		a.thoughts = append(a.thoughts, thought(raw))
		return agent.Block{Opaque: &agent.Opaque{Provider: "anthropic", Model: a.prompt.Model, Data: raw}}, nil
	}
	return agent.Block{}, fmt.Errorf("type %q is not known here", b.Type)
}

// result joins the text of a tool's result. As a string it may be empty, as a
// block it may not.
func (b anthropicBlock) result() (text string, err error) {
	if json.Unmarshal(b.Content, &text) != nil {
		var blocks []anthropicBlock
		if err := json.Unmarshal(b.Content, &blocks); len(b.Content) > 0 && err != nil {
			return "", fmt.Errorf("content: %w", err)
		}
		for _, p := range blocks {
			if p.Type != "text" || p.Text == "" {
				return "", errors.New("content of a result must be text that is not empty")
			}
			text += p.Text
		}
	}
	if b.Failed && text == "" {
		return "", errors.New("content cannot be empty if is_error is set")
	}
	return text, nil
}
