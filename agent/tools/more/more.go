// Package more is the tool read_more: it shows what was left out of a long
// output, or the words behind a summary. It must never show what another
// session kept, nor anything but outputs and logs.
package more

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"interlock/agent"
	"interlock/rbac"
)

const name = "read_more"

// Tool reads parts of artifacts of its own session.
type Tool struct{ Artifacts agent.Artifacts }

var _ agent.Tool = Tool{}

type args struct {
	Handle string
	From   int
	Find   string
	Bytes  int
}

// Spec names the tool for the model.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: name,
		Description: "Show a part of a long output that was cut, or the words behind the summary of this thread. Use it with a handle that such a text gave you; " +
			"not for files, which read_file reads. The answer says which bytes it shows and how to read on. " +
			`Effect: reads. Example: {"handle": "9f2c5e", "find": "Error", "bytes": 2000}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["handle"], "properties": {
			"handle": {"type": "string", "minLength": 1, "maxLength": 100, "description": "The handle, as it was given."},
			"from": {"type": "integer", "minimum": 0, "maximum": 1000000000, "description": "First byte to show, or to search from; 0 when left out."},
			"find": {"type": "string", "maxLength": 200, "description": "Show the first place that has this text, upper and lower case alike. #NUMBER finds an event of a log."},
			"bytes": {"type": "integer", "minimum": 1, "maximum": 12000, "description": "How many bytes; 8000 when left out."}}}`),
		Lost: agent.Rerun,
	}
}

// Action reads what this session has read before.
func (Tool) Action(context.Context, string, json.RawMessage) (rbac.Action, error) {
	return rbac.Action{Tool: name, Effect: rbac.Read}, nil
}

// Run shows one part, under the label that the whole was kept with.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	var a args
	if err := json.Unmarshal(c.Args, &a); err != nil {
		return failed("read arguments: " + err.Error()), nil
	}
	kept, err := t.kept(ctx, e, a.Handle)
	if errors.Is(err, agent.ErrNotFound) {
		return failed("there is nothing under this handle in this thread, or it has expired: make the call again whose output it was"), nil
	}
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("read artifact: %w", err)
	}
	p, ok := find(kept.Bytes, a, kept.Kind == agent.KindLog)
	if !ok {
		return failed(fmt.Sprintf("not found from byte %d on: search from 0, or for a shorter text", a.From)), nil
	}
	return agent.ToolResult{Text: p.text(kept.Bytes), Label: label(kept.Meta)}, nil
}

// kept reads an artifact of this session. Any other answers like none.
func (t Tool) kept(ctx context.Context, e agent.Env, handle string) (agent.Artifact, error) {
	a, err := t.Artifacts.Artifact(ctx, e.Org, handle)
	if err != nil {
		return agent.Artifact{}, err
	}
	mine := e.Session != "" && a.Org == e.Org && a.Session == e.Session
	if !mine || a.Kind != agent.KindOutput && a.Kind != agent.KindLog {
		return agent.Artifact{}, agent.ErrNotFound
	}
	return a, nil
}

// label is that of the whole. What cannot be read is nobody's, and so foreign.
func label(meta json.RawMessage) rbac.Label {
	var l rbac.Label
	if json.Unmarshal(meta, &l) != nil || l.Integrity < rbac.Foreign || l.Integrity > rbac.Trusted ||
		l.Confidentiality < rbac.Secret || l.Confidentiality > rbac.Public {
		return rbac.Label{}
	}
	return l
}

func failed(why string) agent.ToolResult {
	return agent.ToolResult{Failed: true, Text: why, Label: rbac.Clean()}
}
