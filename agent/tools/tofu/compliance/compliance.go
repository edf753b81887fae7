// Package compliance is the tool compliance_scan: it lets a scanner of the image look
// at a stack's reviewed code, and reads what it reports. It must never take a scanner
// that is missing, failed or was not understood for one that found nothing.
package compliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/rbac"
)

const name = "compliance_scan"

const limit = 10 * time.Minute

const description = `Looks at a stack's reviewed code with a scanner that the sandbox image holds (checkov, trivy or tflint), and tells which rules it breaks. Use it for rules about how things are built; not for drift, which drift_scan is for.
Effect: reads the code; nothing is changed, and nothing is fetched.
Example: {"stack": "payments-prod", "scanner": "trivy"}`

const schema = `{
	"type": "object", "additionalProperties": false, "required": ["stack", "scanner"],
	"properties": {
		"stack": {"type": "string", "minLength": 1, "description": "Name of the stack."},
		"scanner": {"type": "string", "enum": ["checkov", "trivy", "tflint"], "description": "Which scanner looks."}
	}
}`

// Tool is compliance_scan.
type Tool struct{ Stacks agent.Stacks }

var _ agent.Tool = Tool{}

type args struct {
	Stack   string `json:"stack"`
	Scanner string `json:"scanner"`
}

// Spec describes the tool.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{Name: name, Description: description, Schema: json.RawMessage(schema), Lost: agent.Rerun, Limit: limit}
}

// Action says what the call would do: it only reads.
func (t Tool) Action(ctx context.Context, org string, raw json.RawMessage) (rbac.Action, error) {
	_, s, err := t.parse(ctx, org, raw)
	return rbac.Action{Tool: name, Stack: s.Name, Environment: s.Environment, Effect: rbac.Read}, err
}

// refusal is why a call cannot be, in words for whoever asked.
type refusal struct{ error }

func (t Tool) parse(ctx context.Context, org string, raw json.RawMessage) (a args, s agent.Stack, err error) {
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, s, refusal{fmt.Errorf("arguments: %w", err)}
	}
	if scanners[a.Scanner].read == nil {
		return a, s, refusal{fmt.Errorf("there is no scanner %q: checkov, trivy and tflint are known", a.Scanner)}
	}
	s, err = t.Stacks.Stack(ctx, org, a.Stack)
	switch {
	case errors.Is(err, agent.ErrNotFound):
		return a, s, refusal{fmt.Errorf("there is no stack %q", a.Stack)}
	case err != nil:
		return a, s, fmt.Errorf("read stack: %w", err)
	}
	s.Directory = path.Clean("./" + s.Directory)
	if !fs.ValidPath(s.Directory) || path.IsAbs(s.VarFile) || !fs.ValidPath(path.Join(s.Directory, s.VarFile)) {
		return a, s, refusal{fmt.Errorf("stack %q has a bad directory or var_file", a.Stack)}
	}
	return a, s, nil
}

// Run scans. The result has every finding; which of them are new is for the runner to
// say.
func (t Tool) Run(ctx context.Context, e agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, s, err := t.parse(ctx, e.Org, c.Args)
	if r, ok := errors.AsType[refusal](err); ok {
		return failed(a, "%s", r.Error()), nil
	}
	if err != nil {
		return agent.ToolResult{}, err
	}
	e.Tell(a.Scanner + " looks at " + a.Stack)
	commit, err := t.Stacks.Head(ctx, e.Org, a.Stack)
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("find newest commit: %w", err)
	}
	files, err := t.Stacks.Files(ctx, e.Org, a.Stack, commit)
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("read code: %w", err)
	}
	if err := tofu.Readable(files, s.Directory); err != nil { // trivy leaves out what it cannot read, and says nothing
		return failed(a, "%s was not scanned with %s: %v", a.Stack, a.Scanner, err), nil
	}
	out, err := e.Box.Exec(ctx, command(e, c, a, s, files))
	if err != nil {
		return agent.ToolResult{}, fmt.Errorf("scan: %w", err)
	}
	found, err := judge(a.Scanner, out)
	if err != nil {
		return failed(a, "%s was not scanned with %s: %v", a.Stack, a.Scanner, err), nil
	}
	news := agent.ScanNews{Stack: a.Stack, Environment: s.Environment, Commit: commit, Scanner: a.Scanner}
	news.New = findings(e.Org, a, s.Directory, found)
	res := result(a, text(a, news.New))
	res.Scan = &news
	return res, nil
}

// failed never carries news: a scan that came to nothing found nothing out.
func failed(a args, format string, words ...any) agent.ToolResult {
	res := result(a, fmt.Sprintf(format, words...))
	res.Failed = true
	return res
}

// result has the careful Label: a scanner repeats what stands in the code.
func result(a args, text string) agent.ToolResult {
	res := agent.ToolResult{Text: text}
	res.Label.Origins = []string{a.Scanner + " scan of " + a.Stack}
	return res
}
