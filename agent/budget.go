package agent

import (
	"fmt"
	"time"

	"interlock/rbac"
)

// Profile is an agent type: what it may use and how much.
type Profile struct {
	Name   string
	Model  string        // name of the model; empty is the default
	Image  string        // of the session's container; empty is the default
	Reach  []string      // hosts that its commands can reach without a credential
	Tools  rbac.ToolList // what it may use
	Budget Budget
}

// Budget limits what one turn may spend, over all runs that it takes: a run
// that rested at a card does not begin anew. A limit of zero allows nothing.
// Tokens are those of Usage.Fresh.
type Budget struct {
	Steps, Calls, Tokens, Plans int
	Cost                        Money         // by the price table; a model without a price costs nothing
	Wall                        time.Duration // of one run, waiting for people not counted
}

// spent counts what the turn has used.
func (s *Session) spent(turn string, tools Toolset) (sp Spent) {
	for _, ev := range s.Events {
		if ev.Turn != turn {
			continue
		}
		if b := ev.Payload.Bill; b != nil {
			sp.add(*b)
		}
		switch ev.Kind {
		case KindStep:
			sp.Steps++
		case KindPassage:
			switch p := ev.Payload.Passage; {
			case p == nil: // erased
			case p.Allowed:
				sp.Passages++
			default:
				sp.Refusals++
			}
		case KindStarted:
			sp.Calls++
			if t, ok := tools.Tool(ev.Payload.Call.Tool); ok && t.Spec().Plans {
				sp.Plans++
			}
		}
	}
	return sp
}

func (sp *Spent) add(b Bill) {
	sp.Usage, sp.Cost = sp.Usage.Plus(b.Usage), sp.Cost+b.Cost
	if !b.Priced {
		sp.Unpriced++
	}
}

// overStep says which limit forbids another step, if any.
func (b Budget) overStep(sp Spent) string {
	switch {
	case sp.Steps >= b.Steps:
		return fmt.Sprintf("steps (%d)", b.Steps)
	case sp.Usage.Fresh() >= b.Tokens:
		return fmt.Sprintf("tokens (%d)", b.Tokens)
	case sp.Cost >= b.Cost:
		return fmt.Sprintf("money (%s)", b.Cost)
	case sp.Wall >= b.Wall:
		return fmt.Sprintf("time (%s)", b.Wall)
	}
	return ""
}

// overCall says which limit forbids another call, if any.
func (b Budget) overCall(sp Spent, spec ToolSpec) string {
	switch {
	case sp.Calls >= b.Calls:
		return fmt.Sprintf("tool calls (%d)", b.Calls)
	case spec.Plans && sp.Plans >= b.Plans:
		return fmt.Sprintf("plan runs (%d)", b.Plans)
	case sp.Wall >= b.Wall:
		return fmt.Sprintf("time (%s)", b.Wall)
	}
	return ""
}
