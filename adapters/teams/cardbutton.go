package teams

import (
	"cmp"
	"slices"

	"interlock/bot"
)

// Limits of buttons. Teams hides what does not fit into a row behind a menu or
// cuts its words, each client in its own way; so rows are as short as a phone is
// narrow, and nothing stands in a menu.
const (
	mostData   = 2000  // bytes that one button carries
	mostLabel  = 40    // characters of a button
	mostRow    = 6     // buttons of a row: Teams' own limit
	mostWidth  = 38    // characters that fit beside each other on a phone
	perButton  = 4     // characters that the border of a button is wide
	allButtons = 11000 // bytes of all buttons
)

// deciding are the verbs of package bot with which a person decides. Those who may
// not decide have no use for them.
var deciding = []string{"approve", "deny", "glass", "back"}

func decides(b bot.Button) bool { return slices.Contains(deciding, b.Verb) }

// buttons are those of a card in this view.
func (v view) buttons(all []bot.Button) (shown []bot.Button) {
	asks := false
	for _, b := range all {
		switch {
		case !v.Everyone || !decides(b):
			shown = append(shown, b)
		case !asks:
			asks = true
			shown = append(shown, bot.Button{Label: "Decide", Verb: viewVerb, Value: b.Value, Style: bot.Primary})
		}
	}
	return shown
}

// refresh lets the clients of those who may decide ask for their own view. There
// is none of a card on which nothing can be decided.
func (v view) refresh(c bot.Card) *refresh {
	i := slices.IndexFunc(c.Buttons, decides)
	if i < 0 || len(v.Refresh) == 0 {
		return nil
	}
	ask := bot.Button{Verb: viewVerb, Value: c.Buttons[i].Value}
	r := &refresh{Action: action{Type: execute, Title: "Show", Verb: viewVerb, Data: carry(imprint(c), ask, v.At)}}
	r.People = slices.Clone(v.Refresh[:min(len(v.Refresh), mostPeople)])
	for len(r.People) > 0 && size(r) > mostRefresh {
		r.People = r.People[:len(r.People)-1]
	}
	if r.Action.Data == nil || len(r.People) == 0 {
		return nil
	}
	return r
}

const (
	execute = "Action.Execute"
	submit  = "Action.Submit"
)

// carry is what a button carries, or nothing when that is too much: a value is
// never cut.
func carry(card []byte, b bot.Button, at spot) *carried {
	data := &carried{Verb: b.Verb, Value: b.Value, Label: b.Label, Nonce: nonce(card, b.Verb, b.Value), At: at}
	if data.Sign = data.sign(at.key); b.Verb == "" || size(data) > mostData {
		return nil
	}
	return data
}

// button draws a button, unless it cannot be carried. One that opens something is
// a Submit: only such a one may ask for a dialog. A client that knows no Execute
// sends the same as a message.
func button(card []byte, b bot.Button, at spot) (a action, ok bool) {
	data := carry(card, b, at)
	if data == nil {
		return action{}, false
	}
	a = action{Type: submit, Data: data, Style: styleOf(b.Style)}
	label := cmp.Or(bot.OneRow(bot.Sound(b.Label)), bot.Sound(b.Verb), "?")
	if a.Title = cutLabel(label); a.Title != label {
		a.Tooltip, _ = shortened(label, 4*mostLabel)
	}
	if b.Opens {
		data.Opens = &opens{"task/fetch"}
		return a, true
	}
	fallback := a
	a.Type, a.Verb, a.Fallback = execute, b.Verb, &fallback
	return a, true
}

func styleOf(s bot.Style) string {
	return map[bot.Style]string{bot.Primary: "positive", bot.Danger: "destructive"}[s]
}

func cutLabel(s string) string {
	if all := []rune(s); len(all) > mostLabel {
		return string(all[:mostLabel-1]) + "…"
	}
	return s
}
