package scripted

import (
	"regexp"
	"slices"
	"strings"

	"interlock/agent"
)

// result is what came of one call.
type result struct {
	tool, text string
	failed     bool
	facts      agent.Facts
}

// outcome is what came of a turn's last step.
type outcome []result

// bad is a result that the script must not pass over: a failure, or a change
// that is not wholly applied.
func (r result) bad() bool {
	return r.failed || r.facts.Applied != "" && r.facts.Applied != "applied"
}

func (o outcome) failed() bool { return slices.ContainsFunc(o, result.bad) }

// refused is how the agent says that policy or a person did not want a call.
var refused = regexp.MustCompile(`^(denied: |declined by |not run: )`)

// holds tells whether a condition of a "when" line is true.
func (o outcome) holds(condition string) bool {
	return slices.ContainsFunc(o, func(r result) bool {
		drift := r.facts.Drift
		switch condition {
		case "failed":
			return r.bad()
		case "denied":
			return r.failed && refused.MatchString(r.text)
		case "drift":
			return drift != nil && *drift > 0
		case "clean":
			return !r.failed && drift != nil && *drift == 0
		case "nothing":
			return r.facts.Changes == "none"
		}
		return false
	})
}

// describe sets ${result}, ${text} and ${tool}: of the first that went wrong, or
// of the last.
func (o outcome) describe(vars map[string]string) {
	if len(o) == 0 {
		return
	}
	r := o[len(o)-1]
	if i := slices.IndexFunc(o, result.bad); i >= 0 {
		r = o[i]
	}
	first, _, _ := strings.Cut(strings.TrimSpace(r.text), "\n")
	vars["result"], vars["text"], vars["tool"] = cut(first, 300), cut(r.text, 3000), r.tool
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
