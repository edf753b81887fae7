package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"interlock/agent"
)

// probeOutput bounds a probe's answer, in tokens: a thinking model needs some.
const probeOutput = 1000

// echo is the tool of the probe.
var echo = agent.ToolSpec{
	Name:        "echo",
	Description: "Gives back what it is called with.",
	Schema:      json.RawMessage(`{"type":"object","properties":{"text":{"type":"string"},"count":{"type":"integer"}},"required":["text","count"],"additionalProperties":false}`),
}

// Probe asks a model to call a tool, and is nil when it did as it has to in a
// run. Otherwise the error is the model's own, or says in a line what to change.
func Probe(ctx context.Context, m agent.Model) error {
	reply, err := m.Next(ctx, agent.Prompt{
		System:   []string{"You test whether tools can be called. Answer by calling the tool, without text."},
		Tools:    []agent.ToolSpec{echo},
		Messages: []agent.Message{{Role: agent.User, Blocks: []agent.Block{{Text: `Call the tool echo once, with text "ok" and count 2.`}}}},
		Output:   probeOutput,
	})
	if err != nil {
		return err
	}
	calls := reply.Calls()
	switch {
	case len(calls) == 0 && reply.Stop == agent.StopLength:
		return fmt.Errorf("the model used %d tokens and called no tool: let it think less, or set model.name to another", probeOutput)
	case len(calls) == 0:
		return errors.New("the model answers, but calls no tool: set model.name to one that can call tools")
	case calls[0].Tool != echo.Name:
		return fmt.Errorf("the model called a tool %q that it was not given: set model.name to one that can call tools", Cut(calls[0].Tool))
	}
	return fits(calls[0].Args)
}

// fits checks the arguments of the probe's call.
func fits(args json.RawMessage) error {
	if !json.Valid(args) {
		return fmt.Errorf("its tool arguments are not JSON: %q: set model.name to one that can call tools", Cut(string(args)))
	}
	var got struct {
		Text  *string
		Count *int
	}
	dec := json.NewDecoder(bytes.NewReader(args))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil || got.Text == nil || got.Count == nil {
		return fmt.Errorf("its tool arguments do not fit the tool: %q: set model.name to one that can call tools", Cut(string(args)))
	}
	return nil
}
