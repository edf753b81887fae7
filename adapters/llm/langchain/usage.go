package langchain

import (
	"encoding/json"

	"interlock/agent"
)

// usage reads the counts that clients give by several names. Anthropic counts
// apart what its cache served; the others count it in the prompt's tokens.
func usage(info map[string]any) agent.Usage {
	n := counts(info)
	u := agent.Usage{
		Output:     n.first("OutputTokens", "CompletionTokens", "output_tokens", "completion_tokens"),
		CacheRead:  n.first("CacheReadInputTokens", "PromptCachedTokens", "CachedTokens"),
		CacheWrite: n.first("CacheCreationInputTokens"),
	}
	if u.Input = n.first("InputTokens"); u.Input > 0 || n["CacheCreationInputTokens"] > 0 {
		return u
	}
	u.Input = max(0, n.first("PromptTokens", "input_tokens", "prompt_tokens")-u.CacheRead)
	return u
}

type numbers map[string]int

// counts are all whole numbers of info, and those in its part "usage".
func counts(info map[string]any) numbers {
	n := numbers{}
	n.add(info)
	if part, err := json.Marshal(info["usage"]); err == nil {
		var inner map[string]any
		if json.Unmarshal(part, &inner) == nil {
			n.add(inner)
		}
	}
	return n
}

func (n numbers) add(info map[string]any) {
	for name, v := range info {
		switch v := v.(type) {
		case int:
			n[name] = v
		case int32:
			n[name] = int(v)
		case int64:
			n[name] = int(v)
		case float64:
			n[name] = int(v)
		}
	}
}

// first is the first count that is above 0.
func (n numbers) first(names ...string) int {
	for _, name := range names {
		if n[name] > 0 {
			return n[name]
		}
	}
	return 0
}
