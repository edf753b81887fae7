package tofu

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands for a value that is not shown.
const (
	Sensitive = "(sensitive)"
	unknown   = "(known after apply)"
)

// valueLimit is the most characters of one value on a card.
const valueLimit = 120

// Line makes foreign text safe to put in a line: what does not print, also
// what turns the reading direction, is shown as its escape.
func Line(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// short cuts a text to n characters and says that it did.
func short(s string, n int) string {
	s = Line(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "..."
}

// apart cuts two long texts where they begin to differ, so that a reader sees
// what changed in a policy of many lines.
func apart(a, b string) (string, string) {
	x, y := []rune(a), []rune(b)
	if len(x) <= valueLimit && len(y) <= valueLimit {
		return Line(a), Line(b)
	}
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	const lead = 20 // kept of what is the same
	if n < valueLimit || n == len(x) || n == len(y) {
		return short(a, valueLimit), short(b, valueLimit)
	}
	return "..." + short(string(x[n-lead:]), valueLimit), "..." + short(string(y[n-lead:]), valueLimit)
}

// scalar is a plain value as text.
func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if v == "" {
			return `""`
		}
		return v
	case json.Number:
		return v.String()
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return "?"
		}
		return string(b)
	}
}

// excerptLimit bounds what a failing command says to the model, in bytes.
const excerptLimit = 4 << 10

// Excerpt is the head and the tail of an output, about 4 KB, with the frame
// that OpenTofu draws around its diagnostics taken off.
func Excerpt(b []byte) string {
	s := plain(b)
	if len(s) <= excerptLimit {
		return s
	}
	half := excerptLimit / 2
	head, tail := s[:half], s[len(s)-half:]
	return strings.ToValidUTF8(head, "") + fmt.Sprintf("\n[%d bytes left out]\n", len(s)-2*half) + strings.ToValidUTF8(tail, "")
}

func plain(b []byte) string {
	var lines []string
	for l := range strings.Lines(strings.ToValidUTF8(string(b), "?")) {
		l = strings.TrimRight(strings.TrimLeft(l, "╷│╵"), " \r\n\t")
		l = strings.TrimPrefix(l, " ")
		if l == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, Line(l))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
