// Package tofu is what the OpenTofu tools share: it reads plans, checks code
// before any of it runs, and makes the commands that the sandbox runs. It must
// never know chat, the store, or who asks.
package tofu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"interlock/agent"
)

// Deps is what every tool of this family needs. Box serves only to tell the
// content id of the image; commands run in the sandbox of the call. Mirror is a
// folder of the host with providers, beside those in the image; it may be missing.
type Deps struct {
	Stacks    agent.Stacks
	Artifacts agent.Artifacts
	Box       agent.Sandbox
	Mirror    string
	Authors   Authors // nil knows nobody
	Changes   Changes // nil counts none
}

// Args are the arguments of the tools that work on a stack.
type Args struct {
	Stack     string `json:"stack"`
	Workspace bool   `json:"workspace,omitempty"`
}

// ParseArgs reads the arguments of a call. The schema was checked before; a
// second look costs little.
func ParseArgs(raw json.RawMessage) (Args, error) {
	var a Args
	if err := Decode(raw, &a); err != nil {
		return a, err
	}
	if a.Stack == "" {
		return a, errors.New("arguments: name a stack")
	}
	return a, nil
}

// Decode reads arguments strictly: an argument that is not known is refused.
func Decode(raw json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	return nil
}
