package apply

import (
	"context"
	"errors"
	"fmt"

	"interlock/agent"
	"interlock/agent/tools/tofu"
)

// Run applies the plan. Whatever no longer stands as it was planned is refused
// before anything begins.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, m, src, err := t.load(ctx, e, c)
	if err == nil {
		err = t.ready(ctx, a, m, src.Stack)
	}
	if err == nil {
		src.Files, err = t.Deps.Stacks.Files(ctx, e.Org, m.Stack, m.Commit)
	}
	if err != nil {
		return unbegun(err, m)
	}
	e.Tell("applying " + m.Stack)
	out, err := e.Box.Exec(ctx, tofu.Command(e, c, tofu.Apply, src, a.Bytes, command))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("apply: %w", err)
	}
	return t.judge(ctx, e, m, src, out)
}

func (t Tool) load(ctx context.Context, e agent.Env, c agent.ToolCall) (a agent.Artifact, m tofu.Meta, src tofu.Source, err error) {
	if a, m, err = t.stored(ctx, e.Org, c.Args); err != nil {
		return a, m, src, err
	}
	s, err := t.Deps.Stack(ctx, e.Org, m.Stack)
	return a, m, tofu.Source{Stack: s, Commit: m.Commit, Reviewed: m.Reviewed, Mirror: t.Deps.Mirror}, err
}

// ready compares what the plan stands on with how it is now.
func (t Tool) ready(ctx context.Context, a agent.Artifact, m tofu.Meta, s agent.Stack) error {
	if err := applicable(s, m); err != nil {
		return &tofu.Refusal{Why: err.Error(), Err: err}
	}
	if !tofu.HasState(s) {
		return &tofu.Refusal{Why: "the folder for the state of " + m.Stack + " does not exist: make it first"}
	}
	if _, err := hash(a); err != nil {
		return &tofu.Refusal{Why: err.Error(), Err: err}
	}
	now, err := t.Deps.Standing(ctx, s)
	if err != nil {
		return &tofu.Refusal{Why: err.Error(), Err: err}
	}
	if now.Changed > m.Changed+1 { // this one has begun, too
		return &tofu.Refusal{Why: "another change of " + m.Stack + " has begun since the plan: plan again"}
	}
	if now.State != m.State {
		return &tofu.Refusal{Why: fmt.Sprintf("the state has moved since the plan (serial %d, the plan is of %d): plan again", now.Serial, m.Serial)}
	}
	image, err := t.Deps.Box.Image(ctx, s.Image)
	switch {
	case errors.Is(err, agent.ErrNotFound) || err == nil && m.Image != "" && image != m.Image:
		return &tofu.Refusal{Why: "the sandbox image has changed since the plan: plan again"}
	case err != nil:
		return fmt.Errorf("find image: %w", err)
	}
	return nil
}

// unbegun is the result of an apply that was refused before it began.
func unbegun(err error, m tofu.Meta) (agent.ToolResult, error) {
	res, err := tofu.Failed(err, origin(m))
	if err == nil {
		res.Text, res.Applied = notApplied+": "+res.Text, notApplied
	}
	return res, err
}

func origin(m tofu.Meta) string { return "apply of " + m.Stack }

// Probe looks what became of an apply that was never heard of again. Its
// container tells; without one, the state does.
func (t Tool) Probe(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, m, src, err := t.load(ctx, e, c)
	if _, refused := errors.AsType[*tofu.Refusal](err); refused {
		return verdict(m, look, "the stored plan is gone, so that its outcome cannot be told: look at the stack"), nil
	}
	if err != nil {
		return agent.ToolResult{}, err
	}
	e.Tell("looking what became of the apply of " + m.Stack)
	out, err := e.Box.Collect(ctx, tofu.Command(e, c, tofu.Apply, src, a.Bytes, command))
	switch {
	case errors.Is(err, agent.ErrGone):
		return t.unheard(m, src.Stack, "it began, and its container is gone"), nil
	case errors.Is(err, agent.ErrNotFound) && e.Elsewhere:
		return t.unheard(m, src.Stack, "it was started on another machine, whose containers cannot be seen from here"), nil
	case errors.Is(err, agent.ErrNotFound):
		return t.unheard(m, src.Stack, ""), nil
	case err != nil:
		return agent.ToolResult{}, fmt.Errorf("collect apply: %w", err)
	}
	return t.judge(ctx, e, m, src, out)
}

// unheard judges by the state alone: nothing is left of a container. A state that has
// not moved says something only where it is known that the apply never began, and doubt
// is empty: putting drift back leaves the state as it was (measured).
func (t Tool) unheard(m tofu.Meta, s agent.Stack, doubt string) agent.ToolResult {
	now, err := tofu.ReadState(s)
	switch {
	case err != nil:
		return verdict(m, look, "no container of it is left, and the state cannot be read: "+err.Error())
	case now == m.State && doubt == "":
		return verdict(m, notApplied, "it never began, the state is as it was planned from")
	case now == m.State:
		return verdict(m, look, doubt+". The state is as it was planned from, which a change that puts drift back leaves too: scan "+m.Stack)
	}
	return verdict(m, look, fmt.Sprintf("no container of it is left, and the state has moved (serial %d, the plan is of %d): look what changed it", now.Serial, m.Serial))
}
