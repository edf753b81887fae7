package tofu

import (
	"context"
	"fmt"
	"strings"
	"time"

	"interlock/agent"
)

// Planned is what a run of plan left: the facts, the file and its document.
type Planned struct {
	Meta
	File     []byte
	Document []byte // as tofu show -json prints it; it may hold secrets
}

// Plan runs a plan in a fresh container that can only read state and world. A
// plan that came to nothing is a Refusal with the tool's own words.
func (d Deps) Plan(ctx context.Context, e agent.Env, c agent.ToolCall, src Source, limit time.Duration) (p Planned, err error) {
	before, err := d.Standing(ctx, src.Stack)
	if err != nil {
		return p, &Refusal{Why: fmt.Sprintf("%s was not planned: %s", src.Stack.Name, err), Err: err}
	}
	out, err := e.Box.Exec(ctx, Command(e, c, Plan, src, nil, limit))
	if err != nil {
		return p, fmt.Errorf("plan: %w", err)
	}
	o := Read(Plan, src, out)
	if !o.Done || out.Stopped || len(o.PlanFile()) == 0 {
		return p, refuse("%s was not planned: %s", src.Stack.Name, o.Why())
	}
	if after, err := d.Standing(ctx, src.Stack); err != nil || after != before {
		return p, refuse("%s was not planned: it changed meanwhile, plan again", src.Stack.Name)
	}
	p.Document, p.File = o.Out("show"), o.PlanFile()
	if e.Sensitive != nil {
		e.Sensitive(SensitiveValues(p.Document))
	}
	plan, err := Summarize(p.Document)
	if err == nil && plan.Errored {
		err = refuse("OpenTofu marked the plan as failed")
	}
	if err != nil {
		return p, &Refusal{Why: fmt.Sprintf("%s was not planned: %s", src.Stack.Name, err), Err: err}
	}
	plan.Stack, plan.Environment, plan.Commit, plan.Reviewed = src.Stack.Name, src.Stack.Environment, src.Commit, src.Reviewed
	p.Meta = Meta{
		Stack: plan.Stack, Environment: plan.Environment, Directory: src.Stack.Directory, Workspace: src.Stack.Workspace, Commit: src.Commit,
		Reviewed: src.Reviewed, Standing: before, Image: out.Image, Plan: plan,
	}
	return p, nil
}

// told is how many changes a text names; the plan itself has them all.
const told = 30

// Text says what a plan would do: the counts, then one line a change.
func Text(p agent.Plan) string {
	lines := []string{p.Stack + ": " + Counts(p)}
	for _, r := range p.Resources {
		lines = append(lines, r.Action+" "+r.Address)
		for _, a := range r.Attributes {
			lines = append(lines, "  "+sides(a))
		}
	}
	if n := len(lines) - told; n > 0 {
		lines = append(lines[:told], fmt.Sprintf("and %d more lines", n))
	}
	return strings.Join(lines, "\n")
}

func sides(a agent.PlanAttribute) string {
	switch {
	case a.Before == "":
		return a.Path + ": " + a.After
	case a.After == "":
		return a.Path + ": was " + a.Before
	}
	return a.Path + ": " + a.Before + " -> " + a.After
}

// Counts is the numbers of a plan in one line, with what is not always there.
func Counts(p agent.Plan) string {
	s := p.Counts()
	for _, more := range []struct {
		n    int
		what string
	}{{p.Moved, "moved"}, {p.Imported, "imported"}, {p.Outputs, "outputs changed"}} {
		if more.n > 0 {
			s += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return s
}
