package teams

import (
	"strings"
	"unicode/utf8"

	"interlock/bot"
)

// head is the title, and the status in words, with a sign and a colour.
func (l *layout) head() []element {
	sign, word, style := toneOf(l.card.Tone)
	items := heading(l.short(l.card.Title, 4))
	status, body := capital(l.short(l.card.Status, 4)), l.short(l.card.Body, 2)
	if status == "" && body == "" && word != "" {
		status = word
	}
	state := words(status, look{Weight: bold})
	items = append(items, spaced("Small", withSign(sign, state))...)
	if len(state) > 0 {
		sign = ""
	}
	items = append(items, spaced("Small", withSign(sign, words(body, look{})))...)
	if style == "" {
		return items
	}
	all := container(style, items)
	for i := range all {
		all[i].Bleed = true
	}
	return all
}

// toneOf is a tone as a sign, as a word where the card has none, and as a colour.
func toneOf(t bot.Tone) (sign, word, style string) {
	switch t {
	case bot.Waiting:
		return "\u23f3 ", "Waiting", "warning"
	case bot.Good:
		return "\u2705 ", "Good", "good"
	case bot.Bad:
		return "\u2757 ", "Attention", "attention"
	}
	return "", "", ""
}

// withSign puts a sign before words that are drawn already.
func withSign(sign string, all []element) []element {
	switch {
	case sign == "" || len(all) == 0:
	case all[0].Text != "":
		all[0].Text = sign + all[0].Text
	default:
		all[0].Inlines[0].Text = sign + all[0].Inlines[0].Text
	}
	return all
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return strings.ToUpper(string(r)) + s[n:]
}
