package bot

import (
	"fmt"
	"slices"
	"strings"

	"interlock/agent"
)

// most is how many lines a card shows; the rest is counted.
const most = 25

// planLines is one line an attribute, destroys first, so that what matters most
// is never cut.
func planLines(resources []agent.PlanResource, most int) (lines []Line) {
	sorted := slices.Clone(resources)
	slices.SortStableFunc(sorted, func(a, b agent.PlanResource) int { return rank(a.Action) - rank(b.Action) })
	for _, r := range sorted {
		if len(r.Attributes) == 0 {
			lines = append(lines, Line{Action: r.Action, Resource: plain(r.Address)})
		}
		for _, a := range r.Attributes {
			lines = append(lines, Line{Action: r.Action, Resource: plain(r.Address), Attribute: plain(a.Path), Before: plain(a.Before), After: plain(a.After)})
		}
	}
	return cut(lines, most)
}

// rank orders actions, the most dangerous first; what is not listed comes last.
func rank(action string) int {
	order := []string{"delete", "replace", "forget", "update", "create"}
	if i := slices.Index(order, action); i >= 0 {
		return i
	}
	return len(order)
}

// planCard shows a plan that nobody has asked to apply yet.
func planCard(p agent.Plan, artifact string) Card {
	c := Card{
		Title: "Plan of " + p.Stack, Status: "planned, nothing changed", Lines: planLines(p.Resources, most),
		Fields: []Field{{"Where", p.Stack + " (" + p.Environment + ")"}, {"Code", short(p.Commit)}, {"Would do", p.Counts()}},
		Next:   "Nothing runs until somebody asks to apply it and others approve.",
	}
	switch {
	case !p.Changes():
		c.Status, c.Tone, c.Next = "nothing to do", Good, ""
	case !p.Reviewed:
		c.Next = "This is a plan of an edited workspace: it can be read, but never applied. Changes go through review."
	default:
		c.Buttons = []Button{{Label: labelApply, Verb: verbApply, Value: artifact, Style: Primary}}
	}
	c.Fallback = fmt.Sprintf("Plan of %s (%s): %s", p.Stack, p.Environment, p.Counts())
	return c
}

// scanCard tells what a scan saw: drift, none, or that it could not look.
func scanCard(s agent.ScanNews) Card {
	if s.Failed != "" {
		return Card{
			Title: s.Stack + " was not scanned", Status: "not scanned", Tone: Bad, Body: plain(s.Failed),
			Next:    "Whether it drifted is not known. Mend the cause, then scan again.",
			Buttons: []Button{{Label: labelScan, Verb: verbScan, Value: s.Stack}}, Fallback: s.Stack + " was not scanned: " + plain(s.Failed),
		}
	}
	if s.Scanner != "" {
		return rulesCard(s)
	}
	found := slices.Concat(s.New, s.Known)
	c := Card{Fields: []Field{{"Where", s.Stack + " (" + s.Environment + ")"}, {"Code", short(s.Commit)}}}
	if s.Pending != nil && s.Pending.Changes() {
		c.Fields = append(c.Fields, Field{"Also pending in the code", s.Pending.Counts()})
	}
	if len(found) == 0 {
		c.Title, c.Status, c.Tone = s.Stack+" matches its code", "no drift", Good
		if n := len(s.Gone); n > 0 {
			c.Body = count(n, "finding") + " gone since the last scan."
		}
		c.Fallback = c.Title + ": no drift"
		return c
	}
	n := resources(found)
	c.Title = fmt.Sprintf("%s drifted: %s", s.Stack, count(n, "resource"))
	c.Status, c.Tone = scanStatus(s), Bad
	c.Lines = driftLines(agent.Drift{Findings: found})
	c.Fields = append(c.Fields, Field{"World changed by", "unknown (no audit log)"})
	c.Next = labelFix + " plans the reviewed code and asks for approval. Nothing changes before that."
	c.Buttons = []Button{{Label: labelFix, Verb: verbFix, Value: s.Stack, Style: Primary}, {Label: labelScan, Verb: verbScan, Value: s.Stack}}
	c.Fallback = c.Title + ", " + sentence(found[0])
	return c
}

// rulesCard tells what a scanner of rules saw. Nothing of it can be put back.
func rulesCard(s agent.ScanNews) Card {
	found := slices.Concat(s.New, s.Known)
	c := Card{
		Title: fmt.Sprintf("%s: %s by %s", s.Stack, count(len(found), "finding"), plain(s.Scanner)), Tone: Bad, Status: scanStatus(s),
		Fields: []Field{{"Where", s.Stack + " (" + s.Environment + ")"}, {"Code", short(s.Commit)}}, Lines: driftLines(agent.Drift{Findings: found}),
	}
	if len(found) == 0 {
		c.Status, c.Tone = "it keeps the rules", Good
	}
	c.Fallback = c.Title
	return c
}

func scanStatus(s agent.ScanNews) string {
	return fmt.Sprintf("%d new, %d known, %d gone", len(s.New), len(s.Known), len(s.Gone))
}

func resources(found []agent.Finding) int {
	seen := map[string]bool{}
	for _, f := range found {
		seen[f.Resource] = true
	}
	return len(seen)
}

// sentence says one finding as a person would.
func sentence(f agent.Finding) string {
	if f.Scanner != "" {
		return fmt.Sprintf("%s breaks %s of %s: %s", plain(f.Resource), plain(f.Rule), plain(f.Scanner), plain(f.Title))
	}
	name := strings.TrimSpace(plain(f.Resource) + " " + plain(f.Attribute))
	return fmt.Sprintf("%s, code %s, real %s", name, plain(f.Code), plain(f.Real))
}

// difference says what moved between two plans of the same thing.
func difference(was, now agent.Plan) string {
	before, after := flat(was), flat(now)
	var parts []string
	for _, l := range after {
		if !slices.Contains(before, l) {
			parts = append(parts, "now: "+l)
		}
	}
	for _, l := range before {
		if !slices.Contains(after, l) {
			parts = append(parts, "no longer: "+l)
		}
	}
	if len(parts) == 0 {
		return "the same changes, planned anew"
	}
	return strings.Join(parts[:min(len(parts), 8)], "; ")
}

func flat(p agent.Plan) (lines []string) {
	for _, l := range planLines(p.Resources, most) {
		text := strings.TrimSpace(l.Action + " " + l.Resource + " " + l.Attribute)
		if l.Before != "" || l.After != "" {
			text += ": " + l.Before + " to " + l.After
		}
		lines = append(lines, text)
	}
	return lines
}
