// Package keep is the tool drift_keep: it writes what the world really has into the
// code of a stack, so that people can review that instead of putting it back. It asks
// no model, changes nothing live, and must never write a sensitive value.
package keep

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/rbac"
)

const name = "drift_keep"

// planLimit is for one of the two plans.
const planLimit = 10 * time.Minute

const description = `Writes the drift of a stack into its code: the values that the world has, in a copy of the reviewed code, as a patch. Use it when what was changed by hand is to stay; not to put it back, which a plan and an apply of the code as it is do.
Effect: proposes an edit of this session's copy, and plans it to see what is left. Nothing live is touched.
Example: {"stack": "payments-prod"}`

const schema = `{
	"type": "object", "additionalProperties": false, "required": ["stack"],
	"properties": {"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."}}
}`

// Tool is drift_keep.
type Tool struct{ Deps tofu.Deps }

var _ agent.Tool = Tool{}

// New makes the tool.
func New(d tofu.Deps) Tool { return Tool{d} }

// Spec describes the tool.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: name, Description: description, Schema: json.RawMessage(schema), Lost: agent.Rerun, Plans: true, Limit: 2*planLimit + time.Minute}
}

// Action says what the call would do: it plans an edited copy, which is to propose it.
func (t Tool) Action(ctx context.Context, org string, args json.RawMessage) (rbac.Action, error) {
	a, err := parse(args)
	if err != nil {
		return rbac.Action{}, err
	}
	return t.Deps.Effect(ctx, org, name, tofu.Args{Stack: a.Stack, Workspace: true})
}

func parse(raw json.RawMessage) (tofu.Args, error) {
	var only struct {
		Stack string `json:"stack"`
	}
	err := tofu.Decode(raw, &only)
	return tofu.Args{Stack: only.Stack}, err
}

// Run plans the reviewed code, writes what drifted into a copy, and plans that.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, err := parse(c.Args)
	if err != nil {
		return agent.ToolResult{}, err
	}
	origin := "drift of " + a.Stack
	e.Tell("looking what " + a.Stack + " really is")
	src, err := t.Deps.Source(ctx, e, c, a)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	p, err := t.Deps.Plan(ctx, e, c, src, planLimit)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	strays, err := tofu.Strays(p.Document, src.Stack.Ignore)
	if err != nil {
		return agent.ToolResult{}, err
	}
	r := report{stack: src.Stack, before: src.Files}
	if len(strays) == 0 {
		return tofu.Result(origin, a.Stack+": no drift, so there is nothing to keep"), nil
	}
	r.work = write(src.Files, src.Stack.Directory, strays)
	if len(r.edited) > 0 {
		e.Tell("planning the edited code of " + a.Stack)
		if r.after, err = t.check(ctx, e, c, src, r.edited); err != nil {
			return agent.ToolResult{}, err
		}
		if r.placed, err = t.place(ctx, e, c, src, r.edited); err != nil {
			return agent.ToolResult{}, err
		}
	}
	res := tofu.Result(origin, r.text())
	res.Failed = len(r.edited) == 0
	return res, nil
}

// check plans the edited code in a fresh container, and says what of it is left.
func (t Tool) check(ctx context.Context, e agent.Env, c agent.ToolCall, src tofu.Source, edited map[string][]byte) (string, error) {
	src.Files, src.Reviewed = maps.Clone(src.Files), false
	maps.Copy(src.Files, edited)
	if err := tofu.Check(src.Files, src.Stack.Directory, src.Stack.Providers); err != nil {
		return "The edited code is refused: " + err.Error(), nil
	}
	c.ID += "/edited" // another call is another container
	p, err := t.Deps.Plan(ctx, e, c, src, planLimit)
	if err != nil {
		res, err := tofu.Failed(err, "")
		return "A plan of the edited code came to nothing: " + res.Text, err
	}
	if !p.Plan.Changes() {
		return "A plan of the edited code shows no change.", nil
	}
	return "A plan of the edited code still has: " + tofu.Text(p.Plan), nil
}
