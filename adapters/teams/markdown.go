package teams

import (
	"regexp"
	"strings"

	"interlock/bot"
)

// A TextBlock makes links and lists of Markdown, and no client says all that it
// finds there. So the model's words become rich text, in which nothing is looked
// for: no mention, no link, no function.

// proseSays stands above the model's words.
const proseSays = "The agent's words"

var (
	proseFence = regexp.MustCompile("^\\s{0,6}(?:```|~~~)")
	proseHead  = regexp.MustCompile(`^\s{0,3}#{1,6}\s+(.+?)\s*#*$`)
	proseItem  = regexp.MustCompile(`^(\s*)(?:[-*+]|(\d{1,3})[.)])\s+(.+)$`)
	proseQuote = regexp.MustCompile(`^\s{0,3}>\s?`)
	proseRule  = regexp.MustCompile(`^\s{0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$`)
)

// markdown draws the model's Markdown.
func markdown(text string) []element {
	p := &proseReader{lines: strings.Split(bot.Sound(bot.Moments(text, nil)), "\n")}
	for len(p.lines) > 0 {
		p.block()
	}
	return p.said
}

// proseReader takes Markdown apart.
type proseReader struct {
	lines []string
	said  []element
}

// block takes one block off the lines.
func (p *proseReader) block() {
	switch l := p.lines[0]; {
	case strings.TrimSpace(l) == "", proseRule.MatchString(l):
		p.lines = p.lines[1:]
	case proseFence.MatchString(l):
		p.fence()
	case isTable(p.lines):
		p.table()
	case proseItem.MatchString(l):
		p.item()
	case proseHead.MatchString(l):
		p.say(inline(proseHead.FindStringSubmatch(l)[1], look{Weight: bold}))
		p.lines = p.lines[1:]
	default:
		p.paragraph()
	}
}

func (p *proseReader) say(all []run) { p.said = append(p.said, rich(all)...) }

// code keeps what a line is indented by: blanks at its beginning would not show.
func (p *proseReader) code(lines []string) {
	for i, l := range lines {
		text := strings.TrimLeft(l, " ")
		lines[i] = strings.Repeat("\u00a0", len(l)-len(text)) + text
	}
	if text := strings.Trim(strings.Join(lines, "\n"), "\n"); strings.TrimSpace(text) != "" {
		p.say(runs(text, look{FontType: monospace}))
	}
}

func (p *proseReader) fence() {
	rest := p.lines[1:]
	n := 0
	for n < len(rest) && !proseFence.MatchString(rest[n]) {
		n++
	}
	p.code(rest[:n])
	p.lines = rest[min(n+1, len(rest)):]
}

// item is one entry of a list. Columns keep its lines together on a phone.
func (p *proseReader) item() {
	got := proseItem.FindStringSubmatch(p.lines[0])
	p.lines = p.lines[1:]
	sign := "•"
	if got[2] != "" {
		sign = got[2] + "."
	}
	sign = strings.Repeat("\u00a0\u00a0", min(len(got[1]), 12)) + sign
	said := rich(inline(got[3], look{}))
	if len(said) == 0 {
		return
	}
	p.said = append(p.said, element{Type: "ColumnSet", Spacing: "Small", Columns: []element{
		{Type: "Column", Width: "auto", Items: rich(runs(sign, look{}))}, {Type: "Column", Width: "stretch", Spacing: "Small", Items: said},
	}})
}

// paragraph always takes its first line: block has looked at that one.
func (p *proseReader) paragraph() {
	var all []run
	for first := true; len(p.lines) > 0 && (first || !p.ends()); first = false {
		if !first {
			all = append(all, runs("\n", look{})...)
		}
		all = append(all, inline(proseQuote.ReplaceAllString(strings.TrimSpace(p.lines[0]), ""), look{})...)
		p.lines = p.lines[1:]
	}
	p.say(all)
}

// ends tells whether the next line begins something else than a paragraph.
func (p *proseReader) ends() bool {
	l := p.lines[0]
	return strings.TrimSpace(l) == "" || proseRule.MatchString(l) || proseFence.MatchString(l) ||
		proseItem.MatchString(l) || proseHead.MatchString(l) || isTable(p.lines)
}
