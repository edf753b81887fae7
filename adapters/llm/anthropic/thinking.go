package anthropic

import (
	"regexp"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"interlock/agent"
)

// budgeted are the Claude models up to 4.5, in the spellings of all three ways.
// They alone need a budget; 4.6 takes either form, and later ones refuse it.
// Source: the provider's page "Extended thinking". The list is closed.
var budgeted = regexp.MustCompile(`claude-(3|[a-z]+-4($|[@:]|-v|-20|-[0-5]($|[^0-9])))`)

// thinking asks a model to think: within the budget, or, where the model knows
// no budget, as much as it sees fit within max_tokens. Other people's models on
// this wire speak the older form.
func thinking(name string, budget int) sdk.ThinkingConfigParamUnion {
	if strings.Contains(name, "claude") && !budgeted.MatchString(name) {
		return sdk.ThinkingConfigParamUnion{OfAdaptive: &sdk.ThinkingConfigAdaptiveParam{}}
	}
	return sdk.ThinkingConfigParamOfEnabled(int64(budget))
}

// unboundError is that a block of thinking came back where the provider does
// not take it: newer models bind it to all that came before it.
// Source: the provider's page "Preserved thinking".
type unboundError struct{ error }

// unbound are the provider's words for it; the error has no code of its own.
var unbound = regexp.MustCompile("(?i)invalid `?signature`? in `?(redacted_)?thinking")

// withoutOpaque is a copy of a history that has no opaque blocks.
func withoutOpaque(history []agent.Message) []agent.Message {
	plain := make([]agent.Message, len(history))
	for i, msg := range history {
		plain[i].Role = msg.Role
		for _, b := range msg.Blocks {
			if b.Opaque == nil {
				plain[i].Blocks = append(plain[i].Blocks, b)
			}
		}
	}
	return plain
}
