package teams

import (
	"regexp"
	"strings"
)

var tableRule = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$`)

// isTable tells whether lines begin with a head and the rule below it.
func isTable(lines []string) bool {
	return len(lines) > 1 && strings.Contains(lines[0], "|") && strings.Contains(lines[1], "|") && tableRule.MatchString(lines[1])
}

// table says each row in words, with the names of the columns: a table that is
// wider than a phone cannot be read there.
func (p *proseReader) table() {
	names := cells(p.lines[0])
	p.lines = p.lines[2:]
	for len(p.lines) > 0 && strings.Contains(p.lines[0], "|") {
		var all []run
		for i, c := range cells(p.lines[0]) {
			if c == "" {
				continue
			}
			if len(all) > 0 {
				all = append(all, runs("\n", look{})...)
			}
			if i < len(names) && names[i] != "" {
				all = append(all, inline(names[i]+": ", look{Weight: bold})...)
			}
			all = append(all, inline(c, look{})...)
		}
		p.say(all)
		p.lines = p.lines[1:]
	}
}

func cells(line string) (row []string) {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	for c := range strings.SplitSeq(line, "|") {
		row = append(row, strings.TrimSpace(c))
	}
	return row
}
