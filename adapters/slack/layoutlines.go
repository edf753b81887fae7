package slack

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"interlock/bot"
)

const (
	allLines     = 400 // are looked at
	longestValue = 160 // bytes of a value that a line shows
)

// lines are what changes, in a block of code, in the card's order: it puts what
// destroys first, so that this is never what is cut.
func (l *layout) lines() []slack.Block {
	var text strings.Builder
	more := l.more
	for i, r := range l.rows {
		if text.Len()+escapedLen(r) > l.most/3 {
			more, l.cut = more+len(l.rows)-i, true
			break
		}
		text.WriteString(r + "\n")
	}
	var parts []slack.RichTextElement
	if text.Len() > 0 {
		parts = append(parts, preformatted(strings.TrimSuffix(text.String(), "\n")))
	}
	if more > 0 {
		parts = append(parts, slack.NewRichTextSection(spans(fmt.Sprintf("and %d more lines", more), style{Bold: true})...))
	}
	if len(parts) == 0 {
		return nil
	}
	return []slack.Block{slack.NewRichTextBlock("", parts...)}
}

// changes writes one row a resource and one row an attribute. What the card
// itself counted instead of showing is more.
func changes(lines []bot.Line, short func(string) string) (rows []string, more int) {
	last := ""
	for _, c := range lines {
		var n int
		if _, err := fmt.Sscanf(c.Action, "and %d more lines", &n); err == nil && c.Resource == "" {
			more += n
			continue
		}
		if head := oneRow(signed(c.Action), short(c.Resource)); head != last {
			rows, last = append(rows, head), head
		}
		if c.Attribute+c.Before+c.After != "" {
			rows = append(rows, "    "+change(c, short))
		}
	}
	return rows, more
}

// change is an attribute and what becomes of it.
func change(c bot.Line, short func(string) string) string {
	name, before, after := oneRow(short(c.Attribute)), oneRow(short(c.Before)), oneRow(short(c.After))
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
	return oneRow(sign, sound(action))
}

// oneRow joins texts and takes the line ends out of them; moments are in UTC.
func oneRow(all ...string) string {
	s := bot.Moments(strings.Join(all, " "), nil)
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", " \u23ce ")), " ")
}

// written is the whole card as plain text.
func written(c bot.Card) string {
	var parts []string
	add := func(lines ...string) {
		if s := sound(strings.Join(lines, "\n")); s != "" {
			parts = append(parts, bot.Moments(s, nil))
		}
	}
	add(c.Title, c.Status)
	add(c.Body)
	var facts []string
	for _, f := range c.Fields {
		facts = append(facts, f.Name+": "+f.Value)
	}
	add(facts...)
	rows, more := changes(c.Lines, func(s string) string { return s })
	if more > 0 {
		rows = append(rows, fmt.Sprintf("and %d more lines", more))
	}
	add(rows...)
	add(c.Prose)
	add(c.Next)
	add(c.Footer)
	return strings.Join(parts, "\n\n") + "\n"
}
