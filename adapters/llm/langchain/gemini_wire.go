//go:build !lean

package langchain

import (
	"encoding/json"
	"strconv"
	"strings"

	"interlock/agent"
)

// unsigned is what the provider takes in place of the signature of a call that
// the client cannot carry (ai.google.dev/gemini-api/docs/thought-signatures).
// Without any, newer models refuse a history with calls.
const unsigned = `"skip_thought_signature_validator"`

func editGemini(ex *exchange, b body) {
	delete(b, "safetySettings")
	var config body
	if json.Unmarshal(b["generationConfig"], &config) == nil {
		for _, name := range []string{"temperature", "topP", "topK", "candidateCount"} {
			delete(config, name)
		}
		b.set("generationConfig", config)
	}
	if len(ex.tools) > 0 {
		b.set("tools", declarations(ex.tools))
	}
	var contents []struct {
		Role  string `json:"role,omitempty"`
		Parts []body `json:"parts"`
	}
	if json.Unmarshal(b["contents"], &contents) != nil {
		return
	}
	calls := 0
	for _, c := range contents {
		for _, part := range c.Parts {
			var call body
			if json.Unmarshal(part["functionCall"], &call) != nil || calls >= len(ex.args) {
				continue
			}
			call["args"] = ex.args[calls]
			calls++
			part.set("functionCall", call)
			part["thoughtSignature"] = json.RawMessage(unsigned)
		}
	}
	b.set("contents", contents)
}

// declarations carry the tools' own schemas; the client's lose enumerations and
// refuse what they do not know.
func declarations(specs []agent.ToolSpec) any {
	type declaration struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
		Schema      any    `json:"parametersJsonSchema"`
	}
	var all struct {
		Declarations []declaration `json:"functionDeclarations"`
	}
	for _, s := range specs {
		all.Declarations = append(all.Declarations, declaration{s.Name, s.Description, schema(s.Schema)})
	}
	return []any{all}
}

func lookGemini(data []byte) (sight, error) {
	var a struct {
		Candidates []struct {
			Content struct {
				Parts []struct {
					FunctionCall *struct{ Args json.RawMessage }
				}
			}
			FinishReason json.RawMessage
		}
		PromptFeedback struct{ BlockReason json.RawMessage }
		UsageMetadata  struct {
			PromptTokenCount, CandidatesTokenCount, ThoughtsTokenCount, CachedContentTokenCount int
		}
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return sight{}, err
	}
	u := a.UsageMetadata
	s := sight{usage: agent.Usage{
		Input:     max(0, u.PromptTokenCount-u.CachedContentTokenCount),
		Output:    u.CandidatesTokenCount + u.ThoughtsTokenCount,
		CacheRead: u.CachedContentTokenCount,
	}}
	if block := geminiName(a.PromptFeedback.BlockReason, nil); block != "" && block != "0" {
		s.refusal = "the prompt was blocked: " + block
	}
	if len(a.Candidates) == 0 {
		return s, nil
	}
	for _, c := range a.Candidates {
		s.stop = graver(s.stop, geminiName(c.FinishReason, finishReasons[:]))
		for _, p := range c.Content.Parts {
			if p.FunctionCall != nil {
				s.args = append(s.args, p.FunctionCall.Args)
			}
		}
	}
	if s.refusal == "" && refuses(s.stop) {
		s.refusal = "the answer was blocked: " + s.stop
	}
	return s, nil
}

// finishReasons are by number, as the client asks for them
// (ai.google.dev/api/generate-content, FinishReason).
var finishReasons = [...]string{
	"", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT",
	"SPII", "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "UNEXPECTED_TOOL_CALL",
}

// geminiName is an enumeration's name, or its number where that has none.
func geminiName(data json.RawMessage, names []string) string {
	if name := plainText(data); name != "" {
		return strings.TrimSuffix(name, "_UNSPECIFIED")
	}
	n, err := strconv.Atoi(string(data))
	switch {
	case err == nil && n >= 0 && n < len(names):
		return names[n]
	case err == nil:
		return strconv.Itoa(n)
	}
	return ""
}
