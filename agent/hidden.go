package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestShown is how much of a call's arguments a card shows, in characters.
const longestShown = 600

// hidden tells why nobody could judge the call by its card: characters that
// cannot be seen or that reorder others, or more than a card shows whole.
func (h *Hold) hidden() string {
	if r, ok := unseen(h.Call.Args); ok {
		return fmt.Sprintf("not run: its arguments hold the invisible character %U, so that no card could show them as they are", r)
	}
	if n := utf8.RuneCount(h.Call.Args); h.Approval.Bound.Plan == nil && n > longestShown {
		return fmt.Sprintf("not run: its arguments are %d characters long, and a card shows %d whole; do it in smaller parts, or through review", n, longestShown)
	}
	return ""
}

// unseen finds such a character, also one that JSON writes as an escape.
func unseen(args json.RawMessage) (rune, bool) {
	dec := json.NewDecoder(bytes.NewReader(args))
	for {
		t, err := dec.Token()
		if err != nil {
			return 0, false
		}
		s, ok := t.(string)
		if i := strings.IndexFunc(s, invisible); ok && i >= 0 {
			r, _ := utf8.DecodeRuneInString(s[i:])
			return r, true
		}
	}
}

func invisible(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co) || r == utf8.RuneError
}
