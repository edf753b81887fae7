package anthropic

import (
	"encoding/json"
	"errors"
	"fmt"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"interlock/agent"
)

// answer gathers the events of one reply.
type answer struct {
	message sdk.Message
	// args are those of calls as they came, by index: the SDK's own gathering
	// replaces what is no JSON by an empty object.
	args        map[int64][]byte
	open        map[int64]bool // blocks that began and did not end
	begun, done bool
}

// text is what an event adds to what the model says.
func text(e sdk.MessageStreamEventUnion) string {
	switch {
	case e.Type == "content_block_delta" && e.Delta.Type == "text_delta":
		return e.Delta.Text
	case e.Type == "content_block_start" && e.ContentBlock.Type == "text":
		return e.ContentBlock.Text
	}
	return ""
}

// take adds an event. An error says that events came which make no sense.
func (a *answer) take(e sdk.MessageStreamEventUnion) error {
	switch e.Type {
	case "message_start":
		if a.begun {
			return errors.New("the answer began twice")
		}
		a.begun, a.args, a.open = true, map[int64][]byte{}, map[int64]bool{}
	case "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop":
		if !a.begun {
			return errors.New("the answer has no beginning")
		}
		if err := a.follow(e); err != nil {
			return err
		}
	default:
		return nil // the provider may add kinds of events
	}
	output := a.message.Usage.OutputTokens
	if err := a.message.Accumulate(e); err != nil {
		return err
	}
	if e.Type == "message_delta" && !e.Usage.JSON.OutputTokens.Valid() {
		a.message.Usage.OutputTokens = output // silence is not zero
	}
	return nil
}

// follow keeps track of blocks and of the end.
func (a *answer) follow(e sdk.MessageStreamEventUnion) error {
	switch e.Type {
	case "content_block_start":
		a.open[e.Index] = true
	case "content_block_delta", "content_block_stop":
		if !a.open[e.Index] {
			return fmt.Errorf("something came for block %d, which is not open", e.Index)
		}
		if e.Type == "content_block_stop" {
			delete(a.open, e.Index)
		} else if e.Delta.Type == "input_json_delta" {
			a.args[e.Index] = append(a.args[e.Index], e.Delta.PartialJSON...)
		}
	case "message_stop":
		if len(a.open) > 0 {
			return errors.New("the answer ended inside a block")
		}
		a.done = true
	}
	return nil
}

// usage is what is known so far. Each count of the wire is a total, so that a
// later one replaces an earlier one.
func (a *answer) usage() agent.Usage {
	u := a.message.Usage
	return agent.Usage{
		Input:      max(0, int(u.InputTokens)),
		Output:     max(0, int(u.OutputTokens)),
		CacheRead:  max(0, int(u.CacheReadInputTokens)),
		CacheWrite: max(0, int(u.CacheCreationInputTokens)),
	}
}

// reply reads the whole answer.
func (a *answer) reply(name string) (agent.Reply, error) {
	r := agent.Reply{Usage: a.usage(), Model: name}
	switch reason := a.message.StopReason; reason {
	case sdk.StopReasonEndTurn, sdk.StopReasonStopSequence:
		r.Stop = agent.StopEnd
	case sdk.StopReasonToolUse:
		r.Stop = agent.StopCalls
	case sdk.StopReasonMaxTokens:
		r.Stop = agent.StopLength
	case sdk.StopReasonModelContextWindowExceeded:
		return agent.Reply{}, a.fault(name, agent.FaultTooLong, errors.New("the answer filled the model's context"))
	case sdk.StopReasonRefusal:
		return agent.Reply{}, a.fault(name, agent.FaultRefused, refusal(a.message.StopDetails))
	default: // also pause_turn, which only the provider's own tools cause
		return agent.Reply{}, a.fault(name, agent.FaultProtocol, fmt.Errorf("the answer ended with the reason %.40q", string(reason)))
	}
	for i := range a.message.Content {
		b, err := a.block(i, name)
		if err != nil {
			return agent.Reply{}, a.fault(name, agent.FaultProtocol, err)
		}
		if b != (agent.Block{}) {
			r.Blocks = append(r.Blocks, b)
		}
	}
	return r, nil
}

// block reads one block; the empty one is to be left out.
func (a *answer) block(i int, name string) (agent.Block, error) {
	switch c := a.message.Content[i]; {
	case c.Type == "":
		return agent.Block{}, fmt.Errorf("block %d is of no kind", i)
	case c.Type == "text":
		return agent.Block{Text: c.Text}, nil
	case c.Type == "tool_use" && (c.ID == "" || c.Name == ""):
		return agent.Block{}, fmt.Errorf("call %d lacks its id or name", i)
	case c.Type == "tool_use":
		args := json.RawMessage(a.args[int64(i)])
		if len(args) == 0 {
			args = object(c.Input, "{}")
		}
		return agent.Block{Call: &agent.ToolCall{ID: c.ID, Tool: c.Name, Args: args}}, nil
	case c.Type == "thinking" && c.Signature == "" && a.message.StopReason == sdk.StopReasonMaxTokens:
		return agent.Block{}, nil // cut before its signature: the API would not take it back
	default:
		// In the form that the log and the SDK write, so that neither changes a byte.
		data, err := json.Marshal(json.RawMessage(c.RawJSON()))
		return agent.Block{Opaque: &agent.Opaque{Provider: provider, Model: name, Data: data}}, err
	}
}
