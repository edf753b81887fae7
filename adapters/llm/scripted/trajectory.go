package scripted

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// trajectory is one story: what it answers to, and its steps.
type trajectory struct {
	name  string
	ask   string // an example of what to say
	match []*regexp.Regexp
	steps []step
}

// step is one round. A step without calls is the last.
type step struct {
	say   []string
	calls []call
	takes []take
	whens []when

	anyway bool // go on after a failure
}

type call struct {
	tool string
	args map[string]any
	raw  []byte // sent as they are, in place of args
}

// artifact is the argument that stands for the newest plan of the turn.
const artifact = "$artifact"

// take reads a value out of the results so far. Of several takes of one name
// the first that finds something counts.
type take struct{ name, expr string }

// when ends the turn with a text if a condition holds of the step before.
type when struct{ condition, text string }

var conditions = []string{"failed", "denied", "drift", "clean", "nothing"}

// variable is ${name} in a text or an argument.
var variable = regexp.MustCompile(`\$\{([a-z]+)\}`)

func fill(text string, vars map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(v string) string { return vars[v[2:len(v)-1]] })
}

// fill puts variables into the strings of the arguments; they cannot break out
// of them, because the arguments are built as data.
func (c call) fill(vars map[string]string) (json.RawMessage, error) {
	if c.raw != nil {
		return c.raw, nil
	}
	return json.Marshal(each(c.args, func(s string) string {
		if s == artifact {
			return vars[artifact]
		}
		return fill(s, vars)
	}))
}

// each copies a JSON value with every string changed.
func each(v any, change func(string) string) any {
	switch v := v.(type) {
	case string:
		return change(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = each(v[i], change)
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k := range v {
			m[k] = each(v[k], change)
		}
		return m
	}
	return v
}

// uses tells whether a variable stands anywhere in the steps.
func (t *trajectory) uses(name string) bool {
	for _, s := range t.steps {
		if slices.Contains(s.variables(), name) {
			return true
		}
	}
	return false
}

// variables are the names that a step needs.
func (s step) variables() (names []string) {
	note := func(text string) string {
		for _, found := range variable.FindAllStringSubmatch(text, -1) {
			names = append(names, found[1])
		}
		return text
	}
	for _, text := range s.say {
		note(text)
	}
	for _, c := range s.calls {
		each(c.args, note)
	}
	for _, t := range s.takes {
		note(t.expr)
	}
	for _, w := range s.whens {
		note(w.text)
	}
	return names
}

// take reads the variables of all steps up to n and names the one that a step
// needs and the results do not have.
func (t *trajectory) take(n int, results []result, vars map[string]string) (missing string) {
	for _, s := range t.steps[:n+1] {
		for _, tk := range s.takes {
			if vars[tk.name] == "" {
				vars[tk.name] = tk.from(results, vars)
			}
		}
		for _, tk := range s.takes {
			if vars[tk.name] == "" {
				missing = tk.name
			}
		}
	}
	return missing
}

func (tk take) from(results []result, vars map[string]string) string {
	quoted := map[string]string{}
	for name, v := range vars {
		quoted[name] = regexp.QuoteMeta(v)
	}
	re, err := regexp.Compile(fill(tk.expr, quoted))
	if err != nil {
		return "" // cannot be: it was compiled when it was loaded
	}
	for _, r := range results {
		if found := re.FindStringSubmatch(r.text); len(found) > 1 && !r.failed {
			return found[1]
		}
	}
	return ""
}

// ending is what to say instead of going on. After a failure the script never
// goes on, whether or not it has words for it, unless it says "anyway".
func (s step) ending(o outcome, vars map[string]string) (string, bool) {
	for _, w := range s.whens {
		if o.holds(w.condition) && (!o.failed() || w.condition == "failed" || w.condition == "denied") {
			return fill(w.text, vars), true
		}
	}
	if o.failed() && !s.anyway {
		return strings.TrimSpace("I stop here: " + vars["tool"] + " did not succeed. " + vars["result"]), true
	}
	return "", false
}
