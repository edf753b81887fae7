package scripted

import (
	"regexp"
	"slices"
	"strings"

	"interlock/agent"
)

// played counts the steps of a turn that are on record.
func played(s *agent.Session, turn string) (n int) {
	for _, ev := range s.Events {
		if ev.Turn == turn && ev.Kind == agent.KindStep {
			n++
		}
	}
	return n
}

// answered tells whether the log has words of the model already.
func answered(s *agent.Session) bool {
	return slices.ContainsFunc(s.Events, func(ev agent.Event) bool {
		return ev.Kind == agent.KindAnswer && ev.Payload.Text != ""
	})
}

// stackOf is the stack that the session spoke of last before the turn began:
// what is said later, perhaps of another stack, does not move the turn.
func stackOf(s *agent.Session, turn string) string {
	began := slices.IndexFunc(s.Events, func(ev agent.Event) bool { return ev.Turn == turn })
	for _, ev := range slices.Backward(s.Events[:max(0, began)]) {
		r := ev.Payload.Result
		switch {
		case ev.Payload.Scan != nil && ev.Payload.Scan.Stack != "":
			return ev.Payload.Scan.Stack
		case r != nil && r.Scan != nil && r.Scan.Stack != "":
			return r.Scan.Stack
		case r != nil && r.Plan != nil && r.Plan.Stack != "":
			return r.Plan.Stack
		}
	}
	return ""
}

// outcome is what came of a turn's last step.
type outcome struct{ results []agent.Event }

func newest(s *agent.Session, turn string) outcome {
	var o outcome
	for _, ev := range s.Events {
		switch {
		case ev.Turn != turn:
		case ev.Kind == agent.KindStep:
			o.results = nil
		case ev.Kind == agent.KindResult:
			o.results = append(o.results, ev)
		}
	}
	return o
}

// bad is a result that the script must not pass over: a failure, or a change
// that is not wholly applied.
func bad(ev agent.Event) bool {
	r := ev.Payload.Result
	return r.Failed || r.Applied != "" && r.Applied != "applied"
}

func (o outcome) failed() bool { return slices.ContainsFunc(o.results, bad) }

// refused is how the agent says that policy or a person did not want a call.
var refused = regexp.MustCompile(`^(denied: |declined by |not run: )`)

// holds tells whether a condition of a "when" line is true.
func (o outcome) holds(condition string) bool {
	return slices.ContainsFunc(o.results, func(ev agent.Event) bool {
		r := ev.Payload.Result
		switch condition {
		case "failed":
			return bad(ev)
		case "denied":
			return r.Failed && refused.MatchString(r.Text)
		case "drift":
			return r.Scan != nil && len(r.Scan.New)+len(r.Scan.Known) > 0
		case "clean":
			return !r.Failed && r.Scan != nil && r.Scan.Failed == "" && len(r.Scan.New)+len(r.Scan.Known) == 0
		case "nothing":
			return r.Plan != nil && !r.Plan.Errored && !r.Plan.Changes()
		}
		return false
	})
}

// describe sets ${result}, ${text} and ${tool}: of the first that went wrong, or
// of the last.
func (o outcome) describe(vars map[string]string) {
	if len(o.results) == 0 {
		return
	}
	ev := o.results[len(o.results)-1]
	if i := slices.IndexFunc(o.results, bad); i >= 0 {
		ev = o.results[i]
	}
	text := ev.Payload.Result.Text
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	vars["result"], vars["text"], vars["tool"] = cut(first, 300), cut(text, 3000), ev.Payload.Call.Tool
}

// cut keeps at most limit characters, and no fence that would end the one
// around it: a result may be anybody's words.
func cut(text string, limit int) string {
	text = strings.TrimRight(strings.ReplaceAll(text, "```", "'''"), "\n")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}

// tokens is a deterministic estimate of what a model would count: a quarter of
// the characters that it reads and writes.
func tokens(s *agent.Session, st agent.Step) int {
	n := len(st.Text)
	for _, c := range st.Calls {
		n += len(c.Tool) + len(c.Args)
	}
	for _, ev := range s.Events {
		n += len(ev.Payload.Text)
		if r := ev.Payload.Result; r != nil {
			n += len(r.Text)
		}
	}
	return n/4 + 1
}
