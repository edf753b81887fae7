package slack

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// drawing is a card as Slack takes it. Text alone is enough for a lock screen
// and a screen reader; it is escaped already. Rest is the whole card as plain
// text, for a file, when the blocks do not hold all of it.
type drawing struct {
	Text   string
	Blocks []slack.Block
	Rest   string
}

// draw makes a message of a card. It keeps every limit of Slack's; buttons,
// facts and status are the last to be cut.
func draw(c bot.Card) drawing { return pictured(c, nil) }

// pictured draws a card whose pictures were uploaded, a file for each.
func pictured(c bot.Card, files []string) drawing {
	blocks, whole := fitted(c, 0, mostBytes, files...)
	d := drawing{Text: spoken(c.Fallback, c.Title, c.Body), Blocks: blocks}
	if !whole {
		d.Rest = c.Written()
	}
	return d
}

// note makes a message that one person alone sees: words, a card, or both.
func note(text string, c *bot.Card) drawing {
	above := bot.Card{Body: text, Fallback: text}
	if c == nil {
		return draw(above)
	}
	if bot.Sound(text) == "" {
		return draw(*c)
	}
	d := draw(above)
	blocks, whole := fitted(*c, 0, mostBytes-cost(d.Blocks...))
	d.Blocks = append(d.Blocks, blocks...)
	if c.Fallback != text && c.Fallback != "" {
		d.Text = spoken(text + "\n" + c.Fallback)
	}
	if !whole || d.Rest != "" {
		d.Rest = text + "\n\n" + c.Written()
	}
	return d
}

// spoken is the first text that is there, for a lock screen.
func spoken(all ...string) string {
	text, _ := shortened(bot.Moments(bot.Sound(orElse(all...)), nil), mostSection)
	return escaped(text)
}

func (l *layout) title() []slack.Block {
	if l.card.Title == "" || l.long() {
		return nil
	}
	return []slack.Block{slack.NewHeaderBlock(plainText(l.card.Title, mostTitle))}
}

// long tells whether the title is too long for a header.
func (l *layout) long() bool { return escapedLen(l.card.Title) > mostTitle }

// state is the status in words, with a sign, and the body. A title that is too
// long for a header stands here.
func (l *layout) state() []slack.Block {
	var rows [][]span
	if l.long() {
		rows = append(rows, spans(l.short(l.card.Title, 4), style{Bold: true}))
	}
	sign, word := signOf(l.card.Tone)
	status, body := capital(l.short(l.card.Status, 4)), l.short(l.card.Body, 2)
	switch {
	case status != "":
		rows = append(rows, spans(sign+status, style{Bold: true}), spans(body, style{}))
	case body != "":
		rows = append(rows, spans(sign+body, style{}))
	case word != "":
		rows = append(rows, spans(sign+word, style{Bold: true}))
	}
	rows = slices.DeleteFunc(rows, func(r []span) bool { return len(r) == 0 })
	return paragraph(joinedSpans(rows, "\n"))
}

// signOf is a tone as a sign and, where the card has no words for it, in a word.
func signOf(t bot.Tone) (sign, word string) {
	switch t {
	case bot.Waiting:
		return "\u23f3 ", "Waiting"
	case bot.Good:
		return "\u2705 ", "Good"
	case bot.Bad:
		return "\u2757 ", "Attention"
	}
	return "", ""
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return strings.ToUpper(string(r)) + s[n:]
}

func (l *layout) next() []slack.Block { return paragraph(spans(l.short(l.card.Next, 2), style{})) }

func (l *layout) footer() []slack.Block {
	if s := l.short(l.card.Footer, 2); s != "" {
		return []slack.Block{aside(s, mostSection)}
	}
	return nil
}
