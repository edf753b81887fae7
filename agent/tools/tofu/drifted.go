package tofu

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"interlock/agent"
)

// gone is what the world has of a resource that somebody deleted there.
const gone = "gone"

// Drift reads a plan document for what the world has otherwise than the state:
// one finding per resource and attribute. pending is what the code would change
// beside that; putting the drift itself back is not part of it.
func Drift(org, stack string, planJSON []byte) (found []agent.Finding, pending agent.Plan, err error) {
	d, err := parse(planJSON)
	if err != nil {
		return nil, pending, err
	}
	whole, err := d.plan()
	if err != nil {
		return nil, pending, err
	}
	for _, r := range whole.Drifted {
		found = append(found, findings(org, stack, r)...)
	}
	pending, err = d.pending()
	pending.Drift, pending.Drifted = whole.Drift, whole.Drifted
	return found, pending, err
}

func findings(org, stack string, r agent.PlanResource) []agent.Finding {
	if r.Action == "delete" {
		return []agent.Finding{{
			Org: org, Stack: stack, Resource: r.Address, Code: "present", Real: gone, Fingerprint: fingerprint(stack, r.Address, ""),
		}}
	}
	var all []agent.Finding
	for _, a := range r.Attributes {
		all = append(all, agent.Finding{
			Org: org, Stack: stack, Resource: r.Address, Attribute: a.Path, Code: a.Before, Real: a.After,
			Fingerprint: fingerprint(stack, r.Address, a.Path),
		})
	}
	return all
}

// fingerprint leaves the values out: the same drift that goes on moving is one
// finding. The lengths keep two places from ever giving the same bytes.
func fingerprint(stack, address, path string) string {
	h := sha256.New()
	for _, f := range []string{stack, address, path} {
		fmt.Fprintf(h, "%d:%s", len(f), f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// drifted tells what the world changed on a resource. One that was only moved
// in the code has not drifted.
func (d *document) drifted(r *tfjson.ResourceChange) (agent.PlanResource, bool, error) {
	action, err := actionOf(r)
	if err != nil {
		return agent.PlanResource{}, false, err
	}
	diffs := changeDiff(r.Change)
	if action == "no-op" || action != "delete" && len(diffs) == 0 {
		return agent.PlanResource{}, false, nil
	}
	return d.resource(r, action, diffs), true, nil
}

// pending counts the planned changes without those that only undo drift.
func (d *document) pending() (agent.Plan, error) {
	was := map[[2]string]*tfjson.Change{}
	for _, r := range d.ResourceDrift {
		was[[2]string{r.Address, r.DeposedKey}] = r.Change
	}
	rest := *d
	rest.ResourceChanges, rest.ResourceDrift = nil, nil
	for _, r := range d.ResourceChanges {
		drift, ok := was[[2]string{r.Address, r.DeposedKey}]
		if !ok || r.Change.Actions.NoOp() || r.Change.Actions.Read() {
			rest.ResourceChanges = append(rest.ResourceChanges, r)
			continue
		}
		if left := d.beside(r, drift); left != nil {
			rest.ResourceChanges = append(rest.ResourceChanges, left)
		}
	}
	return rest.plan()
}

// beside is a planned change as it would be without the drift, or nil when it
// only puts the drift back.
func (d *document) beside(r *tfjson.ResourceChange, drift *tfjson.Change) *tfjson.ResourceChange {
	c := *r.Change
	c.Before, c.BeforeSensitive = drift.Before, drift.BeforeSensitive
	changes := c.After == nil // it is to be deleted or forgotten: that is no undoing
	for _, f := range changeDiff(&c) {
		changes = changes || !f.unknown || drift.After != nil && !d.computed(r, f)
	}
	switch {
	case !changes && !moved(r) && c.Importing == nil:
		return nil
	case !changes:
		c.Actions, c.After, c.AfterUnknown = tfjson.Actions{tfjson.ActionNoop}, c.Before, nil
	case c.Actions.Create() && drift.After == nil:
		c.Actions = tfjson.Actions{tfjson.ActionUpdate}
	}
	left := *r
	left.Change = &c
	return &left
}

// computed tells whether a difference is a value that the provider makes anew
// when it puts a resource back. What the code sets is a change of the code.
func (d *document) computed(r *tfjson.ResourceChange, f difference) bool {
	name, _, _ := strings.Cut(f.path, ".")
	name, _, _ = strings.Cut(name, "[")
	return !d.sets[withoutIndexes(r.Address)+" "+name]
}

// withoutIndexes is an address as the configuration has it. A key may hold
// brackets itself, within quotes.
func withoutIndexes(address string) string {
	var b strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range address {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case depth > 0 && r == '"':
			quoted = !quoted
		case !quoted && r == '[':
			depth++
		case !quoted && r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
