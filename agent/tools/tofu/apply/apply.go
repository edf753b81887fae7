// Package apply is the tool tofu_apply: it applies exactly a stored plan. It
// must never plan afresh, nor say more of the outcome than is known.
package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/rbac"
)

const name = "tofu_apply"

// limit is for the whole call; the command's own ends a little earlier, so that
// the outcome is still judged within the call.
const (
	limit   = 30 * time.Minute
	command = limit - 2*time.Minute
)

const description = `Applies exactly one stored plan, made by tofu_plan from a reviewed commit. Use it when people asked for the change, right after tofu_plan and with the id that it gave; not for a plan of an edited workspace, which is refused. The call rests until people approve it on a card that shows the plan.
Effect: changes live infrastructure, or destroys when anything is deleted or replaced.
Example: {"plan": "3f5a..."}`

const schema = `{
	"type": "object", "additionalProperties": false, "required": ["plan"],
	"properties": {"plan": {"type": "string", "minLength": 1, "description": "Id of the stored plan, as tofu_plan gave it."}}
}`

// Tool is tofu_apply.
type Tool struct{ Deps tofu.Deps }

var (
	_ agent.Tool     = Tool{}
	_ agent.Binder   = Tool{}
	_ agent.Prober   = Tool{}
	_ agent.Repeater = Tool{}
)

// New makes the tool.
func New(d tofu.Deps) Tool { return Tool{d} }

// Spec describes the tool.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: name, Description: description, Schema: json.RawMessage(schema), Lost: agent.Probeable, Limit: limit}
}

// stored reads the plan that the arguments name.
func (t Tool) stored(ctx context.Context, org string, raw json.RawMessage) (agent.Artifact, tofu.Meta, error) {
	var a struct {
		Plan string `json:"plan"`
	}
	if err := tofu.Decode(raw, &a); err != nil {
		return agent.Artifact{}, tofu.Meta{}, err
	}
	return t.Deps.Stored(ctx, org, a.Plan)
}

// Action says what applying the plan would do, or why it cannot be applied.
func (t Tool) Action(ctx context.Context, org string, args json.RawMessage) (rbac.Action, error) {
	_, m, err := t.stored(ctx, org, args)
	if err != nil {
		return rbac.Action{}, err
	}
	s, err := t.Deps.Stack(ctx, org, m.Stack)
	if err != nil {
		return rbac.Action{}, err
	}
	if err := applicable(s, m); err != nil {
		return rbac.Action{}, err
	}
	switch now, err := t.Deps.Standing(ctx, s); {
	case err != nil:
		return rbac.Action{}, err
	case now.Changed != m.Changed:
		return rbac.Action{}, fmt.Errorf("another change of %s has begun since this plan: plan again", m.Stack)
	}
	act := rbac.Action{Tool: name, Stack: s.Name, Environment: s.Environment, Effect: rbac.Change, Blast: m.Plan.Blast()}
	if m.Plan.Destroys() {
		act.Effect = rbac.Destroy
	}
	return act, nil
}

func applicable(s agent.Stack, m tofu.Meta) error {
	switch {
	case !m.Reviewed:
		return fmt.Errorf("this plan was made from an edited workspace: bring the change through review, then plan %s again", m.Stack)
	case m.Plan.Errored:
		return fmt.Errorf("this plan of %s failed: plan again", m.Stack)
	case !m.Plan.Changes():
		return fmt.Errorf("nothing to apply: %s already matches", m.Stack)
	case s.State == "":
		return fmt.Errorf("%s has no folder of state: set its state in the configuration", m.Stack)
	case s.Directory != m.Directory || s.Environment != m.Environment || s.Workspace != m.Workspace:
		return fmt.Errorf("%s was configured otherwise when this was planned: plan again", m.Stack)
	}
	return nil
}

// Bind tells what the approval stands on, as it is now.
func (t Tool) Bind(ctx context.Context, org string, args json.RawMessage) (b agent.Bound, err error) {
	a, m, err := t.stored(ctx, org, args)
	if err != nil {
		return b, err
	}
	s, err := t.Deps.Stack(ctx, org, m.Stack)
	if err != nil {
		return b, err
	}
	if b.Artifact, err = hash(a); err != nil {
		return b, err
	}
	now, err := t.Deps.Standing(ctx, s)
	if err != nil {
		return b, err
	}
	b.Serial, b.Lineage, b.Changed = now.Serial, now.Lineage, now.Changed
	if b.Commit, err = t.Deps.Stacks.Head(ctx, org, m.Stack); err != nil {
		return b, fmt.Errorf("find newest commit: %w", err)
	}
	if b.Image, err = t.Deps.Box.Image(ctx, s.Image); err != nil {
		return b, fmt.Errorf("find image: %w", err)
	}
	b.Plan, b.Summary = &m.Plan, m.Stack+": "+tofu.Counts(m.Plan)
	return b, nil
}

// hash counts the bytes anew: what is applied must be what its name says.
func hash(a agent.Artifact) (string, error) {
	sum := sha256.Sum256(a.Bytes)
	if h := hex.EncodeToString(sum[:]); h == a.ID {
		return h, nil
	}
	return "", errors.New("the stored plan is not what its id says: plan again")
}

// Repeat plans the stack again and applies that.
func (t Tool) Repeat(ctx context.Context, org string, c agent.ToolCall) ([]agent.ToolCall, error) {
	_, m, err := t.stored(ctx, org, c.Args)
	if err != nil {
		return nil, err
	}
	stack, err := json.Marshal(map[string]string{"stack": m.Stack})
	if err != nil {
		return nil, fmt.Errorf("write arguments: %w", err)
	}
	return []agent.ToolCall{
		{Tool: "tofu_plan", Args: stack},
		{Tool: name, Args: json.RawMessage(`{"plan":"$artifact"}`)},
	}, nil
}
