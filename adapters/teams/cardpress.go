package teams

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"interlock/bot"
)

// viewVerb is the verb with which a person, or their client, asks for the card as
// they may see it. It decides nothing.
const viewVerb = "view"

// spot is where a card belongs, when that is not where it stands: with our word for
// it, for one person. It travels in each button.
type spot struct {
	Conversation string `json:"c,omitempty"`
	Thread       string `json:"t,omitempty"`
	Seal         string `json:"s,omitempty"`

	key string // signs what buttons carry; without one nothing is signed
}

// press is what a button of ours brought back. Typed is what stood in the field of
// a dialog. Label is the button's whole one: the answer, where buttons are answers.
// Nonce tells one state of a card from another.
type press struct {
	Verb, Value, Typed, Label, Nonce string
	At                               spot
}

// carried is the data of a button. Teams adds what was typed, by the field's name.
type carried struct {
	Verb  string `json:"v"`
	Value string `json:"x,omitempty"`
	Label string `json:"l,omitempty"`
	Nonce string `json:"n"`
	At    spot   `json:"a"`
	Typed string `json:"typed,omitempty"`
	Opens *opens `json:"msteams,omitempty"`
	Sign  string `json:"k,omitempty"` // our word that a card of ours carried this
}

// sign is over all that a button carries. What is typed comes later.
func (c carried) sign(key string) string {
	if key == "" {
		return ""
	}
	h := hmac.New(sha256.New, []byte(key))
	h.Write(encoded([]string{c.Verb, c.Value, c.Label, c.Nonce, c.At.Conversation, c.At.Thread, c.At.Seal}))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15])
}

// opens tells the client to ask for a dialog.
type opens struct {
	Type string `json:"type"`
}

// mostPressed is the most bytes of data that are read: what a button carries, what
// is typed, and what clients add.
const mostPressed = 2*mostData + 8*mostTyped

// pressed reads the data of a button or a dialog, as the client says it. Under a key
// only what a card of ours carried is a press.
func pressed(data json.RawMessage, key string) (p press, ok bool) {
	var c carried
	if len(data) > mostPressed || json.Unmarshal(data, &c) != nil || c.Verb == "" || c.Nonce == "" {
		return press{}, false
	}
	if key != "" && !hmac.Equal([]byte(c.Sign), []byte(c.sign(key))) {
		return press{}, false
	}
	c.At.key = key
	return press{c.Verb, c.Value, c.Typed, c.Label, c.Nonce, c.At}, true
}

// imprint is the same for the same card in the same state. The marker is the
// message's, not the card's.
func imprint(c bot.Card) []byte {
	c.Marker = ""
	sum := sha256.Sum256(encoded(c))
	return sum[:]
}

// nonce is the same for the same button of the same card.
func nonce(card []byte, verb, value string) string {
	sum := sha256.Sum256(encoded([]string{string(encoded(card)), verb, value}))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
