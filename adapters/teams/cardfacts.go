package teams

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"interlock/bot"
)

const (
	firstFacts = 6  // stand above the buttons
	allFacts   = 60 // are shown at all
	wideName   = 26 // characters, from which on a name has a row to itself
	nameWidth  = "104px"
)

// table is rows of a name and its value, close to each other. A FactSet is not
// used: Teams looks for Markdown in it, and cuts long names on a phone.
func (l *layout) table(facts []bot.Field) (rows []element) {
	for _, f := range facts {
		name := strings.TrimSuffix(l.short(f.Name, 4), ":")
		value := words(cmp.Or(l.short(f.Value, 4), "-"), look{})
		switch {
		case name == "":
			rows = append(rows, value...)
		case utf8.RuneCountInString(name) > wideName:
			rows = append(append(rows, rich(runs(name, look{Weight: bold}))...), spaced("None", value)...)
		default:
			rows = append(rows, beside(rich(runs(name, look{Subtle: true})), value))
		}
	}
	for i := range rows {
		rows[i].Spacing = cmp.Or(rows[i].Spacing, "Small")
	}
	return spaced("Medium", rows)
}

func beside(name, value []element) element {
	return element{Type: "ColumnSet", Columns: []element{
		{Type: "Column", Width: nameWidth, Items: name}, {Type: "Column", Width: "stretch", Items: value},
	}}
}
