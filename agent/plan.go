package agent

import (
	"fmt"
	"maps"
	"slices"

	"interlock/rbac"
)

// Plan says what a stored plan would do, counted from the plan's own data.
// Values that the plan marks sensitive are never in it.
type Plan struct {
	Stack, Environment, Commit string
	Reviewed                   bool // made from a reviewed commit, not from an edited workspace

	Create, Update, Delete, Replace, Read, Noop, Moved, Imported, Drift int
	Outputs                                                             int // changed outputs
	Errored                                                             bool

	Resources []PlanResource `json:",omitempty"` // what changes, without reads and noops
	Drifted   []PlanResource `json:",omitempty"` // what the world changed behind the code's back
}

// PlanResource is one resource in a Plan. Action is "create", "update",
// "delete", "replace", "read", "moved", "imported" or "forget".
type PlanResource struct {
	Address, Type, Action string
	Attributes            []PlanAttribute `json:",omitempty"`
}

// PlanAttribute is one changed attribute, as short text on both sides.
type PlanAttribute struct{ Path, Before, After string }

// Destroys tells whether anything is destroyed or replaced.
func (p *Plan) Destroys() bool { return p.Delete > 0 || p.Replace > 0 }

// Changes tells whether applying the plan would do anything at all. A resource
// that is only forgotten has no count of its own, and yet the state would change.
func (p *Plan) Changes() bool {
	return p.Create+p.Update+p.Delete+p.Replace+p.Moved+p.Imported+p.Outputs+len(p.Resources) > 0
}

// Blast is how much applying the plan would touch.
func (p *Plan) Blast() rbac.Blast {
	kinds := map[string]bool{}
	for _, r := range p.Resources {
		if r.Type != "" {
			kinds[r.Type] = true
		}
	}
	return rbac.Blast{
		Known: true, Resources: max(len(p.Resources), p.Create+p.Update+p.Delete+p.Replace+p.Moved+p.Imported),
		Destroys: p.Delete + p.Replace, Kinds: slices.Sorted(maps.Keys(kinds)),
	}
}

// Counts is the numbers in one line, the same on every surface.
func (p *Plan) Counts() string {
	return fmt.Sprintf("%d to add, %d to change, %d to replace, %d to destroy", p.Create, p.Update, p.Replace, p.Delete)
}
