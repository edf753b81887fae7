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
	Tools  rbac.ToolList // what it may use
	Budget Budget
}

// Budget limits what one turn may spend, over all runs that it takes: a run
// that rested at a card does not begin anew. A limit of zero allows nothing.
type Budget struct {
	Steps, Calls, Tokens, Plans int
	Wall                        time.Duration // of one run, waiting for people not counted
}

// spent counts what the turn has used.
func (s *Session) spent(turn string, tools Toolset) (sp Spent) {
	for _, ev := range s.Events {
		if ev.Turn != turn {
			continue
		}
		switch ev.Kind {
		case KindStep:
			sp.Steps++
			sp.Tokens += ev.Payload.Step.Tokens
		case KindStarted:
			sp.Calls++
			if t, ok := tools.Tool(ev.Payload.Call.Tool); ok && t.Spec().Plans {
				sp.Plans++
			}
		}
	}
	return sp
}

// overStep says which limit forbids another step, if any.
func (b Budget) overStep(sp Spent) string {
	switch {
	case sp.Steps >= b.Steps:
		return fmt.Sprintf("steps (%d)", b.Steps)
	case sp.Tokens >= b.Tokens:
		return fmt.Sprintf("tokens (%d)", b.Tokens)
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
