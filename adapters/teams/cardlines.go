package teams

import (
	"fmt"

	"interlock/bot"
)

const (
	allLines     = 400 // are looked at
	longestValue = 160 // bytes of a value that a line shows
	firstRows    = 8   // are shown at once, when there are many
	fewRows      = 12  // are all shown at once
	hiddenRows   = "rows"
)

// row is one of what changes.
type row struct {
	bot.Change
	bytes int // that it takes in a card
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

// code is a patch, in one block.
func (l *layout) code() []element {
	return spaced("Medium", container("emphasis", rich(runs(l.short(l.card.Code, 1), look{FontType: monospace}))))
}

// code is rows in one block. What goes away is red, and says so in its first word.
func code(rows []row) []element {
	var all []run
	for i, r := range rows {
		l := look{FontType: monospace}
		if r.Head {
			l.Weight = bold
		}
		if r.Gone {
			l.Color = "Attention"
		}
		text := r.Text
		if i < len(rows)-1 {
			text += "\n"
		}
		all = append(all, runs(text, l)...)
	}
	return rich(all)
}
