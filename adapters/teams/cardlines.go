package teams

import (
	"fmt"
	"slices"
	"strings"

	"interlock/bot"
)

const (
	allLines     = 400 // are looked at
	longestValue = 160 // bytes of a value that a line shows
	firstRows    = 8   // are shown at once, when there are many
	fewRows      = 12  // are all shown at once
	hiddenRows   = "rows"
)

// row is a resource and what happens to it, or one attribute of it.
type row struct {
	text       string
	head, gone bool
	bytes      int // that it takes in a card
}

// indented is a row as plain text.
func (r row) indented() string {
	if r.head {
		return r.text
	}
	return "    " + r.text
}

// lines are what changes, in the card's order: it puts what destroys first, so
// that this is never what is cut, or hidden until a person asks for it.
func (l *layout) lines() []element {
	rows, more, used := l.rows, l.more, 0
	for i, r := range rows {
		if used += r.bytes; used > l.most/2 {
			rows, more, l.cut = rows[:i], more+len(rows)-i, true
			break
		}
	}
	first := rows
	if len(rows) > fewRows {
		first = rows[:firstRows]
	}
	shown := code(first)
	if rest := rows[len(first):]; len(rest) > 0 {
		hidden := false
		shown = append(shown, element{Type: "Container", ID: hiddenRows, Visible: &hidden, Spacing: "None", Items: code(rest)})
	}
	all := spaced("Medium", container("emphasis", shown))
	if len(rows) > len(first) {
		all = append(all, element{Type: "ActionSet", Actions: []action{{
			Type: "Action.ToggleVisibility", Title: fmt.Sprintf("Show all %d lines", len(rows)), Targets: []string{hiddenRows},
		}}})
	}
	return append(all, rich(runs(counted(more), look{Weight: bold}))...)
}

// counted is what is counted only.
func counted(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("and %d more lines", n)
}

// code is rows in one block. What goes away is red, and says so in its first word.
func code(rows []row) []element {
	var all []run
	for i, r := range rows {
		l := look{FontType: monospace}
		if r.head {
			l.Weight = bold
		}
		if r.gone {
			l.Color = "Attention"
		}
		text := r.text
		if i < len(rows)-1 {
			text += "\n"
		}
		all = append(all, runs(text, l)...)
	}
	return rich(all)
}

// changes writes one row a resource and one row an attribute. What the card
// itself counted instead of showing is more.
func changes(lines []bot.Line, short func(string) string) (rows []row, more int) {
	last := ""
	for _, c := range lines {
		var n int
		if _, err := fmt.Sscanf(c.Action, "and %d more lines", &n); err == nil && c.Resource == "" {
			more += n
			continue
		}
		if head := oneRow(signed(c.Action), short(c.Resource)); head != last {
			gone := slices.Contains([]string{"delete", "replace"}, c.Action)
			rows, last = append(rows, row{text: head, head: true, gone: gone}), head
		}
		if c.Attribute+c.Before+c.After != "" {
			rows = append(rows, row{text: change(c, short)})
		}
	}
	return rows, more
}

// change is an attribute and what becomes of it.
func change(c bot.Line, short func(string) string) string {
	name, before, after := oneRow(short(c.Attribute)), oneRow(short(c.Before)), oneRow(short(c.After))
	values := before + after
	if before != "" && after != "" {
		values = before + " → " + after
	}
	if name != "" && values != "" {
		name += ": "
	}
	return name + values
}

// signed is an action with the sign that OpenTofu has for it; the word stays.
func signed(action string) string {
	sign := map[string]string{"create": "+", "update": "~", "delete": "-", "replace": "-/+", "drift": "!"}[action]
	return strings.TrimSpace(sign + " " + sound(action))
}
