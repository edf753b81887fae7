package slack

import (
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// allButtons is how many bytes the buttons of a card may take.
const allButtons = 8000

// buttons are rows of buttons. One that cannot be carried is not left out in
// silence, and a label that is cut stands below in whole.
func (l *layout) buttons() (blocks []slack.Block) {
	row, missing := l.row(l.card.Title)
	if missing > 0 || l.most < mostBytes/4 {
		row, missing = l.row("") // what a button says suffices where there is no room for more
	}
	for some := range slices.Chunk(row, mostElements) {
		blocks = append(blocks, slack.NewActionBlock("", some...))
	}
	blocks = append(blocks, paragraph(l.labels())...)
	if missing > 0 {
		l.cut = true
		blocks = append(blocks, aside(fmt.Sprintf("and %d more buttons, which Slack has no room for", missing), mostLabel))
	}
	return blocks
}

// row is the buttons as far as there is room, and how many it has none for.
func (l *layout) row(title string) (row []slack.BlockElement, missing int) {
	used := 0
	for i, b := range l.card.Buttons {
		e := button(b, l.first+i, title)
		if e != nil {
			used += cost(slack.NewActionBlock("", e)) - perBlock
		}
		if e == nil || used > allButtons {
			missing++
			continue
		}
		row = append(row, e)
	}
	return row, missing
}

// labels are those that are too long for a button.
func (l *layout) labels() []span {
	var rows [][]span
	for i, b := range l.card.Buttons {
		if label := bot.Sound(b.Label); escapedLen(label) > mostLabel {
			rows = append(rows, spans(l.short(fmt.Sprintf("Button %d: %s", i+1, label), 2), style{}))
		}
	}
	return joinedSpans(rows, "\n")
}
