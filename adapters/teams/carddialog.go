package teams

import (
	"cmp"
	"encoding/json"
	"strings"

	"interlock/bot"
)

const (
	typedField = "typed" // the name of carried's field
	mostTyped  = 600     // characters that a person may type
)

// dialog asks for what must be typed. It comes back with the verb and the value.
func dialog(c bot.Card, verb, value string, at spot) json.RawMessage {
	text, _ := shortened(bot.Sound(c.Body), 4000)
	a := sheet(spoken("", c))
	a.Body = append(words(text, look{}), input(c))
	send := action{Type: submit, Title: "Send", Data: carry(imprint(c), bot.Button{Verb: verb, Value: value}, at)}
	if len(c.Buttons) > 0 {
		send.Title, send.Style = cutLabel(cmp.Or(bot.OneRow(bot.Sound(c.Buttons[0].Label)), send.Title)), styleOf(c.Buttons[0].Style)
	}
	a.Actions = []action{send}
	return encoded(a)
}

// input is the one field. A reason has room for lines.
func input(c bot.Card) element {
	label, _ := shortened(bot.Moments(bot.Sound(c.Next), nil), 1000)
	draft := []rune(bot.Moments(bot.Sound(c.Draft), nil))
	return element{
		Type: "Input.Text", ID: typedField, Label: cmp.Or(label, "Your reason"), Value: string(draft[:min(len(draft), mostTyped)]),
		Required: true, Complaint: "This cannot be empty.",
		Multiline: c.Next == "" || strings.Contains(c.Next, "reason"), MaxLength: mostTyped,
	}
}
