// Package search is the tool search_files. It must never search anything but
// the session's workspace.
package search

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/agent/tools/files"
	"interlock/rbac"
)

const (
	name  = "search_files"
	most  = 200 // lines in one answer
	width = 300 // bytes of one line
)

// Tool finds lines in a stack's workspace.
type Tool struct{ Stacks agent.Stacks }

var _ agent.Tool = Tool{}

type args struct {
	files.Args
	Pattern string
	Regex   bool
	Case    bool `json:"ignore_case"`
}

// Spec names the tool for the model.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: name,
		Description: "Find the lines of a stack's repository that hold a text, with file and line number. Use it to find where something is set or used; " +
			"not to read a whole file, which read_file does. " +
			`Effect: reads. Example: {"stack": "payments-prod", "pattern": "source_ranges"}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["stack", "pattern"], "properties": {
			"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
			"pattern": {"type": "string", "minLength": 1, "maxLength": 500, "description": "What to look for: plain text, or a POSIX extended regular expression when regex is true."},
			"regex": {"type": "boolean", "description": "Take the pattern as a regular expression."},
			"ignore_case": {"type": "boolean", "description": "Take upper and lower case as the same."},
			"path": {"type": "string", "maxLength": 1000, "description": "File or folder below the repository; the whole repository when left out."}}}`),
		Lost: agent.Rerun,
	}
}

// Action reads the workspace.
func (t Tool) Action(ctx context.Context, org string, raw json.RawMessage) (rbac.Action, error) {
	var a args
	if err := files.Parse(raw, &a); err != nil {
		return rbac.Action{}, err
	}
	if strings.ContainsAny(a.Pattern, "\x00\n") {
		return rbac.Action{}, fmt.Errorf("pattern must be one line")
	}
	return files.Action(ctx, t.Stacks, org, name, a.Args, rbac.Read)
}

// Run searches in the session's container.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	var a args
	if err := files.Parse(c.Args, &a); err != nil {
		return files.Fail("%s", err), nil
	}
	_, p, err := files.Place(ctx, t.Stacks, e.Org, a.Args)
	if err != nil {
		return files.Fail("%s", err), nil
	}
	out, err := e.Box.Exec(ctx, files.Command(ctx, t.Stacks, e, c, a.Stack, "grep", flags(a), "-e", a.Pattern, p))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("search files: %w", err)
	}
	switch {
	case out.Stopped || out.Code > 1:
		return files.Ended(out), nil
	case len(out.Stdout) == 0:
		return files.OK("nothing matches"), nil
	}
	return files.OK(text(out)), nil
}

func flags(a args) string {
	f := "-rnH"
	if a.Case {
		f += "i"
	}
	if a.Regex {
		return f + "E"
	}
	return f + "F"
}

func text(out agent.Output) string {
	found, left := files.Fit(files.Lines(out.Stdout, width), most)
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], "./")
	}
	switch {
	case out.Truncated:
		found = append(found, "(cut: there is more; search in a folder or for a longer text)")
	case left > 0:
		found = append(found, fmt.Sprintf("(cut: %d more; search in a folder or for a longer text)", left))
	}
	return strings.Join(found, "\n")
}
