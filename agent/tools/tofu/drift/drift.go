// Package drift is the tool drift_scan: it compares the world with a stack's
// reviewed code. It must never change either, nor take a failure for no drift.
package drift

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/rbac"
)

const name = "drift_scan"

const limit = 10 * time.Minute

// shown is how many findings the text names; the result has them all.
const shown = 20

const description = `Scans a stack for drift: what in the world is no longer as the reviewed code says, and what of the code is not applied yet. Use it when something may have been changed by hand, and after each apply; not for edited code, which tofu_plan is for.
Effect: reads; nothing is changed.
Example: {"stack": "payments-prod"}`

const schema = `{
	"type": "object", "additionalProperties": false, "required": ["stack"],
	"properties": {"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."}}
}`

// Tool is drift_scan.
type Tool struct{ Deps tofu.Deps }

var _ agent.Tool = Tool{}

// New makes the tool.
func New(d tofu.Deps) Tool { return Tool{d} }

// Spec describes the tool.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: name, Description: description, Schema: json.RawMessage(schema), Lost: agent.Rerun, Plans: true, Limit: limit}
}

// Action says what the call would do: it only reads.
func (t Tool) Action(ctx context.Context, org string, args json.RawMessage) (rbac.Action, error) {
	a, err := parse(args)
	if err != nil {
		return rbac.Action{}, err
	}
	return t.Deps.Effect(ctx, org, name, a)
}

// parse takes a stack only: an edited workspace has nothing to drift from.
func parse(raw json.RawMessage) (a tofu.Args, err error) {
	var only struct {
		Stack string `json:"stack"`
	}
	if err := tofu.Decode(raw, &only); err != nil {
		return a, err
	}
	return tofu.Args{Stack: only.Stack}, nil
}

// Run scans. The result has every finding; which of them are new is for the
// runner to say.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, err := parse(c.Args)
	if err != nil {
		return agent.ToolResult{}, err
	}
	origin := "drift scan of " + a.Stack
	e.Tell("scanning " + a.Stack)
	src, err := t.Deps.Source(ctx, e, c, a)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	p, err := t.Deps.Plan(ctx, e, c, src, limit)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	found, pending, err := tofu.Drift(e.Org, a.Stack, p.Document)
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("read drift: %w", err)
	}
	pending.Stack, pending.Environment, pending.Commit, pending.Reviewed = a.Stack, p.Environment, p.Commit, true
	found, ignored := tofu.Heed(src.Stack.Ignore, found)
	res := tofu.Result(origin, text(a.Stack, found, ignored, pending))
	res.Scan = &agent.ScanNews{
		Stack: a.Stack, Environment: p.Environment, Commit: p.Commit, New: found, Ignored: ignored,
		Authored: t.Deps.Authored(ctx, e.Org, a.Stack, p.Commit),
	}
	if pending.Changes() {
		res.Scan.Pending = &pending
	}
	return res, nil
}

func text(stack string, found []agent.Finding, ignored int, pending agent.Plan) string {
	lines := []string{fmt.Sprintf("%s: %d findings of drift", stack, len(found))}
	switch len(found) {
	case 0:
		lines[0] = stack + ": no drift"
	case 1:
		lines[0] = stack + ": 1 finding of drift"
	}
	for i, f := range found {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(found)-i))
			break
		}
		lines = append(lines, sentence(f))
	}
	if ignored > 0 {
		lines = append(lines, fmt.Sprintf("left out by the rules of the stack's ignore: %d", ignored))
	}
	if pending.Changes() {
		lines = append(lines, "not applied yet, beside the drift: "+pending.Counts())
	}
	return strings.Join(lines, "\n")
}

func sentence(f agent.Finding) string {
	if f.Attribute == "" {
		return f.Resource + " is gone from the world"
	}
	if f.Code == tofu.Sensitive && f.Real == tofu.Sensitive {
		return f.Resource + " " + f.Attribute + ": changed in the world, its values are sensitive"
	}
	return fmt.Sprintf("%s %s: the code says %s, the world has %s", f.Resource, f.Attribute, f.Code, f.Real)
}
