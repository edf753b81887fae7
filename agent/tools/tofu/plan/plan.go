// Package plan is the tool tofu_plan: it plans a stack and keeps the plan. It
// must never change a state or the world, nor plan code that was not checked.
package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/rbac"
)

const name = "tofu_plan"

const limit = 10 * time.Minute

const description = `Plans a stack: what applying its code would change in the world. The plan is stored, and its id is what tofu_apply takes. Use it before any change, and to show what an edit would do; not to look for drift, which drift_scan does.
Effect: reads, for the newest reviewed commit; proposes, for the edited workspace of this session, whose plan can never be applied. Nothing live is touched.
Example: {"stack": "payments-prod"}`

const schema = `{
	"type": "object", "additionalProperties": false, "required": ["stack"],
	"properties": {
		"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
		"workspace": {"type": "boolean", "description": "True plans the edited workspace of this session; otherwise the newest reviewed commit."}
	}
}`

// Tool is tofu_plan.
type Tool struct{ Deps tofu.Deps }

var _ agent.Tool = Tool{}

// New makes the tool.
func New(d tofu.Deps) Tool { return Tool{d} }

// Spec describes the tool.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: name, Description: description, Schema: json.RawMessage(schema), Lost: agent.Rerun, Plans: true, Limit: limit}
}

// Action says what the call would do.
func (t Tool) Action(ctx context.Context, org string, args json.RawMessage) (rbac.Action, error) {
	a, err := tofu.ParseArgs(args)
	if err != nil {
		return rbac.Action{}, err
	}
	return t.Deps.Effect(ctx, org, name, a)
}

// Run plans and keeps the plan. A plan that changes nothing is kept too.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, err := tofu.ParseArgs(c.Args)
	if err != nil {
		return agent.ToolResult{}, err
	}
	origin := "plan of " + a.Stack
	e.Tell("planning " + a.Stack)
	src, err := t.Deps.Source(ctx, e, c, a)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	p, err := t.Deps.Plan(ctx, e, c, src, limit)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	id, err := t.Deps.KeepPlan(ctx, e, p.File, p.Meta)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	res := tofu.Result(origin, text(p.Plan, id))
	res.Artifact, res.Plan = id, &p.Plan
	return res, nil
}

func text(p agent.Plan, id string) string {
	if !p.Changes() {
		return fmt.Sprintf("%s: the plan changes nothing, the world already matches the code\nplan: %s", p.Stack, id)
	}
	s := tofu.Text(p) + "\nplan: " + id
	if !p.Reviewed {
		s += "\nThis is a plan of an edited workspace: it can be read, but never applied."
	}
	return s
}
