package rbac

import (
	"slices"
	"time"
)

// at is the moment that a request is decided as of.
func (r Request) at() time.Time {
	if r.At.IsZero() {
		return time.Now()
	}
	return r.At
}

// frozen is the freeze that holds the action, the one that ends last.
func (o *orgPolicy) frozen(r Request) (hold *Freeze) {
	if r.Action.Effect < Change {
		return nil
	}
	envs, at := append(o.environments(r.Action), allEnvs), r.at()
	for _, f := range o.Freezes {
		// Clocks differ: what is ordered already holds now, whatever it says.
		began := r.At.IsZero() || !f.At.After(at)
		if began && f.Until.After(at) && slices.Contains(envs, f.Env) && (hold == nil || f.Until.After(hold.Until)) {
			hold = &f
		}
	}
	return hold
}

// allEnvs is what a Freeze calls every environment.
const allEnvs = "all"
