package tofu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"interlock/agent"
)

// Outcome is what a run of the script left.
type Outcome struct {
	agent.Output
	Step string // the last step that began; empty when none did
	Done bool   // every step ended with code 0
	dir  string
}

// Read takes an Outcome from the files of an output, so that it is the same
// whoever collects it, and however often.
func Read(verb string, src Source, out agent.Output) Outcome {
	o := Outcome{Output: out, dir: src.Stack.Directory}
	if step := strings.TrimSpace(string(out.Files["out/step"])); slices.Contains(steps(verb), step) {
		o.Step = step
	}
	o.Done = out.Code == 0
	for _, s := range steps(verb) {
		code, ok := o.ended(s)
		o.Done = o.Done && ok && code == 0
	}
	return o
}

// ended is the exit code of a step; not ok means that its end was never seen.
func (o Outcome) ended(step string) (code int, ok bool) {
	code, err := strconv.Atoi(strings.TrimSpace(string(o.Files["out/"+step+".code"])))
	return code, err == nil
}

// Ended tells whether the step came to its own end.
func (o Outcome) Ended(step string) bool {
	_, ok := o.ended(step)
	return ok
}

// Out is what a step wrote to standard output.
func (o Outcome) Out(step string) []byte { return o.Files["out/"+step+".out"] }

// Err is what a step wrote to standard error.
func (o Outcome) Err(step string) []byte { return o.Files["out/"+step+".err"] }

// PlanFile is the plan that a run made.
func (o Outcome) PlanFile() []byte { return o.Files[planOut] }

// Rescued is the state that OpenTofu could not write, if there is one.
func (o Outcome) Rescued() []byte { return o.Files[rescued(o.dir)] }

// Why says in the tool's own words why a run did not come to its end.
func (o Outcome) Why() string {
	if o.Step == "" {
		return "the sandbox did not start OpenTofu: " + o.words(o.Stderr)
	}
	what := "tofu " + o.Step
	if o.Stopped {
		return fmt.Sprintf("%s was stopped before it ended: %s", what, o.words(o.Err(o.Step), o.Stderr))
	}
	return fmt.Sprintf("%s failed: %s", what, o.words(o.Err(o.Step), o.Out(o.Step), o.Stderr))
}

// words is the first output with something in it, or the exit code.
func (o Outcome) words(outs ...[]byte) string {
	for _, b := range outs {
		if s := Excerpt(b); s != "" {
			return s
		}
	}
	return fmt.Sprintf("it ended with code %d and said nothing", o.Code)
}
