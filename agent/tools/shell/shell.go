// Package shell is the tool shell, and the judgement of what a shell command
// would do. It must never know who asks, and never run a command to judge it.
package shell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

const (
	name  = "shell"
	limit = 5 * time.Minute

	// Bytes kept of the beginning and of the end of an output. It is much more
	// than a model is told: the agent keeps the rest within reach.
	head = 192 << 10
	tail = 64 << 10
)

// Tool runs a command in the session's container.
type Tool struct{ Stacks agent.Stacks }

var _ agent.Tool = Tool{}

type args struct{ Stack, Command string }

// Spec names the tool for the model. The class is for the worst that a command
// may do: only some of them read.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: name,
		Description: "Run a shell command (busybox sh) in this session's sandbox, which has no credentials and no network but what the profile's rules let through a proxy. Use it for what no other tool does, " +
			"such as counting and comparing; not for plans, nor for live infrastructure, which tofu_plan and tofu_apply are for. " +
			"Effect: reads when every command is known to only read; any other executes in the sandbox. " +
			`Example: {"stack": "payments-prod", "command": "grep -rn 0.0.0.0/0 . | wc -l"}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["command"], "properties": {
			"command": {"type": "string", "minLength": 1, "maxLength": 16384, "description": "The command line."},
			"stack": {"type": "string", "minLength": 1, "description": "Run in this stack's folder; in the session's own folder when left out."}}}`),
		Lost: agent.Unsafe, Limit: limit + time.Minute, Out: true,
	}
}

// Action judges the command. What would change live infrastructure is refused:
// there is no way to it from the sandbox.
func (t Tool) Action(ctx context.Context, org string, raw json.RawMessage) (rbac.Action, error) {
	var a args
	if err := json.Unmarshal(raw, &a); err != nil {
		return rbac.Action{}, fmt.Errorf("read arguments: %w", err)
	}
	effect, why := Classify(a.Command)
	if effect > rbac.Execute {
		return rbac.Action{}, fmt.Errorf("not run: %s; the sandbox never changes live infrastructure: make a plan with tofu_plan and have it approved by tofu_apply", strings.Join(why, "; "))
	}
	s, err := t.stack(ctx, org, a.Stack)
	if err != nil {
		return rbac.Action{}, err
	}
	return rbac.Action{Tool: name, Stack: s.Name, Environment: s.Environment, Effect: effect}, nil
}

// stack finds the stack in whose folder the command runs, if in one's.
func (t Tool) stack(ctx context.Context, org, name string) (s agent.Stack, err error) {
	if name == "" {
		return s, nil
	}
	s, err = t.Stacks.Stack(ctx, org, name)
	if errors.Is(err, agent.ErrNotFound) {
		return s, fmt.Errorf("there is no stack %q", name)
	}
	if err != nil {
		return s, fmt.Errorf("read stack: %w", err)
	}
	return s, nil
}

// Run runs the command; a code other than 0 is stated and is no failure.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	var a args
	if err := json.Unmarshal(c.Args, &a); err != nil {
		return refuse("read arguments: " + err.Error()), nil
	}
	if _, err := t.stack(ctx, e.Org, a.Stack); err != nil {
		return refuse(err.Error()), nil
	}
	if effect, why := Classify(a.Command); effect > rbac.Execute {
		return refuse("not run: " + strings.Join(why, "; ")), nil
	}
	out, err := e.Box.Exec(ctx, t.command(ctx, e, c, a))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("run command: %w", err)
	}
	return agent.ToolResult{Text: text(out), Failed: out.Stopped, Label: rbac.Label{
		Origins: []string{"shell in the workspace of session " + e.Session},
	}}, nil
}

func refuse(why string) agent.ToolResult {
	return agent.ToolResult{Failed: true, Text: why, Label: rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal}}
}

func (t Tool) command(ctx context.Context, e agent.Env, c agent.ToolCall, a args) agent.Command {
	cmd := agent.Command{
		Org: e.Org, Session: e.Session, Call: c.ID, In: agent.InSession,
		Argv: []string{"sh", "-c", a.Command}, Dir: a.Stack, Limit: limit,
	}
	effect, _ := Classify(a.Command)
	cmd.Out = effect == rbac.Execute // what only reads needs no way out, and gets none
	if a.Stack != "" {
		cmd.Seed = agent.Code(ctx, t.Stacks, e.Org, a.Stack, "")
	}
	return cmd
}

func text(out agent.Output) string {
	var b strings.Builder
	b.WriteString(clip(string(out.Stdout)))
	if len(out.Stderr) > 0 {
		fmt.Fprintf(&b, "\n[stderr]\n%s", clip(string(out.Stderr)))
	}
	switch {
	case out.Stopped:
		b.WriteString("\n[stopped before it ended]")
	case out.Code != 0:
		fmt.Fprintf(&b, "\n[exit code %d]", out.Code)
	}
	if out.Truncated {
		b.WriteString("\n[output beyond the sandbox's limit was dropped]")
	}
	if b.Len() == 0 {
		return "(no output)"
	}
	return strings.TrimPrefix(b.String(), "\n")
}

// clip keeps head and tail, because errors stand at the end.
func clip(s string) string {
	if len(s) <= head+tail {
		return s
	}
	return strings.ToValidUTF8(s[:head], "") + fmt.Sprintf("\n[cut: %d bytes left out]\n", len(s)-head-tail) + strings.ToValidUTF8(s[len(s)-tail:], "")
}
