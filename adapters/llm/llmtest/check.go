package llmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"interlock/agent"
)

var (
	legalID   = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	legalName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
)

// checkTools is what both wires demand of tools.
func checkTools(tools []agent.ToolSpec) error {
	seen := map[string]bool{}
	for i, t := range tools {
		schema, err := objectOf(t.Schema)
		switch {
		case !legalName.MatchString(t.Name):
			return fmt.Errorf("tools.%d.name: %q does not match %s", i, t.Name, legalName)
		case seen[t.Name]:
			return fmt.Errorf("tools.%d.name: %q is there twice", i, t.Name)
		case err != nil:
			return fmt.Errorf("tools.%d: the schema must be an object: %w", i, err)
		case string(schema["type"]) != `"object"`:
			return fmt.Errorf(`tools.%d: the schema must have type "object"`, i)
		}
		seen[t.Name] = true
	}
	return nil
}

// checkMessages is what both wires demand of messages: each call is answered
// right behind, and no result comes without its call. It also gives each result
// the name of its tool.
func checkMessages(messages []agent.Message) error {
	if len(messages) == 0 {
		return errors.New("messages: at least one message is required")
	}
	open := map[string]string{} // tools by the ids of the last message's calls
	for i, m := range messages {
		if len(open) > 0 && m.Role != agent.User {
			return fmt.Errorf("messages.%d: the calls before it have no results", i)
		}
		if err := settle(m.Blocks, open); err != nil {
			return fmt.Errorf("messages.%d: %w", i, err)
		}
		if len(open) > 0 {
			return fmt.Errorf("messages.%d: %d calls of the message before have no result here", i, len(open))
		}
		if err := begin(m, open); err != nil {
			return fmt.Errorf("messages.%d: %w", i, err)
		}
	}
	if len(open) > 0 {
		return errors.New("messages: the last calls have no results")
	}
	return nil
}

// settle takes the calls that results answer out of open.
func settle(blocks []agent.Block, open map[string]string) error {
	text := false
	for _, b := range blocks {
		text = text || b.Text != ""
		if b.Result == nil {
			continue
		}
		tool, ok := open[b.Result.Call]
		switch {
		case !ok:
			return fmt.Errorf("the result of %q answers no call of the message before", b.Result.Call)
		case text:
			return fmt.Errorf("the result of %q must come before text", b.Result.Call)
		}
		b.Result.Tool = tool
		delete(open, b.Result.Call)
	}
	return nil
}

// begin puts the calls of a message into open.
func begin(m agent.Message, open map[string]string) error {
	for _, b := range m.Blocks {
		switch {
		case b.Call == nil:
		case m.Role != agent.Assistant:
			return errors.New("only the assistant calls")
		case !legalID.MatchString(b.Call.ID):
			return fmt.Errorf("id %q does not match %s", b.Call.ID, legalID)
		case !legalName.MatchString(b.Call.Tool):
			return fmt.Errorf("name %q does not match %s", b.Call.Tool, legalName)
		case open[b.Call.ID] != "":
			return fmt.Errorf("id %q is there twice", b.Call.ID)
		default:
			open[b.Call.ID] = b.Call.Tool
		}
	}
	return nil
}

// checkAnthropic is what Anthropic demands beyond.
func checkAnthropic(p agent.Prompt, marks int) error {
	calls := map[string]bool{}
	for i, m := range p.Messages {
		if len(m.Blocks) == 0 {
			return fmt.Errorf("messages.%d: all messages must have content", i)
		}
		called := false
		for j, b := range m.Blocks {
			switch {
			case b.Call != nil && calls[b.Call.ID]:
				return fmt.Errorf("messages.%d.content.%d: id %q is not unique", i, j, b.Call.ID)
			case b.Call != nil:
				called, calls[b.Call.ID] = true, true
			case b.Opaque != nil && (called || m.Role != agent.Assistant):
				return fmt.Errorf("messages.%d.content.%d: thinking must come before calls, from the assistant", i, j)
			}
		}
	}
	switch {
	case p.Messages[0].Role != agent.User:
		return errors.New("messages: the first must be of the user")
	case p.Messages[len(p.Messages)-1].Role != agent.User:
		return errors.New("messages: the last must be of the user")
	case len(calls) > 0 && len(p.Tools) == 0:
		return errors.New("tools: required when messages hold calls")
	case marks > 4:
		return fmt.Errorf("cache_control: at most 4 marks, found %d", marks)
	}
	return nil
}

// familiar refuses thinking that was not given out, or was changed.
func (s *Server) familiar(thoughts []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range thoughts {
		if !s.signed[t] {
			return errors.New("messages: thinking blocks must come back as they were given: the signature does not fit")
		}
	}
	return nil
}

// arguments checks those of a call in the history.
func arguments(raw json.RawMessage) (json.RawMessage, error) {
	if _, err := objectOf(raw); err != nil {
		return nil, fmt.Errorf("arguments must be an object: %w", err)
	}
	return raw, nil
}

// blank tells text that Anthropic refuses as a block.
func blank(text string) bool { return strings.TrimSpace(text) == "" }
