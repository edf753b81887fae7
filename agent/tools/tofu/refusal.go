package tofu

import (
	"errors"
	"fmt"

	"interlock/agent"
)

// Refusal is why a call was not done, or came to nothing, in words for whoever
// asked. It is a result; any other error means that the outcome is not known.
type Refusal struct {
	Why string
	Err error // the cause, where a caller may look for it; may be nil
}

// Error is the reason.
func (r *Refusal) Error() string { return r.Why }

// Unwrap is the cause.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(format string, args ...any) error { return &Refusal{Why: fmt.Sprintf(format, args...)} }

// Failed makes a Refusal the result of a call; another error stays one. origin
// names where the text comes from.
func Failed(err error, origin string) (agent.ToolResult, error) {
	if r, ok := errors.AsType[*Refusal](err); ok {
		res := Result(origin, r.Why)
		res.Failed = true
		return res, nil
	}
	return agent.ToolResult{}, err
}

// Result is a result whose text a provider or an edited workspace may have
// written: its Label is the careful one.
func Result(origin, text string) agent.ToolResult {
	res := agent.ToolResult{Text: text}
	res.Label.Origins = []string{origin}
	return res
}
