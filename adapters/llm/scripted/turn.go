package scripted

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"interlock/agent"
)

// turn is what the messages tell of the turn that is being played.
type turn struct {
	ask      string
	stack    string     // that was spoken of last before the turn began
	steps    [][]call   // that were played
	results  [][]result // of each step
	answered bool       // words of the model were there before
	summed   bool       // the beginning is told by a summary
}

const (
	summaryHead = "Summary of this thread"
	findingHead = "A scheduled scan reports.\n"
	answerEntry = " the model answered: "
)

// read finds the turn in what a model is told: it begins where a person spoke
// last. Only text, calls and results count, for no more survives a wire.
func read(messages []agent.Message) turn {
	var t turn
	tools := map[string]string{}
	for i, m := range messages {
		if m.Role == agent.Assistant {
			t.said(m, tools)
			continue
		}
		for j, b := range m.Blocks {
			switch {
			case b.Result != nil:
				t.result(*b.Result, tools)
			case i == 0 && j == 0 && strings.HasPrefix(b.Text, summaryHead):
				t.summed, t.answered = true, strings.Contains(b.Text, answerEntry)
			default:
				t.told(b.Text)
			}
		}
	}
	return t
}

func (t *turn) said(m agent.Message, tools map[string]string) {
	var calls []call
	text := false
	for _, b := range m.Blocks {
		text = text || b.Text != ""
		if b.Call != nil {
			tools[b.Call.ID] = b.Call.Tool
			calls = append(calls, call{tool: b.Call.Tool, args: object(b.Call.Args)})
		}
	}
	if len(calls) > 0 {
		t.steps, t.results = append(t.steps, calls), append(t.results, nil)
	} else if text {
		t.answered = true
	}
}

func (t *turn) result(r agent.CallResult, tools map[string]string) {
	facts, text := agent.ReadFacts(r.Text)
	res := result{tool: r.Tool, text: text, failed: r.Failed, facts: facts}
	if res.tool == "" {
		res.tool = tools[r.Call]
	}
	if n := len(t.results); n > 0 {
		t.results[n-1] = append(t.results[n-1], res)
	}
}

// told takes a text that is no result. Words of a person begin a turn; what
// was played before belongs to another.
func (t *turn) told(text string) {
	if words, ok := agent.Spoken(text); ok {
		if stack := t.newest(func(f agent.Facts) string { return f.Stack }); stack != "" {
			t.stack = stack
		}
		t.ask, t.steps, t.results = words, nil, nil
		return
	}
	if finding, ok := strings.CutPrefix(text, findingHead); ok {
		facts, _ := agent.ReadFacts(finding)
		if facts.Stack != "" {
			t.stack = facts.Stack
		}
	}
}

// about is the stack of a turn that names none: that of its own first call,
// since what others say later must not move it, or the one spoken of before.
func (t *turn) about() string {
	for _, calls := range t.steps {
		for _, c := range calls {
			if stack, ok := c.args["stack"].(string); ok && stack != "" {
				return stack
			}
		}
	}
	return t.stack
}

// newest is a fact of the turn's newest result that has it.
func (t *turn) newest(fact func(agent.Facts) string) string {
	for _, results := range slices.Backward(t.results) {
		for _, r := range slices.Backward(results) {
			if v := fact(r.facts); v != "" {
				return v
			}
		}
	}
	return ""
}

// artifact is the newest plan that the turn made.
func (t *turn) artifact() string {
	return t.newest(func(f agent.Facts) string { return f.Plan })
}

// played is how many steps of the trajectory are done. Where a summary stands
// for the first ones, the calls that are left tell the place.
func (t *turn) played(steps []step) int {
	if !t.summed || len(t.steps) == 0 {
		return len(t.steps)
	}
	for from := len(steps) - len(t.steps); from > 0; from-- {
		if slices.EqualFunc(steps[from:from+len(t.steps)], t.steps, step.made) {
			return from + len(t.steps)
		}
	}
	return len(t.steps)
}

// last is what came of the newest step.
func (t *turn) last() outcome {
	if len(t.results) == 0 {
		return nil
	}
	return t.results[len(t.results)-1]
}

// made tells whether calls can come from a step.
func (s step) made(calls []call) bool {
	return slices.EqualFunc(s.calls, calls, func(c, made call) bool {
		return c.tool == made.tool && (c.raw != nil || like(c.args, made.args))
	})
}

// like compares arguments; where the script has a variable, all is alike.
func like(script, got any) bool {
	switch s := script.(type) {
	case string:
		return s == artifact || variable.MatchString(s) || s == got
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(s) {
			return false
		}
		for k := range s {
			if !like(s[k], g[k]) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		return ok && slices.EqualFunc(s, g, like)
	}
	return reflect.DeepEqual(script, got)
}

func object(args json.RawMessage) map[string]any {
	v, err := decode(string(args))
	if err != nil {
		return nil // no script calls so
	}
	return v
}
