package langchain

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

// read merges all choices of a response: one client makes a choice of each
// block, another repeats the calls of one choice in the next. What was seen of
// the answer itself counts more. The error is a *agent.ModelError.
func read(response *llms.ContentResponse, s sight) (agent.Reply, error) {
	m := merged{usage: s.usage, reason: s.stop}
	if response != nil {
		m.take(response.Choices, s.seen)
	}
	me := &agent.ModelError{Usage: m.usage}
	switch {
	case s.refusal != "":
		me.Fault, me.Err = agent.FaultRefused, errors.New(s.refusal)
		return agent.Reply{}, me
	case m.err != nil:
		me.Err = m.err
		return agent.Reply{}, me
	}
	stop, err := m.stop()
	if err != nil {
		me.Err = err
		if refuses(m.reason) {
			me.Fault = agent.FaultRefused
		}
		return agent.Reply{}, me
	}
	m.exact(s.args)
	return agent.Reply{Blocks: m.blocks, Stop: stop, Usage: m.usage}, nil
}

// merged are choices made one.
type merged struct {
	blocks []agent.Block
	calls  []*agent.ToolCall // those in blocks
	usage  agent.Usage
	reason string
	err    error
}

func (m *merged) take(choices []*llms.ContentChoice, seen bool) {
	taken := map[*llms.FunctionCall]bool{}
	for _, c := range choices {
		if c == nil {
			continue
		}
		if c.Content != "" {
			m.blocks = append(m.blocks, agent.Block{Text: c.Content})
		}
		for _, call := range c.ToolCalls {
			m.call(call, taken)
		}
		if !seen {
			m.reason = graver(m.reason, c.StopReason)
			if m.usage == (agent.Usage{}) { // each choice repeats the whole
				m.usage = usage(c.GenerationInfo)
			}
		}
	}
	if len(m.calls) > 0 {
		return
	}
	for _, c := range choices { // the old field, for clients that fill no other
		if c != nil && c.FuncCall != nil {
			m.call(llms.ToolCall{FunctionCall: c.FuncCall}, taken)
		}
	}
}

func (m *merged) call(c llms.ToolCall, taken map[*llms.FunctionCall]bool) {
	switch {
	case c.FunctionCall == nil || c.FunctionCall.Name == "":
		m.err = errors.New("a call names no tool")
		return
	case taken[c.FunctionCall]:
		return // the same call, listed under a second choice
	}
	taken[c.FunctionCall] = true
	call := &agent.ToolCall{ID: c.ID, Tool: c.FunctionCall.Name, Args: filled(json.RawMessage(c.FunctionCall.Arguments))}
	if call.ID == "" { // some providers give none
		call.ID = "call_" + strings.ToLower(rand.Text())
	}
	m.blocks, m.calls = append(m.blocks, agent.Block{Call: call}), append(m.calls, call)
}

func filled(args json.RawMessage) json.RawMessage {
	if blank(args) {
		return json.RawMessage("{}")
	}
	return args
}

// exact puts back the bytes of the arguments, which a client has read and
// written again with other numbers.
func (m *merged) exact(args []json.RawMessage) {
	if len(args) != len(m.calls) {
		return
	}
	for i, c := range m.calls {
		c.Args = filled(args[i])
	}
}

// stop reads why the answer ended. Some providers say "stop" though there are
// calls.
func (m *merged) stop() (agent.Stop, error) {
	switch stop := stops(m.reason); {
	case m.reason == "":
		return agent.StopNone, errors.New("the answer has no end: it says no reason to stop")
	case stop == agent.StopNone:
		return agent.StopNone, fmt.Errorf("the answer ended for the reason %q", m.reason)
	case stop == agent.StopCalls && len(m.calls) == 0:
		return agent.StopNone, fmt.Errorf("the answer ended for the reason %q, but it has no calls", m.reason)
	case stop == agent.StopEnd && len(m.calls) > 0:
		return agent.StopCalls, nil
	default:
		return stop, nil
	}
}

// plain is a reason without what providers spell differently.
func plain(reason string) string {
	reason = strings.ToLower(strings.ReplaceAll(reason, "_", ""))
	return strings.TrimPrefix(reason, "finishreason")
}

// stops are the reasons of Anthropic, OpenAI, Mistral, Google, Cohere, Ollama
// and Amazon's Converse.
func stops(reason string) agent.Stop {
	switch plain(reason) {
	case "stop", "endturn", "stopsequence", "complete", "finish", "eos":
		return agent.StopEnd
	case "tooluse", "toolcalls", "toolcall", "functioncall":
		return agent.StopCalls
	case "length", "maxtokens", "modellength", "modelcontextwindowexceeded":
		return agent.StopLength
	}
	return agent.StopNone
}

func refuses(reason string) bool {
	switch plain(reason) {
	case "refusal", "contentfilter", "contentfiltered", "safety", "recitation", "blocklist",
		"prohibitedcontent", "spii", "imagesafety", "guardrailintervened":
		return true
	}
	return false
}

// graver is the reason that counts when two choices name different ones.
func graver(a, b string) string {
	switch {
	case a == "" || refuses(b):
		return b
	case refuses(a) || stops(a) == agent.StopNone:
		return a
	case stops(b) == agent.StopNone || stops(b) == agent.StopLength:
		return b
	}
	return a
}
