package langchain

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

// arguments are those of a call in the history, as every provider takes them:
// an object.
func arguments(args json.RawMessage) string {
	if blank(args) {
		return "{}"
	}
	text := clean(string(args))
	if _, err := object([]byte(text)); err == nil {
		return text
	}
	wrapped, _ := json.Marshal(map[string]string{"invalid": text}) // strings always marshal
	return string(wrapped)
}

// written are the arguments of all calls in messages. Two clients read them into
// floats, which change large numbers: they get none, and edit puts these in.
func (k kind) written(messages []llms.MessageContent) (all []json.RawMessage) {
	for _, m := range messages {
		for _, p := range m.Parts {
			c, ok := p.(llms.ToolCall)
			if !ok {
				continue
			}
			all = append(all, json.RawMessage(c.FunctionCall.Arguments))
			if k.refills {
				c.FunctionCall.Arguments = "{}"
			}
		}
	}
	return all
}

// blank are the arguments that stand for none.
func blank(args json.RawMessage) bool {
	args = bytes.TrimSpace(args)
	return len(args) == 0 || string(args) == "null"
}

// object decodes exactly one JSON object, its numbers as they are written.
func object(data []byte) (map[string]any, error) {
	var o map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&o); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); o == nil || !errors.Is(err, io.EOF) {
		return nil, errors.New("not one JSON object")
	}
	return o, nil
}

// tools are what the model is told of. A stub has no schema of its own.
func tools(specs []agent.ToolSpec, stub bool) []llms.Tool {
	all := make([]llms.Tool, len(specs))
	for i, s := range specs {
		parameters := schema(s.Schema)
		if stub {
			parameters = schema(nil)
		}
		all[i] = llms.Tool{Type: "function", Function: &llms.FunctionDefinition{
			Name: s.Name, Description: s.Description, Parameters: parameters,
		}}
	}
	return all
}

// schema is a tool's schema, or that of no arguments.
func schema(data json.RawMessage) map[string]any {
	s, err := object(data)
	if err != nil {
		return map[string]any{"type": "object", "properties": map[string]any{}}
	}
	s["type"] = "object" // all providers insist on it
	return s
}
