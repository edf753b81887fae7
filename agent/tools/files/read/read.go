// Package read is the tool read_file. It must never read anything but the
// session's workspace.
package read

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/agent/tools/files"
	"interlock/rbac"
)

const (
	name  = "read_file"
	lines = 400 // in one answer, when the arguments name none
)

// Tool reads a file, or some lines of it.
type Tool struct{ Stacks agent.Stacks }

var _ agent.Tool = Tool{}

type args struct {
	files.Args
	From, Lines int
}

// Spec names the tool for the model.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: name,
		Description: "Read one text file of a stack's repository, as this session has it. Use it before you judge or edit code; " +
			"not to look for a text, which search_files does. The answer says when it was cut and how to read on. " +
			`Effect: reads. Example: {"stack": "payments-prod", "path": "network/main.tf", "from": 1, "lines": 200}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["stack", "path"], "properties": {
			"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
			"path": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "File below the repository."},
			"from": {"type": "integer", "minimum": 1, "maximum": 10000000, "description": "First line, counted from 1."},
			"lines": {"type": "integer", "minimum": 1, "maximum": 2000, "description": "How many lines; 400 when left out."}}}`),
		Lost: agent.Rerun,
	}
}

// Action reads the workspace.
func (t Tool) Action(ctx context.Context, org string, raw json.RawMessage) (rbac.Action, error) {
	var a args
	if err := files.Parse(raw, &a); err != nil {
		return rbac.Action{}, err
	}
	return files.Action(ctx, t.Stacks, org, name, a.Args, rbac.Read)
}

// Run reads one line more than asked for, to know whether there are more.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	var a args
	if err := files.Parse(c.Args, &a); err != nil {
		return files.Fail("%s", err), nil
	}
	_, p, err := files.Place(ctx, t.Stacks, e.Org, a.Args)
	if err != nil {
		return files.Fail("%s", err), nil
	}
	from, n := cmp.Or(a.From, 1), cmp.Or(a.Lines, lines)
	some := fmt.Sprintf("%d,%dp;%dq", from, from+n, from+n) // numbers only
	out, err := e.Box.Exec(ctx, files.Command(ctx, t.Stacks, e, c, a.Stack, "sed", "-n", some, p))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("read file: %w", err)
	}
	if out.Code != 0 || out.Stopped {
		return files.Ended(out), nil
	}
	return files.OK(text(out, from, n)), nil
}

// text keeps whole lines within the size and says where to read on. Only a line
// that alone is too long is cut.
func text(out agent.Output, from, n int) string {
	if strings.ContainsRune(string(out.Stdout), 0) {
		return "(not a text file)"
	}
	var b strings.Builder
	got, more := 0, out.Truncated
	for line := range strings.Lines(string(out.Stdout)) {
		if got == n || got > 0 && b.Len()+len(line) > files.Size {
			more = true
			break
		}
		got++
		if len(line) > files.Size {
			b.WriteString(strings.ToValidUTF8(line[:files.Size], ""))
			fmt.Fprintf(&b, "\n(line %d is cut: it is longer than %d bytes)\n", from+got-1, files.Size)
			continue
		}
		b.WriteString(line)
	}
	switch {
	case got == 0 && from > 1:
		return fmt.Sprintf("(the file has fewer than %d lines)", from)
	case got == 0:
		return "(empty)"
	case more:
		fmt.Fprintf(&b, "(cut: lines %d to %d; read on with \"from\": %d)", from, from+got-1, from+got)
	}
	return b.String()
}
