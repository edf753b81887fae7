package more

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Sizes in bytes. An answer stays below what the agent records whole.
const (
	usual  = 8000  // when the arguments name none
	most   = 12000 // as in the schema
	before = 200   // shown before what was found, but never most of the answer
)

// part is the bytes of a text that are shown.
type part struct {
	from, to int
	found    int // where the text was found; -1 when none was looked for
}

// find chooses the part. It is false when the text to find is not there.
func find(text []byte, a args, log bool) (part, bool) {
	size := min(cmp.Or(max(a.Bytes, 0), usual), most)
	p := part{from: min(max(a.From, 0), len(text)), found: -1}
	if a.Find != "" {
		at := pattern(a.Find, log).FindIndex(text[p.from:])
		if at == nil {
			return p, false
		}
		p.found = p.from + at[0]
		p.from = max(0, p.found-min(before, size/2))
	}
	p.from = begin(text, p.from)
	p.to = end(text, min(p.from+size, len(text)))
	return p, true
}

// mark is how the words of an event begin in a log.
var mark = regexp.MustCompile(`^#\d+$`)

// pattern takes the text as it is, and the mark of an event only whole and at the
// beginning of a line: #1 is not in #12.
func pattern(text string, log bool) *regexp.Regexp {
	if log && mark.MatchString(text) {
		return regexp.MustCompile(`(?m)^` + text + ` `)
	}
	return regexp.MustCompile(`(?i)` + regexp.QuoteMeta(strings.ToValidUTF8(text, "\ufffd")))
}

// begin moves a place back to where its character begins. In text that is no
// UTF-8 it stays.
func begin(text []byte, at int) int {
	for n := 0; n < utf8.UTFMax && n <= at && at < len(text); n++ {
		if utf8.RuneStart(text[at-n]) {
			return at - n
		}
	}
	return at
}

// end moves a place on to where the next character begins, in the same way.
func end(text []byte, at int) int {
	for n := range utf8.UTFMax {
		if at+n >= len(text) || utf8.RuneStart(text[at+n]) {
			return min(at+n, len(text))
		}
	}
	return at
}

// text says where the part is, and shows it.
func (p part) text(text []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[bytes %d to %d of %d", p.from, p.to, len(text))
	if p.found >= 0 {
		fmt.Fprintf(&b, "; found at %d, the next place is found with \"from\": %d", p.found, p.found+1)
	}
	if p.to < len(text) {
		fmt.Fprintf(&b, "; read on with \"from\": %d", p.to)
	} else {
		b.WriteString("; this is the end")
	}
	return b.String() + "]\n" + strings.ToValidUTF8(string(text[p.from:p.to]), "\ufffd")
}
