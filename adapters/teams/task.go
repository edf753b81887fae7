package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"

	"interlock/bot"
	"interlock/rbac"
)

// task is a button that opens a dialog, or a dialog that was sent.
type task struct {
	Data    json.RawMessage `json:"data"`
	Command string          `json:"commandId"` // of a message action
	Payload struct {
		ID   string `json:"id"`
		Body struct {
			Content string `json:"content"`
		} `json:"body"`
	} `json:"messagePayload"` // the message that it was used on
}

// fetched opens a dialog: what must be typed, or what there is to read.
func (p *Platform) fetched(ctx context.Context, org string, a activity, who rbac.Actor) (any, error) {
	return p.inDialog(ctx, org, a, who, false)
}

// submitted takes what was typed in a dialog. What is not right comes back to be
// mended.
func (p *Platform) submitted(ctx context.Context, org string, a activity, who rbac.Actor) (any, error) {
	return p.inDialog(ctx, org, a, who, true)
}

func (p *Platform) inDialog(ctx context.Context, org string, a activity, who rbac.Actor, sent bool) (any, error) {
	v, err := decode[task](a.Value)
	if err != nil {
		return nil, err
	}
	b, ok := pressed(v.Data, p.key(org))
	if !ok {
		return told("This button is not known to this version."), nil
	}
	if !sent {
		b.Typed = ""
	}
	r, err := p.click(ctx, org, a, who, b)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Modal != nil:
		return opened(r.Modal.Title, dialog(*r.Modal, b.Verb, b.Value, b.At)), nil
	case r.Note != nil:
		return opened(first(r.Note.Title, "Interlock"), note(r.Private, r.Note, view{At: p.seal(org, who, p.where(org, a, who, b))}).Card), nil
	}
	return told(first(r.Private, "Done.")), nil
}

// opened is a dialog with a card, told one with words.
func opened(title string, card json.RawMessage) any {
	return map[string]any{"task": map[string]any{"type": "continue", "value": map[string]any{
		"title": clip(bot.Moments(title, nil), 60), "width": "medium", "height": "medium",
		"card": map[string]any{"contentType": cardType, "content": card},
	}}}
}

func told(text string) any {
	return map[string]any{"task": map[string]any{"type": "message", "value": bot.Moments(text, nil)}}
}

// verbAsk is the dialog's that asks what to do about a message.
const verbAsk = "ask-about"

// commandAsk is the message action's, as the manifest names it.
const commandAsk = "ask"

// mostQuoted is how much of a message goes along with a request about it.
const mostQuoted = 800

// asked opens the dialog of a message action.
func (p *Platform) asked(_ context.Context, org string, a activity, _ rbac.Actor) (any, error) {
	v, err := decode[task](a.Value)
	if err != nil {
		return nil, err
	}
	if v.Command != commandAsk || v.Payload.ID == "" {
		return told("This action is not known to this version."), nil
	}
	quote := clip(plain(v.Payload.Body.Content), mostQuoted)
	c := bot.Card{
		Title: "Ask Interlock", Body: "About: " + clip(quote, 300), Next: "What should I do about it?",
		Buttons: []bot.Button{{Label: "Ask", Verb: verbAsk, Style: bot.Primary}},
	}
	return opened(c.Title, dialog(c, verbAsk, quote, spot{key: p.key(org)})), nil
}

// askedAbout takes the request: it belongs to the thread of the message.
func (p *Platform) askedAbout(ctx context.Context, org string, a activity, who rbac.Actor) (any, error) {
	v, err := decode[task](a.Value)
	if err != nil {
		return nil, err
	}
	b, ok := pressed(v.Data, p.key(org))
	if !ok || b.Verb != verbAsk || strings.TrimSpace(b.Typed) == "" {
		return told("Nothing was asked."), nil
	}
	t := a.thread()
	if a.kind() == inChannel && !strings.Contains(a.Conversation.ID, rootMark) {
		if t.ID = v.Payload.ID; t.ID == "" {
			return told("Teams did not say which message it is about. Ask in its thread instead."), nil
		}
	}
	id := p.presses.id(strings.Join([]string{Name, who.Tenant, "ask", who.ID, t.Channel, t.ID}, "/"), b, p.now())
	r, err := p.opt.Inbox.Mention(ctx, bot.Mention{ID: id, Org: org, Thread: t, Actor: who, Text: strings.TrimSpace(b.Typed), Quote: clip(first(plain(v.Payload.Body.Content), b.Value), mostQuoted)})
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask about a message: %w", err)
	case r.Note != nil:
		return opened(first(r.Note.Title, "Interlock"), note(r.Private, r.Note, view{At: p.seal(org, who, t)}).Card), nil
	}
	return told(first(r.Private, "Asked. What comes of it is in the thread of that message; if nothing comes, add me to the team first.")), nil
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plain makes words of HTML.
func plain(text string) string {
	for _, end := range []string{"</p>", "</div>", "<br>", "<br/>", "<br />", "</li>"} {
		text = strings.ReplaceAll(text, end, "\n"+end)
	}
	return spaces(strings.ReplaceAll(html.UnescapeString(tags.ReplaceAllString(text, "")), "\u00a0", " "))
}

// clip cuts a text at so many characters, and says so.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
