package keep

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"interlock/agent/tools/tofu"
)

// edit takes the place of the bytes from a place to another. Everything else of a file
// stays as it is.
type edit struct {
	file     string
	from, to int
	text     string
	what     string // for people
}

// place is a file and a line.
func place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

// indent is what a line begins with.
func indent(src []byte, at int) string {
	from := strings.LastIndexByte(string(src[:at]), '\n') + 1
	to := from
	for to < len(src) && (src[to] == ' ' || src[to] == '\t') {
		to++
	}
	return string(src[from:to])
}

// apply makes the edited files. One that could then not be read any more stays as it is.
func (c *code) apply() work {
	slices.SortStableFunc(c.edits, func(a, b edit) int {
		if n := strings.Compare(a.file, b.file); n != 0 {
			return n
		}
		return a.from - b.from
	})
	w := work{edited: map[string][]byte{}, left: c.left}
	for i := 0; i < len(c.edits); {
		file, from := c.edits[i].file, i
		for i < len(c.edits) && c.edits[i].file == file {
			i++
		}
		out := spliced(c.files[file], c.edits[from:i])
		_, diags := hclsyntax.ParseConfig(out, file, hcl.InitialPos)
		for _, e := range c.edits[from:i] {
			if diags.HasErrors() {
				w.left = append(w.left, tofu.Line(e.what)+": it cannot be written there; change it by hand")
				continue
			}
			w.written = append(w.written, tofu.Line(e.what))
		}
		if !diags.HasErrors() {
			w.edited[file] = out
		}
	}
	return w
}

func spliced(src []byte, edits []edit) (out []byte) {
	at := 0
	for _, e := range edits {
		out = append(append(out, src[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, src[at:]...)
}
