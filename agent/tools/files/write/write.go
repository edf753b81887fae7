// Package write is the tool write_file. It must never write anything but the
// session's workspace, and there no state and nothing of Git's or OpenTofu's.
package write

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/agent/tools/files"
	"interlock/rbac"
)

const name = "write_file"

// script takes a path as a word and the content on standard input. The rename
// makes the file appear whole or not at all.
const script = `if [ -d "$1" ]; then echo "$1 is a folder" >&2; exit 1; fi
mkdir -p -- "$(dirname -- "$1")" && cat > "$1.interlock-tmp" && mv -f -- "$1.interlock-tmp" "$1"`

// Tool writes a whole file.
type Tool struct{ Stacks agent.Stacks }

var _ agent.Tool = Tool{}

type args struct {
	files.Args
	Content string
}

// Spec names the tool for the model.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: name,
		Description: "Write a whole file in this session's copy of a stack's repository. Use it to edit code, after you read the file, and validate afterwards; " +
			"not for a part of a file, nor for state. Nothing outside of the copy moves. " +
			`Effect: edits the workspace. Example: {"stack": "payments-prod", "path": "network/main.tf", "content": "resource ...\n"}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["stack", "path", "content"], "properties": {
			"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
			"path": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "File below the repository."},
			"content": {"type": "string", "maxLength": 524288, "description": "All that the file shall hold."}}}`),
		Lost: agent.Idempotent,
	}
}

// Action edits the workspace.
func (t Tool) Action(ctx context.Context, org string, raw json.RawMessage) (rbac.Action, error) {
	var a args
	if err := files.Parse(raw, &a); err != nil {
		return rbac.Action{}, err
	}
	if why := refused(a.Path); why != "" {
		return rbac.Action{}, fmt.Errorf("path %q: %s", a.Path, why)
	}
	return files.Action(ctx, t.Stacks, org, name, a.Args, rbac.Edit)
}

// refused says why a path is never written, if so. Case is ignored because the
// host's file system may ignore it too.
func refused(p string) string {
	if strings.HasSuffix(p, "/") || p == "." {
		return "that is a folder"
	}
	for part := range strings.SplitSeq(strings.ToLower(p), "/") {
		switch {
		case part == ".git" || part == ".terraform":
			return "what belongs to Git or OpenTofu is not written"
		case strings.HasSuffix(part, ".tfstate") || strings.Contains(part, ".tfstate."):
			return "state is never written by hand"
		}
	}
	return ""
}

// Run writes in the session's container.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	var a args
	if err := files.Parse(c.Args, &a); err != nil {
		return files.Fail("%s", err), nil
	}
	_, p, err := files.Place(ctx, t.Stacks, e.Org, a.Args)
	if err != nil {
		return files.Fail("%s", err), nil
	}
	if why := refused(a.Path); why != "" {
		return files.Fail("path %q: %s", a.Path, why), nil
	}
	cmd := files.Command(ctx, t.Stacks, e, c, a.Stack, "sh", "-c", script, "sh", p)
	cmd.Stdin = []byte(a.Content)
	out, err := e.Box.Exec(ctx, cmd)
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("write file: %w", err)
	}
	if out.Code != 0 || out.Stopped {
		return files.Ended(out), nil
	}
	return files.OK(fmt.Sprintf("wrote %s (%d bytes)", strings.TrimPrefix(p, "./"), len(a.Content))), nil
}
