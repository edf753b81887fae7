package keep

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"interlock/agent"
	"interlock/agent/tools/tofu"
)

// Bounds of what is told: as much as a card shows. The copy has all of it.
const (
	toldLines = 12   // of what was written, and of what was not
	diffBytes = 5600 // of the patch
)

// report is what people are told of it.
type report struct {
	work
	stack         agent.Stack
	before        map[string][]byte
	after, placed string // what a plan of it says; where it is
}

func (r report) text() string {
	n := len(r.written)
	lines := []string{fmt.Sprintf("%s: %d of %s written into the code", r.stack.Name, n, differences(n+len(r.left)))}
	if n == 0 {
		lines[0] = fmt.Sprintf("%s: none of %s written into the code", r.stack.Name, differences(len(r.left)))
	}
	lines = append(lines, some("written: ", r.written)...)
	lines = append(lines, some("not written: ", r.left)...)
	for _, s := range []string{r.after, r.placed} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	if n > 0 && r.stack.VarFile != "" {
		lines = append(lines, "This code may be planned with other files of variables too: then it changes there as well.")
	}
	diff, whole := r.diff()
	switch {
	case whole && n > 0:
		lines = append(lines, "To keep it, bring this patch through review; git apply takes it.")
	case n > 0:
		lines = append(lines, "To keep it, bring the edited code through review; the patch is cut here.")
	}
	return strings.Join(append(lines, diff...), "\n")
}

func differences(n int) string {
	if n == 1 {
		return "1 difference is"
	}
	return fmt.Sprintf("%d differences are", n)
}

func some(label string, all []string) (lines []string) {
	for i, s := range all {
		if i == toldLines {
			return append(lines, fmt.Sprintf("%sand %d more", label, len(all)-i))
		}
		lines = append(lines, label+s)
	}
	return lines
}

// diff is the patch, cut at a line when it is longer than a card shows.
func (r report) diff() (lines []string, whole bool) {
	size := 0
	for _, name := range slices.Sorted(maps.Keys(r.edited)) {
		p, err := patch(name, r.before[name], r.edited[name])
		if err != nil {
			return append(lines, "The patch of "+tofu.Line(name)+" cannot be shown."), false
		}
		all := strings.Split(strings.TrimSuffix(p, "\n"), "\n")
		for i, line := range all {
			if size += len(line) + 1; size > diffBytes {
				return append(lines, fmt.Sprintf("[%d more lines of this file; the copy has all of it]", len(all)-i)), false
			}
			lines = append(lines, shown(line))
		}
	}
	return lines, true
}

// shown keeps the tabs of code, and shows all else that does not print.
func shown(line string) string {
	parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
	for i := range parts {
		parts[i] = tofu.Line(parts[i])
	}
	return strings.Join(parts, "\t")
}
