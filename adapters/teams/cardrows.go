package teams

import (
	"fmt"
	"unicode/utf8"

	"interlock/bot"
)

// buttons are rows of buttons. One that cannot be carried is not left out in
// silence, and a label that is cut stands below in whole.
func (l *layout) buttons() []element {
	rows := inRows(l.actions)
	for i, b := range l.shown {
		if label := bot.OneRow(bot.Sound(b.Label)); cutLabel(label) != label {
			rows = append(rows, rich(runs(l.short(fmt.Sprintf("Button %d: %s", i+1, label), 2), look{}))...)
		}
	}
	if n := len(l.shown) - len(l.actions); n > 0 {
		l.cut = true
		rows = append(rows, aside(fmt.Sprintf("and %d more buttons, which Teams has no room for", n))...)
	}
	return rows
}

// actions are buttons as far as there is room. What old clients need goes before
// a button does.
func actions(c bot.Card, shown []bot.Button, at spot) (all []action) {
	card := imprint(c)
	for _, b := range shown {
		if a, ok := button(card, b, at); ok {
			all = append(all, a)
		}
	}
	if size(all) > allButtons {
		for i := range all {
			all[i].Fallback, all[i].Tooltip = nil, ""
		}
	}
	for size(all) > allButtons {
		all = all[:len(all)-1]
	}
	return all
}

// inRows puts buttons beside each other as far as a phone is wide.
func inRows(all []action) (rows []element) {
	wide := 0
	for _, a := range all {
		n := utf8.RuneCountInString(a.Title) + perButton
		if last := len(rows) - 1; last >= 0 && wide+n <= mostWidth && len(rows[last].Actions) < mostRow {
			rows[last].Actions = append(rows[last].Actions, a)
			wide += n
			continue
		}
		rows, wide = append(rows, element{Type: "ActionSet", Actions: []action{a}}), n
	}
	return rows
}
