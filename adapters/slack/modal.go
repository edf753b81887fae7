package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// A modal's limits and names.
const (
	mostHead    = 24 // of a view's title and of its buttons
	mostKept    = 3000
	mostTyped   = 600
	modalName   = "card"
	modalField  = "typed"
	modalReason = "Your reason"
)

// place is where a modal was asked for, and where its answer belongs.
type place struct{ Team, Channel, Thread, Message, Response string }

// kept is what a modal carries back unseen.
type kept struct {
	Verb  string `json:"verb"`
	Value string `json:"value"`
	At    place  `json:"at"`
}

// modal asks for what must be typed. It comes back with the verb and the value.
func modal(c bot.Card, verb, value string, at place) slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: modalName, PrivateMetadata: keep(kept{verb, value, at}),
		Title: plainText(orElse(c.Title, "Interlock"), mostHead), Close: plainText("Cancel", mostHead), Submit: plainText("Send", mostHead),
	}
	if len(c.Buttons) > 0 {
		v.Submit = plainText(orElse(c.Buttons[0].Label, "Send"), mostHead)
	}
	if c.Body != "" {
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewSectionBlock(plainText(c.Body, mostSection), nil, nil))
	}
	v.Blocks.BlockSet = append(v.Blocks.BlockSet, modalInput(c))
	return v
}

// modalInput is the one field. A reason has room for lines.
func modalInput(c bot.Card) *slack.InputBlock {
	e := slack.NewPlainTextInputBlockElement(nil, modalField)
	e.InitialValue, _ = shortened(bot.Sound(c.Draft), mostTyped)
	e.Multiline = c.Next == "" || strings.Contains(c.Next, "reason")
	e.MaxLength, e.FocusOnLoad = mostTyped, true
	return slack.NewInputBlock(modalField, plainText(orElse(c.Next, modalReason), 2000), nil, e)
}

// keep writes what a modal carries. Where it is told at once can be missing, and
// nothing else: what is too long is not carried at all.
func keep(k kept) string {
	for range 2 {
		if b, err := json.Marshal(k); err == nil && len(b) <= mostKept {
			return string(b)
		}
		k.At.Response = ""
	}
	return ""
}

// unmodal reads what was typed into a modal of ours.
func unmodal(v slack.View) (verb, value, typed string, at place, err error) {
	if v.CallbackID != modalName {
		return "", "", "", place{}, errors.New("read modal: it is not ours")
	}
	var k kept
	if err := json.Unmarshal([]byte(v.PrivateMetadata), &k); err != nil {
		return "", "", "", place{}, fmt.Errorf("read modal: %w", err)
	}
	if k.Verb == "" {
		return "", "", "", place{}, errors.New("read modal: it carries no verb")
	}
	if v.State != nil {
		typed = v.State.Values[modalField][modalField].Value
	}
	return k.Verb, k.Value, typed, k.At, nil
}
