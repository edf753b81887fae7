package agent

import "slices"

// clean takes secrets out of a result before anything else sees it: the record, the
// model, a card. Tools work on what is true, and tell of it only here.
func (u *run) clean(res *ToolResult) {
	if u.Redact == nil {
		return
	}
	res.Text = u.Redact(res.Text)
	res.Plan = u.cleanPlan(res.Plan)
	if res.Scan != nil {
		scan := *res.Scan
		scan.Failed, scan.Pending = u.Redact(scan.Failed), u.cleanPlan(scan.Pending)
		scan.New, scan.Known, scan.Gone = u.cleanFindings(scan.New), u.cleanFindings(scan.Known), u.cleanFindings(scan.Gone)
		res.Scan = &scan
	}
}

func (u *run) cleanPlan(p *Plan) *Plan {
	if p == nil || u.Redact == nil {
		return p
	}
	c := *p
	c.Resources, c.Drifted = u.cleanResources(p.Resources), u.cleanResources(p.Drifted)
	return &c
}

func (u *run) cleanResources(all []PlanResource) []PlanResource {
	all = slices.Clone(all)
	for i := range all {
		all[i].Attributes = slices.Clone(all[i].Attributes)
		for j := range all[i].Attributes {
			a := &all[i].Attributes[j]
			a.Before, a.After = u.value(a.Path, a.Before), u.value(a.Path, a.After)
		}
	}
	return all
}

func (u *run) cleanFindings(all []Finding) []Finding {
	all = slices.Clone(all)
	for i := range all {
		f := &all[i]
		f.Code, f.Real = u.value(f.Attribute, f.Code), u.value(f.Attribute, f.Real)
	}
	return all
}

// value is one value of an attribute: what it is called tells what it may be.
func (u *run) value(name, value string) string {
	if value == "" {
		return ""
	}
	head := name + ": "
	if out := u.Redact(head + value); len(out) >= len(head) && out[:len(head)] == head {
		return out[len(head):]
	}
	return u.Redact(value)
}
