package slack

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// widestTable is how many characters a table may be wide: a code block of a
// phone breaks longer lines, and then the columns are gone.
const widestTable = 60

var tableRule = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$`)

// isTable tells whether lines begin with a head and the rule below it.
func isTable(lines []string) bool {
	return len(lines) > 1 && strings.Contains(lines[0], "|") && strings.Contains(lines[1], "|") && tableRule.MatchString(lines[1])
}

// table draws a table as text in columns, or, where it is too wide, as a list of
// what each row says.
func (p *proseWriter) table() {
	rows := [][]string{cells(p.lines[0])}
	p.lines = p.lines[2:]
	for len(p.lines) > 0 && strings.Contains(p.lines[0], "|") {
		rows = append(rows, cells(p.lines[0]))
		p.lines = p.lines[1:]
	}
	if text := columns(rows); text != "" {
		p.code(text)
		return
	}
	for _, r := range rows[1:] {
		var said [][]span
		for i, c := range r {
			name := ""
			if i < len(rows[0]) && rows[0][i] != "" {
				name = rows[0][i] + ": "
			}
			said = append(said, append(inline(name, style{Bold: true}), inline(c, style{})...))
		}
		p.say(joinedSpans(said, "\n"))
	}
}

// unset takes out what sets off words: a column of text shows all alike.
var unset = strings.NewReplacer("**", "", "`", "")

func cells(line string) (row []string) {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	for c := range strings.SplitSeq(line, "|") {
		row = append(row, unset.Replace(strings.TrimSpace(c)))
	}
	return row
}

// columns pads cells. It is empty for a table that is too wide.
func columns(rows [][]string) string {
	var widths []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var text strings.Builder
	for _, r := range rows {
		line := ""
		for i, c := range r {
			line += c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2)
		}
		if line = strings.TrimRight(line, " "); utf8.RuneCountInString(line) > widestTable {
			return ""
		}
		text.WriteString(line + "\n")
	}
	return strings.TrimSuffix(text.String(), "\n")
}
