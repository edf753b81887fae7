package slack

import (
	"slices"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// layout is one attempt to draw a card.
type layout struct {
	card  bot.Card // sound, and no longer than the longest attempt shows
	rows  []bot.Change
	more  int  // what changes and is counted only
	facts int  // how many facts the card had
	lost  bool // something did not even come so far

	charts int      // how many pictures the card had
	files  []string // of them, if they were uploaded

	first int  // the number of the first button in the message or view
	most  int  // the smaller, the shorter the texts
	cut   bool // something is missing
}

// leastMost is the shortest attempt.
const leastMost = 10

// fitted draws a card ever shorter, until it fits. Prose and lines shrink first,
// then the texts around them, and facts and status last. Files are those of its pictures.
func fitted(c bot.Card, first, bytes int, files ...string) (blocks []slack.Block, whole bool) {
	l := taken(c)
	l.first, l.files = first, files
	for most := bytes; ; {
		l.most, l.cut = max(most, leastMost), l.lost
		blocks = l.blocks()
		n := cost(blocks...)
		if most < leastMost || len(blocks) <= mostBlocks && n <= bytes {
			return blocks, !l.cut
		}
		most = min(most*9/10, max(most/3, most*bytes/n))
	}
}

// taken reads a card once, so that many attempts are cheap.
func taken(c bot.Card) *layout {
	l := &layout{facts: len(c.Fields), charts: len(c.Pictures)}
	short := func(s string, most int) string {
		s, whole := shortened(bot.Sound(s), most)
		l.lost = l.lost || !whole
		return s
	}
	l.card = c
	l.card.Title, l.card.Status, l.card.Body = short(c.Title, 1500), short(c.Status, 600), short(c.Body, 2000)
	l.card.Next, l.card.Footer, l.card.Prose = short(c.Next, 1500), short(c.Footer, 600), short(c.Prose, mostBytes)
	l.card.Code = short(c.Code, mostBytes)
	l.card.Pictures = soundPictures(c.Pictures, short)
	l.card.Fields = slices.Clone(c.Fields[:min(len(c.Fields), allFacts)])
	for i, f := range l.card.Fields {
		l.card.Fields[i] = bot.Field{Name: bot.OneRow(short(f.Name, mostTitle)), Value: short(f.Value, 1900)}
	}
	l.rows, l.more = bot.Changes(c.Lines[:min(len(c.Lines), allLines)], func(s string) string { return short(s, longestValue) })
	l.more += max(0, len(c.Lines)-allLines)
	l.lost = l.lost || len(c.Lines) > allLines
	return l
}

// short cuts a text to its share of this attempt.
func (l *layout) short(s string, share int) string {
	s, whole := shortened(s, share*l.most)
	l.cut = l.cut || !whole
	return s
}

// blocks are in the order in which somebody reads who was woken up: what, how
// far, where, who, until when, the buttons, and then everything else.
func (l *layout) blocks() []slack.Block {
	all := l.card.Fields[:min(len(l.card.Fields), l.most)]
	first := all
	if len(l.card.Buttons) > 0 {
		first = first[:min(len(first), firstFacts)]
	}
	return slices.Concat(
		l.title(), l.state(), l.table(first), l.buttons(), l.table(all[len(first):]), l.missing(l.facts-len(all)),
		l.pictures(), l.lines(), l.code(), mrkdwn(l.short(l.card.Prose, 1)), l.next(), l.footer(),
	)
}
