package openai

import (
	"encoding/json"

	sdk "github.com/openai/openai-go/v3"

	"interlock/agent"
)

// extras are fields beside the wire that some providers want back, in an opaque
// block: the reasoning of a message as it came under this name (DeepSeek, Kimi),
// and Gemini's signature of the call before the block. Groq, Cerebras and others
// call theirs otherwise and refuse this one; OpenRouter's reasoning_details are
// left out: they come in pieces whose merging is not specified.
type extras struct {
	Reasoning *string         `json:"reasoning_content,omitempty"`
	Call      json.RawMessage `json:"extra_content,omitempty"`
}

// opaque makes a block of them.
func (e extras) opaque(model string) agent.Block {
	data, err := json.Marshal(e)
	if err != nil {
		data = json.RawMessage("{}")
	}
	return agent.Block{Opaque: &agent.Opaque{Provider: provider, Model: model, Data: data}}
}

// restore puts back what opaque has kept. Data that is not ours is left out.
func (e *extras) restore(data json.RawMessage, calls []sdk.ChatCompletionMessageToolCallUnionParam) {
	var kept extras
	if json.Unmarshal(data, &kept) != nil {
		return
	}
	if kept.Reasoning != nil {
		e.Reasoning = kept.Reasoning
	}
	if present(string(kept.Call)) && len(calls) > 0 {
		calls[len(calls)-1].OfFunction.SetExtraFields(map[string]any{"extra_content": kept.Call})
	}
}

// reasoning is what a message sends back: with calls, as it came. DeepSeek
// refuses a history with tools in which any message lacks it, so there a message
// of another model, or one that was shortened, gets an empty one.
func (m *Model) reasoning(e extras, calls bool) (string, bool) {
	switch {
	case e.Reasoning != nil && (calls || m.thinks):
		return *e.Reasoning, true
	case m.thinks:
		return "", true
	}
	return "", false
}
