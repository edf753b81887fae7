package teams

import (
	"fmt"
	"slices"

	"interlock/bot"
)

// layout is one attempt to draw a card.
type layout struct {
	card    bot.Card     // sound, and no longer than the longest attempt shows
	shown   []bot.Button // in this view
	actions []action     // those of them that can be carried
	facts   int          // how many facts the card had
	rows    []row        // what changes
	more    int          // what changes and is counted only
	lost    bool         // something did not even come so far

	charts int      // how many pictures the card had
	images []string // of them, as far as there is room

	most int  // the smaller, the shorter the texts
	cut  bool // something is missing
}

// leastMost is the shortest attempt.
const leastMost = 5

// fitted draws a card ever shorter, until it fits. Prose and lines shrink first,
// then the texts around them, and facts and status last.
func fitted(c bot.Card, v view, bytes int) (body []element, whole bool) {
	l := taken(c, v)
	for most := bytes; ; {
		l.most, l.cut = max(most, leastMost), l.lost
		body = l.body()
		n := size(body)
		if most < leastMost || n <= bytes {
			return l.illustrated(body, bytes), !l.cut
		}
		most = min(most*9/10, max(most/3, most*bytes/n))
	}
}

// taken reads a card once, so that many attempts are cheap.
func taken(c bot.Card, v view) *layout {
	l := &layout{card: c, shown: v.buttons(c.Buttons), facts: len(c.Fields), charts: len(c.Pictures)}
	l.actions = actions(c, l.shown, v.At)
	short := func(s string, most int) string {
		s, whole := shortened(bot.Sound(s), most)
		l.lost = l.lost || !whole
		return s
	}
	l.card.Title, l.card.Status, l.card.Body = short(c.Title, 1500), short(c.Status, 600), short(c.Body, 4000)
	l.card.Next, l.card.Footer, l.card.Prose = short(c.Next, 4000), short(c.Footer, 600), short(c.Prose, mostBytes)
	l.card.Code = short(c.Code, mostBytes)
	l.card.Pictures = soundPictures(c.Pictures, short)
	l.card.Fields = slices.Clone(c.Fields[:min(len(c.Fields), allFacts)])
	for i, f := range l.card.Fields {
		l.card.Fields[i] = bot.Field{Name: bot.OneRow(short(f.Name, 150)), Value: short(f.Value, 2000)}
	}
	rows, more := bot.Changes(c.Lines[:min(len(c.Lines), allLines)], func(s string) string { return short(s, longestValue) })
	for _, r := range rows {
		l.rows = append(l.rows, row{r, size(code([]row{{Change: r}}))})
	}
	l.more = more
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

// body is in the order in which somebody reads who was woken up: what, how far,
// where, who, until when, the buttons, and then everything else.
func (l *layout) body() []element {
	all := l.card.Fields[:min(len(l.card.Fields), l.most)]
	first := all
	if len(l.shown) > 0 {
		first = first[:min(len(first), firstFacts)]
	}
	return slices.Concat(
		l.head(), l.table(first), spaced("Medium", l.buttons()), l.table(all[len(first):]), l.missing(l.facts-len(all)),
		l.pictures(), l.lines(), l.code(), l.prose(), l.next(), l.footer(),
	)
}

func (l *layout) next() []element {
	return spaced("Medium", words(l.short(l.card.Next, 2), look{}))
}

func (l *layout) footer() []element { return aside(l.short(l.card.Footer, 2)) }

// prose is marked as the model's, and set off, so that it cannot pass for a card.
func (l *layout) prose() []element {
	said := markdown(l.short(l.card.Prose, 1))
	if len(said) == 0 {
		return nil
	}
	return append(aside(proseSays), spaced("Small", container("emphasis", said))...)
}

// missing says how many facts are not shown.
func (l *layout) missing(n int) []element {
	if n == 0 {
		return nil
	}
	l.cut = true
	return aside(fmt.Sprintf("and %d more", n))
}

// aside is a line in small print.
func aside(s string) []element { return spaced("Medium", words(s, look{Size: "Small", Subtle: true})) }
