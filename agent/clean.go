package agent

import "slices"

// Clean takes secrets out of a result before anything else sees it: the record, the
// model, a card. Tools work on what is true, and tell of it only here. What the
// tool still holds is not changed. A nil redact takes nothing out.
func Clean(redact func(text string) string, res *ToolResult) {
	if redact == nil {
		return
	}
	c := cleaner(redact)
	res.Text, res.Plan = c(res.Text), c.plan(res.Plan)
	if res.Scan != nil {
		scan := *res.Scan
		scan.Failed, scan.Pending = c(scan.Failed), c.plan(scan.Pending)
		scan.New, scan.Known, scan.Gone = c.findings(scan.New), c.findings(scan.Known), c.findings(scan.Gone)
		res.Scan = &scan
	}
}

type cleaner func(text string) string

func (c cleaner) plan(p *Plan) *Plan {
	if p == nil || c == nil {
		return p
	}
	clean := *p
	clean.Resources, clean.Drifted = c.resources(p.Resources), c.resources(p.Drifted)
	return &clean
}

func (c cleaner) resources(all []PlanResource) []PlanResource {
	all = slices.Clone(all)
	for i := range all {
		all[i].Attributes = slices.Clone(all[i].Attributes)
		for j := range all[i].Attributes {
			a := &all[i].Attributes[j]
			a.Before, a.After = c.value(a.Path, a.Before), c.value(a.Path, a.After)
		}
	}
	return all
}

func (c cleaner) findings(all []Finding) []Finding {
	all = slices.Clone(all)
	for i := range all {
		f := &all[i]
		f.Code, f.Real = c.value(f.Attribute, f.Code), c.value(f.Attribute, f.Real)
		f.Title, f.Rule, f.Resource = c(f.Title), c(f.Rule), c(f.Resource)
	}
	return all
}

// value is one value of an attribute: what it is called tells what it may be.
func (c cleaner) value(name, value string) string {
	if value == "" {
		return ""
	}
	head := name + ": "
	if out := c(head + value); len(out) >= len(head) && out[:len(head)] == head {
		return out[len(head):]
	}
	return c(value)
}
