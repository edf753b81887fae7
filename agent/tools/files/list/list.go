// Package list is the tool list_files. It must never list anything but the
// session's workspace.
package list

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"interlock/agent"
	"interlock/agent/tools/files"
	"interlock/rbac"
)

const (
	name  = "list_files"
	most  = 500 // entries in one answer
	depth = 3   // levels, when the arguments name none
)

// script takes a path and a depth; it is constant, and both come as words.
const script = `find "$1" -mindepth 1 -maxdepth "$2" ! -path '*/.terraform/*' ! -path '*/.git/*' -type d | sed 's|$|/|'
find "$1" -mindepth 1 -maxdepth "$2" ! -path '*/.terraform/*' ! -path '*/.git/*' ! -name .git ! -type d`

// Tool lists what is in a stack's workspace.
type Tool struct{ Stacks agent.Stacks }

var _ agent.Tool = Tool{}

type args struct {
	files.Args
	Depth int
}

// Spec names the tool for the model.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: name,
		Description: "List the files of a stack's repository, as this session has it; a folder ends in a slash. Use it first, to find out where code is; " +
			"not to look for a text, which search_files does. " +
			`Effect: reads. Example: {"stack": "payments-prod", "path": "modules", "depth": 2}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["stack"], "properties": {
			"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
			"path": {"type": "string", "maxLength": 1000, "description": "Folder below the repository; the whole repository when left out."},
			"depth": {"type": "integer", "minimum": 1, "maximum": 10, "description": "How many levels; 3 when left out."}}}`),
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

// Run lists in the session's container.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	var a args
	if err := files.Parse(c.Args, &a); err != nil {
		return files.Fail("%s", err), nil
	}
	_, p, err := files.Place(ctx, t.Stacks, e.Org, a.Args)
	if err != nil {
		return files.Fail("%s", err), nil
	}
	levels := strconv.Itoa(cmp.Or(a.Depth, depth))
	out, err := e.Box.Exec(ctx, files.Command(ctx, t.Stacks, e, c, a.Stack, "sh", "-c", script, "sh", p, levels))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("list files: %w", err)
	}
	if out.Stopped || len(out.Stderr) > 0 && len(out.Stdout) == 0 {
		return files.Ended(out), nil
	}
	return files.OK(text(out)), nil
}

func text(out agent.Output) string {
	all := files.Lines(out.Stdout, 1000)
	for i := range all {
		all[i] = strings.TrimPrefix(all[i], "./")
	}
	slices.Sort(all)
	all, left := files.Fit(all, most)
	switch {
	case len(all) == 0:
		return "(empty)"
	case out.Truncated:
		all = append(all, "(cut: there is more)")
	case left > 0:
		all = append(all, fmt.Sprintf("(cut: %d more; name a folder or a smaller depth)", left))
	}
	return strings.Join(all, "\n")
}
