package bot

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// What platforms share when they draw a card: texts as they can be shown, and a
// change as rows. How it looks there is theirs.

// Sound takes out what JSON and screens cannot show: broken characters, control
// characters and those that reorder others. A text of which nothing is left to
// see is empty.
func Sound(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
	if strings.TrimSpace(Moments(s, nil)) == "" {
		return ""
	}
	return s
}

// OneRow joins texts and takes the line ends out of them; moments are in UTC.
func OneRow(all ...string) string {
	s := Moments(strings.Join(all, " "), nil)
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", " \u23ce ")), " ")
}

// Change is one row of what changes: a resource and what happens to it (Head), or
// one attribute of it. Gone says that the resource is destroyed.
type Change struct {
	Text       string
	Head, Gone bool
}

// String is a row as plain text, attributes below their resource.
func (c Change) String() string {
	if c.Head {
		return c.Text
	}
	return "    " + c.Text
}

// Changes writes one row a resource and one row an attribute, in the card's order:
// it puts what destroys first. Each text is cut by short. What the card itself
// counted instead of showing is more.
func Changes(lines []Line, short func(string) string) (rows []Change, more int) {
	last := ""
	for _, c := range lines {
		if more += c.More; c.More > 0 {
			continue
		}
		if head := OneRow(signed(c.Action), short(c.Resource)); head != last {
			rows, last = append(rows, Change{head, true, slices.Contains([]string{"delete", "replace"}, c.Action)}), head
		}
		if c.Attribute+c.Before+c.After != "" {
			rows = append(rows, Change{Text: c.changed(short)})
		}
	}
	return rows, more
}

// changed is an attribute and what becomes of it.
func (l Line) changed(short func(string) string) string {
	name, before, after := OneRow(short(l.Attribute)), OneRow(short(l.Before)), OneRow(short(l.After))
	values := before + after
	if before != "" && after != "" {
		values = before + " \u2192 " + after
	}
	if name != "" && values != "" {
		name += ": "
	}
	return name + values
}

// signed is an action with the sign that OpenTofu has for it; the word stays.
func signed(action string) string {
	sign := map[string]string{"create": "+", "update": "~", "delete": "-", "replace": "-/+", "drift": "!"}[action]
	return strings.TrimSpace(sign + " " + Sound(action))
}

// Written is the whole card as plain text, without its buttons.
func (c Card) Written() string {
	var facts, lines []string
	for _, f := range c.Fields {
		facts = append(facts, f.Name+": "+f.Value)
	}
	rows, more := Changes(c.Lines, func(s string) string { return s })
	for _, r := range rows {
		lines = append(lines, r.String())
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more lines", more))
	}
	var parts []string
	for _, part := range []string{
		c.Title + "\n" + c.Status, c.Body, strings.Join(facts, "\n"), strings.Join(lines, "\n"), c.Code, c.Prose, c.Next, c.Footer,
	} {
		if part = Sound(Moments(part, nil)); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n") + "\n"
}
