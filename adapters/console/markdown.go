package console

import (
	"html/template"
	"regexp"
	"strings"
)

// The subset: paragraphs, lists, fenced and inline code, bold. Everything else
// stays the text it is. A link shows its words and its address, and is no link:
// what a model wrote must not be one click away.
var (
	bullet   = regexp.MustCompile(`^\s{0,6}[-*+]\s+(.+)$`)
	numbered = regexp.MustCompile(`^\s{0,6}\d{1,3}[.)]\s+(.+)$`)
	heading  = regexp.MustCompile(`^#{1,6}\s+(.+?)\s*#*$`)
	link     = regexp.MustCompile(`!?\[([^\[\]]*)\]\(([^()\s]*)\)`)
	bold     = regexp.MustCompile(`\*\*([^*\s](?:[^*]*[^*\s])?)\*\*`)
)

// markdown renders the subset. Its only tags are p, br, ul, ol, li, pre, code
// and strong, without attributes.
func markdown(s string) template.HTML {
	m := &writer{lines: strings.Split(clean(s), "\n")}
	for len(m.lines) > 0 {
		m.block()
	}
	return template.HTML(m.out.String()) //nolint:gosec // every text was escaped on its way in
}

type writer struct {
	lines []string
	out   strings.Builder
}

// block takes one block off the lines.
func (m *writer) block() {
	switch l := m.lines[0]; {
	case strings.TrimSpace(l) == "":
		m.lines = m.lines[1:]
	case strings.HasPrefix(strings.TrimSpace(l), "```"):
		m.fence()
	case bullet.MatchString(l):
		m.list("ul", bullet)
	case numbered.MatchString(l):
		m.list("ol", numbered)
	case heading.MatchString(l):
		m.out.WriteString("<p><strong>" + template.HTMLEscapeString(heading.FindStringSubmatch(l)[1]) + "</strong></p>")
		m.lines = m.lines[1:]
	default:
		m.paragraph()
	}
}

func (m *writer) fence() {
	rest := m.lines[1:]
	n := 0
	for n < len(rest) && !strings.HasPrefix(strings.TrimSpace(rest[n]), "```") {
		n++
	}
	m.out.WriteString("<pre><code>" + template.HTMLEscapeString(strings.Join(rest[:n], "\n")) + "</code></pre>")
	m.lines = rest[min(n+1, len(rest)):]
}

func (m *writer) list(tag string, item *regexp.Regexp) {
	m.out.WriteString("<" + tag + ">")
	for len(m.lines) > 0 {
		got := item.FindStringSubmatch(m.lines[0])
		if got == nil {
			break
		}
		m.out.WriteString("<li>" + inline(got[1]) + "</li>")
		m.lines = m.lines[1:]
	}
	m.out.WriteString("</" + tag + ">")
}

// paragraph always takes its first line: block has looked at that one.
func (m *writer) paragraph() {
	m.out.WriteString("<p>")
	for i := 0; len(m.lines) > 0; i++ {
		l := m.lines[0]
		if i > 0 && (strings.TrimSpace(l) == "" || strings.HasPrefix(strings.TrimSpace(l), "```") ||
			bullet.MatchString(l) || numbered.MatchString(l) || heading.MatchString(l)) {
			break
		}
		if i > 0 {
			m.out.WriteString("<br>")
		}
		m.out.WriteString(inline(l))
		m.lines = m.lines[1:]
	}
	m.out.WriteString("</p>")
}

// inline escapes first and adds tags after, so that no tag comes from the text.
// Code keeps its text as it is.
func inline(s string) string {
	var b strings.Builder
	for {
		before, rest, opened := strings.Cut(s, "`")
		code, after, closed := strings.Cut(rest, "`")
		if !opened || !closed {
			return b.String() + words(s)
		}
		b.WriteString(words(before) + "<code>" + template.HTMLEscapeString(code) + "</code>")
		s = after
	}
}

func words(s string) string {
	s = link.ReplaceAllString(s, "$1 ($2)")
	return bold.ReplaceAllString(template.HTMLEscapeString(s), "<strong>$1</strong>")
}
