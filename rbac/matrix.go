package rbac

import "fmt"

// Tier is how much may happen without a person. The zero value may least.
type Tier int

// The five tiers.
const (
	Observe Tier = iota
	Recommend
	Draft
	Sandbox
	Gated
)

var tierNames = [...]string{"observe", "recommend", "draft", "sandbox", "gated"}

func (t Tier) String() string {
	if t < Observe || int(t) >= len(tierNames) {
		return "unknown"
	}
	return tierNames[t]
}

// ParseTier reads the name of a tier; the empty name is Observe.
func ParseTier(name string) (Tier, error) {
	if name == "" {
		return Observe, nil
	}
	for t, n := range tierNames {
		if n == name {
			return Tier(t), nil
		}
	}
	return Observe, fmt.Errorf("unknown tier %q", name)
}

// Effect is what a call does to the world. The zero value is refused.
type Effect int

// The effects, from the mildest; Unknown is what nobody classified.
const (
	Unknown Effect = iota
	Read
	Edit    // the workspace
	Propose // a branch, a pull request
	Execute // in the sandbox
	Change  // live
	Destroy // live
)

var effectNames = [...]string{"unknown", "read", "edit", "propose", "execute", "change", "destroy"}

func (e Effect) String() string {
	if e < Unknown || int(e) >= len(effectNames) {
		return "unknown"
	}
	return effectNames[e]
}

// ParseEffect reads the name of an effect; "unknown" is none.
func ParseEffect(name string) (Effect, error) {
	for e := Read; e <= Destroy; e++ {
		if effectNames[e] == name {
			return e, nil
		}
	}
	return Unknown, fmt.Errorf("unknown effect %q", name)
}

// Outward tells whether the effect reaches beyond workspace and sandbox.
func (e Effect) Outward() bool { return e == Propose || e == Change || e == Destroy }

var (
	allow = Decision{Outcome: Allow}
	ask1  = Decision{Outcome: Ask, Approvals: 1, Needs: []Need{{Count: 1}}}
	ask2  = Decision{Outcome: Ask, Approvals: 2, Needs: []Need{{Count: 2}}}
)

// matrix is tier by effect, as data: a cell that is not written is the zero
// Decision, which denies. Configuration may only narrow it.
var matrix = [...][Destroy + 1]Decision{
	Observe:   {Read: allow},
	Recommend: {Read: allow, Edit: allow},
	Draft:     {Read: allow, Edit: allow, Propose: allow},
	Sandbox:   {Read: allow, Edit: allow, Propose: allow, Execute: allow},
	Gated:     {Read: allow, Edit: allow, Propose: allow, Execute: allow, Change: ask1, Destroy: ask2},
}

// lowest is the ceiling of a call: the first of the lowest tier.
func lowest(limits []Ceiling) Ceiling {
	low := limits[0]
	for _, l := range limits[1:] {
		if l.Tier < low.Tier {
			low = l
		}
	}
	return low
}

func ceiling(c Ceiling, e Effect) Decision {
	if c.Tier < Observe || int(c.Tier) >= len(matrix) || e < Unknown || e > Destroy {
		return denied("tier or effect is not known")
	}
	d := matrix[c.Tier][e]
	switch d.Outcome {
	case Deny:
		d.Reasons = []string{fmt.Sprintf("%s is at tier %s, which does not reach %s", c.Of, c.Tier, e)}
	case Ask:
		d.Reasons = []string{fmt.Sprintf("%s needs %s", e, approvals(d.Approvals))}
	}
	return d
}
