// Package validate is the tool tofu_validate: it checks code against the
// schemas of its providers. It must never touch a state.
package validate

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

const name = "tofu_validate"

const limit = 5 * time.Minute

// shown is how many diagnostics are told.
const shown = 20

const description = `Checks a stack's OpenTofu code: syntax, types and the schemas of its providers. Use it after each edit, before tofu_plan; not to learn what would change, which only a plan tells.
Effect: reads, for the newest reviewed commit; proposes, for the edited workspace of this session. Nothing live is touched.
Example: {"stack": "payments-prod", "workspace": true}`

const schema = `{
	"type": "object", "additionalProperties": false, "required": ["stack"],
	"properties": {
		"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
		"workspace": {"type": "boolean", "description": "True checks the edited workspace of this session; otherwise the newest reviewed commit."}
	}
}`

// Tool is tofu_validate.
type Tool struct{ Deps tofu.Deps }

var _ agent.Tool = Tool{}

// New makes the tool.
func New(d tofu.Deps) Tool { return Tool{d} }

// Spec describes the tool.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: name, Description: description, Schema: json.RawMessage(schema), Lost: agent.Rerun, Limit: limit}
}

// Action says what the call would do.
func (t Tool) Action(ctx context.Context, org string, args json.RawMessage) (rbac.Action, error) {
	a, err := tofu.ParseArgs(args)
	if err != nil {
		return rbac.Action{}, err
	}
	return t.Deps.Effect(ctx, org, name, a)
}

// Run validates. Invalid code is a failed result with the diagnostics.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, err := tofu.ParseArgs(c.Args)
	if err != nil {
		return agent.ToolResult{}, err
	}
	origin := "validation of " + a.Stack
	e.Tell("validating " + a.Stack)
	src, err := t.Deps.Source(ctx, e, c, a)
	if err != nil {
		return tofu.Failed(err, origin)
	}
	src.Stack.State, src.Stack.Mounts = "", nil
	out, err := e.Box.Exec(ctx, tofu.Command(e, c, tofu.Validate, src, nil, limit))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("validate: %w", err)
	}
	return result(a.Stack, origin, tofu.Read(tofu.Validate, src, out)), nil
}

// verdict is the part of tofu's answer that counts.
type verdict struct {
	Valid       *bool `json:"valid"`
	Diagnostics []struct {
		Severity, Summary, Detail string
		Range                     *struct {
			Filename string
			Start    struct{ Line int }
		}
	} `json:"diagnostics"`
}

func result(stack, origin string, o tofu.Outcome) agent.ToolResult {
	var v verdict
	if err := json.Unmarshal(o.Out(tofu.Validate), &v); err != nil || v.Valid == nil || o.Stopped {
		res := tofu.Result(origin, stack+" was not validated: "+o.Why())
		res.Failed = true
		return res
	}
	said := diagnostics(v)
	if *v.Valid {
		return tofu.Result(origin, strings.TrimSpace(stack+" is valid\n"+said))
	}
	res := tofu.Result(origin, stack+" is not valid\n"+said)
	res.Failed = true
	return res
}

func diagnostics(v verdict) string {
	var b strings.Builder
	for i, d := range v.Diagnostics {
		if i == shown {
			fmt.Fprintf(&b, "and %d more\n", len(v.Diagnostics)-i)
			break
		}
		where := ""
		if d.Range != nil {
			where = fmt.Sprintf("%s:%d: ", d.Range.Filename, d.Range.Start.Line)
		}
		fmt.Fprintf(&b, "%s%s: %s. %s\n", where, d.Severity, d.Summary, d.Detail)
	}
	return tofu.Excerpt([]byte(b.String()))
}
