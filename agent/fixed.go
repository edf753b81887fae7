package agent

import (
	"bytes"
	"encoding/json"
	"strings"
)

// commanded tells whether a turn is a Command: its calls are fixed, and no model
// is asked.
func (s *Session) commanded(turn string) bool {
	ask := s.Asked(turn)
	return ask != nil && len(ask.Payload.Ask.Calls) > 0
}

// fixed plays the calls of a Command in order, one a step. It ends after the
// last, or after one that failed, with no words of its own.
func (s *Session) fixed(turn string) Step {
	ask, done := s.Asked(turn), s.Results(turn)
	calls := ask.Payload.Ask.Calls
	if n := len(done); n >= len(calls) || n > 0 && done[n-1].Payload.Result.Failed {
		return Step{}
	}
	c := calls[len(done)]
	c.Args = s.Fill(ask.Turn, c.Args)
	return Step{Calls: []ToolCall{c}}
}

// Fill puts the newest artifact of a turn where arguments say "$artifact".
func (s *Session) Fill(turn string, args json.RawMessage) json.RawMessage {
	if !bytes.Contains(args, []byte(`"$artifact"`)) {
		return args
	}
	id := ""
	for _, ev := range s.Results(turn) {
		if a := ev.Payload.Result.Artifact; a != "" {
			id = a
		}
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return args
	}
	return json.RawMessage(strings.ReplaceAll(string(args), `"$artifact"`, string(quoted)))
}
