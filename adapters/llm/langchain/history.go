package langchain

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

// Form is how a history is cut into messages. Clients differ in it, and drop or
// refuse what has another.
type Form int

// The forms.
const (
	// PerResult sends an answer with all its calls as one message, and then one
	// message for each result: the form of OpenAI, which most clients take.
	PerResult Form = iota
	// PerTurn sends all results of a turn in one message: the form of Gemini.
	PerTurn
	// PerPart sends each text and call as a message of its own, and each call's
	// result right after it: for clients that read only a message's first part.
	PerPart
)

// turn is what the model said, what came of its calls, and what a person then
// said.
type turn struct {
	said    []agent.Block
	results []agent.CallResult
	words   []string
}

// turns cuts a history; the first turn has nothing said.
func turns(messages []agent.Message) []turn {
	all := []turn{{}}
	for _, m := range messages {
		if m.Role == agent.Assistant {
			all = append(all, turn{said: m.Blocks})
			continue
		}
		last := &all[len(all)-1]
		for _, b := range m.Blocks {
			if b.Result != nil {
				last.results = append(last.results, *b.Result)
			}
			last.words = append(last.words, b.Text)
		}
	}
	for i := range all {
		all[i].results = inOrder(all[i].said, all[i].results)
	}
	return all
}

// inOrder sorts results by their calls: some providers match them by place.
func inOrder(said []agent.Block, results []agent.CallResult) []agent.CallResult {
	place := map[string]int{}
	for i, b := range said {
		if b.Call != nil {
			place[b.Call.ID] = i - len(said) // below 0, which is that of strangers
		}
	}
	return slices.SortedStableFunc(slices.Values(results), func(a, b agent.CallResult) int {
		return place[a.Call] - place[b.Call]
	})
}

// messages are a prompt in the kind's form.
func (k kind) messages(p agent.Prompt) (out []llms.MessageContent) {
	for _, t := range turns(p.Messages) {
		switch k.form {
		case PerPart:
			out = append(out, k.perPart(&t)...)
		case PerTurn:
			out = append(out, k.whole(t.said, false)...)
			out = append(out, k.results(t.results)...)
		default:
			out = append(out, k.whole(t.said, true)...)
			for _, r := range t.results {
				out = append(out, k.results([]agent.CallResult{r})...)
			}
		}
		words := join(t.words)
		if k.bridge != "" && words != "" && len(t.results) > 0 {
			out = append(out, llms.TextParts(llms.ChatMessageTypeAI, k.bridge))
		}
		out = append(out, said(llms.ChatMessageTypeHuman, words)...)
	}
	if len(out) == 0 {
		return nil
	}
	return append(said(llms.ChatMessageTypeSystem, join(p.System)), out...)
}

// perPart sends each part of what was said alone, and a call with its result if
// they are not merged later. It takes these results away from the turn.
func (k kind) perPart(t *turn) (out []llms.MessageContent) {
	for _, b := range t.said {
		out = append(out, k.whole([]agent.Block{b}, false)...)
		at := slices.IndexFunc(t.results, func(r agent.CallResult) bool { return b.Call != nil && r.Call == b.Call.ID })
		if at < 0 || k.merges {
			continue
		}
		out = append(out, k.results(t.results[at:at+1])...)
		t.results = slices.Delete(slices.Clone(t.results), at, at+1)
	}
	for _, r := range t.results {
		out = append(out, k.results([]agent.CallResult{r})...)
	}
	return out
}

// whole is one message of all that was said, its texts as one and first if they
// are to be joined; opaque blocks are another adapter's.
func (k kind) whole(blocks []agent.Block, joined bool) []llms.MessageContent {
	var (
		parts []llms.ContentPart
		texts []string
	)
	for _, b := range blocks {
		switch {
		case b.Call != nil:
			parts = append(parts, k.call(*b.Call))
		case joined:
			texts = append(texts, b.Text)
		case join([]string{b.Text}) != "":
			parts = append(parts, llms.TextPart(clean(b.Text)))
		}
	}
	if text := join(texts); text != "" {
		parts = append([]llms.ContentPart{llms.TextPart(text)}, parts...)
	}
	return message(llms.ChatMessageTypeAI, parts)
}

func (k kind) call(c agent.ToolCall) llms.ToolCall {
	return llms.ToolCall{ID: k.id(c.ID), Type: "function", FunctionCall: &llms.FunctionCall{
		Name: c.Tool, Arguments: arguments(c.Args),
	}}
}

func (k kind) results(results []agent.CallResult) []llms.MessageContent {
	var parts []llms.ContentPart
	for _, r := range results {
		text := clean(r.Text)
		if strings.TrimSpace(text) == "" { // Anthropic takes nothing, but no white space
			text = ""
		}
		if r.Failed { // the library has no flag for it
			text = "error: " + text
		}
		parts = append(parts, llms.ToolCallResponse{ToolCallID: k.id(r.Call), Name: r.Tool, Content: text})
	}
	return message(llms.ChatMessageTypeTool, parts)
}

// id is a call's id as the provider takes it: itself, or always the same nine
// letters and digits.
func (k kind) id(id string) string {
	if k.takes == nil || id != "" && k.takes(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:9]
}

func said(role llms.ChatMessageType, text string) []llms.MessageContent {
	if text == "" {
		return nil
	}
	return []llms.MessageContent{llms.TextParts(role, text)}
}

func message(role llms.ChatMessageType, parts []llms.ContentPart) []llms.MessageContent {
	if len(parts) == 0 {
		return nil
	}
	return []llms.MessageContent{{Role: role, Parts: parts}}
}

// join leaves out what is blank: providers refuse it.
func join(texts []string) string {
	var kept []string
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			kept = append(kept, clean(t))
		}
	}
	return strings.Join(kept, "\n\n")
}

// clean replaces what is no UTF-8: one client refuses it.
func clean(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
