package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/openai/openai-go/v3"

	"interlock/agent"
)

// answer is what came so far of one.
type answer struct {
	model, key    string
	thinks        bool // reasoning goes back without calls, too
	tell          func(string)
	text, refusal strings.Builder
	reasoning     *strings.Builder // kept, never told; nil when none came
	calls         calls
	chose         bool // a choice came
	finish        string
	usage         agent.Usage
}

// take adds an event of the stream.
func (a *answer) take(data []byte, event string) error {
	var c sdk.ChatCompletionChunk
	if err := json.Unmarshal(data, &c); err != nil {
		return a.fault(agent.FaultProtocol, fmt.Errorf("read event: %w", err))
	}
	// Usage comes at the end, behind the choices, or with every event, summed.
	if c.JSON.Usage.Valid() {
		a.usage = usage(c.Usage)
	}
	if e := c.JSON.ExtraFields["error"]; present(e.Raw()) || event == "error" || c.JSON.Object.Raw() == `"error"` {
		p, _ := explain(0, data)
		return a.fault(p.fault(), p.cause(a.key))
	}
	for _, choice := range c.Choices {
		if choice.Index != 0 { // one was asked for
			continue
		}
		a.chose = true
		if choice.FinishReason != "" {
			a.finish = choice.FinishReason
		}
		if err := a.add(choice.Delta); err != nil {
			return err
		}
	}
	return nil
}

// add takes a delta's fields. Those of the wrong type, such as content in
// parts, are no text.
func (a *answer) add(d sdk.ChatCompletionChunkChoiceDelta) error {
	if text, ok := str(d.JSON.Content.Raw()); ok && text != "" {
		a.text.WriteString(text)
		a.tell(text)
	}
	if text, ok := str(d.JSON.Refusal.Raw()); ok {
		a.refusal.WriteString(text)
	}
	if text, ok := str(d.JSON.ExtraFields["reasoning_content"].Raw()); ok {
		if a.reasoning == nil {
			a.reasoning = new(strings.Builder)
		}
		a.reasoning.WriteString(text)
	}
	for _, t := range d.ToolCalls {
		if err := a.calls.add(read(t)); err != nil {
			return a.fault(agent.FaultProtocol, err)
		}
	}
	return nil
}

// reply is the whole answer, once no more comes.
func (a *answer) reply() (agent.Reply, error) {
	blocks, err := a.blocks()
	switch {
	case !a.chose:
		return agent.Reply{}, a.fault(agent.FaultProtocol, errors.New("the answer holds no choice"))
	case a.finish == "":
		return agent.Reply{}, a.fault(agent.FaultProtocol, errors.New("the answer ended without a finish reason"))
	case a.refusal.Len() > 0:
		p := problem{message: a.refusal.String()}
		return agent.Reply{}, a.fault(agent.FaultRefused, p.cause(a.key))
	case err != nil:
		return agent.Reply{}, a.fault(agent.FaultProtocol, err)
	}
	stop, err := a.stop()
	if err != nil {
		return agent.Reply{}, err
	}
	return agent.Reply{Blocks: blocks, Stop: stop, Usage: a.usage, Model: a.model}, nil
}

// stop reads the finish reason. Some servers say stop though there are calls,
// and Mistral's say model_length when the context is full.
func (a *answer) stop() (agent.Stop, error) {
	switch a.finish {
	case "length", "model_length":
		return agent.StopLength, nil
	case "stop", "tool_calls", "function_call":
		if len(a.calls.list) > 0 {
			return agent.StopCalls, nil
		}
		if a.finish == "stop" {
			return agent.StopEnd, nil
		}
		return 0, a.fault(agent.FaultProtocol, errors.New("the answer names no call"))
	case "content_filter":
		return 0, a.fault(agent.FaultRefused, errors.New("the provider's filter stopped the answer"))
	case "insufficient_system_resource": // DeepSeek
		return 0, a.fault(agent.FaultOverload, errors.New("the provider ran out of resources"))
	}
	p := problem{message: "the answer ended for the reason " + a.finish}
	return 0, a.fault(agent.FaultProtocol, p.cause(a.key))
}

// blocks are reasoning that must go back, text, and calls.
func (a *answer) blocks() ([]agent.Block, error) {
	out, err := a.calls.blocks(a.model)
	keep := len(out) > 0 || a.thinks && a.text.Len() > 0
	if a.text.Len() > 0 {
		out = slices.Insert(out, 0, agent.Block{Text: a.text.String()})
	}
	if a.reasoning != nil && keep {
		kept := a.reasoning.String()
		out = slices.Insert(out, 0, extras{Reasoning: &kept}.opaque(a.model))
	}
	return out, err
}

// fault is an error that names what was used so far.
func (a *answer) fault(f agent.Fault, err error) error {
	return &agent.ModelError{Fault: f, Usage: a.usage, Model: a.model, Err: err}
}

// usage takes what the cache served and what was written to it out of the
// prompt's tokens. Most count reasoning as completion; xAI and Gemini only in
// the total.
func usage(u sdk.CompletionUsage) agent.Usage {
	count := func(n int64) int { return int(min(max(n, 0), 1<<40)) }
	prompt := count(u.PromptTokens)
	read := min(count(u.PromptTokensDetails.CachedTokens), prompt)
	written := min(count(u.PromptTokensDetails.CacheWriteTokens), prompt-read)
	said := count(u.CompletionTokens)
	if thought := count(u.CompletionTokensDetails.ReasoningTokens); thought > 0 && prompt+said+thought == count(u.TotalTokens) {
		said += thought
	}
	return agent.Usage{Input: prompt - read - written, Output: said, CacheRead: read, CacheWrite: written}
}

// str reads a JSON string; null and all else are none.
func str(raw string) (text string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	err := json.Unmarshal([]byte(raw), &text)
	return text, err == nil
}

// present tells that a field came and is not null.
func present(raw string) bool { return raw != "" && raw != "null" }
