package slack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// lookupTime bounds how long a press waits for Slack to say who presses: Slack
// itself waits three seconds for the answer.
const lookupTime = 1500 * time.Millisecond

const unsure = "Not taken: Slack does not say who you are just now, so nothing was decided. Press again in a moment."

func (p *Platform) interaction(ctx context.Context, body []byte) (answer, error) {
	in, err := decode[interaction](body)
	if err != nil {
		return answer{}, err
	}
	a := answer{what: countable(in.Type)}
	switch in.Type {
	case "block_actions", "view_submission", "message_action":
	default:
		return a, nil
	}
	org, err := p.whose(in.App, in.workspace())
	if err != nil {
		return a, err
	}
	if in.User.ID == "" {
		return a, fmt.Errorf("%w: nobody presses", errMalformed)
	}
	var do answer
	switch in.Type {
	case "block_actions":
		do, err = p.press(ctx, org, in)
	case "view_submission":
		do, err = p.submit(ctx, org, in)
	default:
		do, err = p.shortcut(in)
	}
	do.what = a.what
	return do, err
}

// at is where a button stood.
func (in interaction) at() place {
	return place{
		Team: in.workspace(), Channel: first(in.Container.Channel, in.Channel.ID),
		Thread:  first(in.Container.Thread, in.Message.Thread, in.Container.Message, in.Message.TS),
		Message: in.Container.Message, Response: in.Response,
	}
}

// press takes a pressed button. The verdict is durable before Slack is answered.
func (p *Platform) press(ctx context.Context, org string, in interaction) (answer, error) {
	act, ok := in.action()
	verb, value, known := pressed(&act)
	if !ok || !known {
		return answer{}, nil
	}
	at := in.at()
	if in.Container.Type == "view" {
		at, value = homely(value)
		at.Team = in.workspace()
	}
	who, err := p.vouched(ctx, org, at.Team, in.User)
	if err != nil {
		return p.unsure(ctx, org, at, in, err), nil
	}
	c := bot.Click{
		ID:  strings.Join([]string{Name, at.Team, "click", in.User.ID, first(act.ActionTs, in.ActionTS, in.Trigger), act.ActionID}, "/"),
		Org: org, Thread: agent.Thread{Platform: Name, Channel: at.Channel, ID: at.Thread}, Actor: who, Verb: verb, Value: value,
	}
	began := p.now()
	r, err := p.click(ctx, c, chosen(&act))
	if err != nil {
		return answer{}, errLater{err}
	}
	if in.Container.Ephemeral { // what one person sees is no card of the thread
		r.Card = nil
	}
	return answer{after: func(ctx context.Context) error {
		if r.Modal != nil {
			return p.open(ctx, in.Trigger, modal(*r.Modal, verb, value, at))
		}
		if in.Container.Type == "view" {
			return p.homeReply(ctx, org, at, in, r)
		}
		p.redraw(ctx, at, r.Card, began)
		r.Card = nil
		return p.reply(ctx, org, at, at.Response, in.User.ID, r)
	}}, nil
}

// click is an answer to a question, or any other press.
func (p *Platform) click(ctx context.Context, c bot.Click, label string) (bot.Reply, error) {
	if c.Verb == "answer" {
		return p.opt.Inbox.Answer(ctx, bot.Answer{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor, Question: c.Value, Text: label})
	}
	return p.opt.Inbox.Click(ctx, c)
}

// vouched is who presses, by Slack's own word of late. Whoever cannot be looked
// up decides nothing.
func (p *Platform) vouched(ctx context.Context, org, team string, user id) (rbac.Actor, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	return p.vouch(ctx, p.actor(org, team, user.ID, user.Team))
}

func (p *Platform) unsure(ctx context.Context, org string, at place, in interaction, cause error) answer {
	p.log().WarnContext(ctx, "a press was not taken", "person", in.User.ID, "error", cause)
	return answer{after: func(ctx context.Context) error {
		return p.reply(ctx, org, at, at.Response, in.User.ID, bot.Reply{Private: unsure})
	}}
}

// submit takes what was typed in a modal: a reason, a name, or a request.
func (p *Platform) submit(ctx context.Context, org string, in interaction) (answer, error) {
	v, err := decode[slack.View](in.View)
	if err != nil {
		return answer{}, err
	}
	verb, value, typed, at, err := unmodal(v)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %v", errMalformed, err) //nolint:errorlint // the cause is for people
	}
	at.Team = in.workspace()
	who, err := p.vouched(ctx, org, at.Team, in.User)
	if err != nil {
		return p.unsure(ctx, org, at, in, err), nil
	}
	t := agent.Thread{Platform: Name, Channel: at.Channel, ID: at.Thread}
	id := strings.Join([]string{Name, at.Team, "modal", in.User.ID, first(v.ID, in.Trigger), first(v.Hash, in.Trigger)}, "/")
	began := p.now()
	var r bot.Reply
	if verb == verbAsk {
		r, err = p.opt.Inbox.Mention(ctx, bot.Mention{ID: id, Org: org, Thread: t, Actor: who, Text: typed, Quote: value})
	} else {
		r, err = p.opt.Inbox.Click(ctx, bot.Click{ID: id, Org: org, Thread: t, Actor: who, Verb: verb, Value: value, Reason: typed})
	}
	if err != nil {
		return answer{}, errLater{err}
	}
	if r.Modal != nil { // not yet: what was typed comes back to be mended
		return answer{body: map[string]any{"response_action": "update", "view": modal(*r.Modal, verb, value, at)}}, nil
	}
	if verb == verbAsk && r.Private == "" && r.Note == nil {
		r.Private = "Asked. What comes of it is in the thread of that message; if nothing comes, invite me to the channel first."
	}
	if at.Message == "" && (r.Private != "" || r.Note != nil) { // no card of a channel: the modal itself says it
		return answer{body: map[string]any{"response_action": "update", "view": notice(at, r)}, after: func(ctx context.Context) error {
			return p.showHome(ctx, org, at.Team, in.User.ID)
		}}, nil
	}
	return answer{after: func(ctx context.Context) error {
		p.redraw(ctx, at, r.Card, began)
		r.Card = nil
		return p.reply(ctx, org, at, at.Response, in.User.ID, r)
	}}, nil
}

// verbAsk is the modal's that asks what to do about a message.
const verbAsk = "ask-about"

// mostQuoted is how much of a message goes along with a request about it.
const mostQuoted = 800

// shortcut asks what to do about the message that it was used on.
func (p *Platform) shortcut(in interaction) (answer, error) {
	if in.Callback != shortcutAsk || in.Message.TS == "" {
		return answer{}, nil
	}
	at := in.at()
	at.Channel, at.Thread = in.Channel.ID, first(in.Message.Thread, in.Message.TS)
	quote := clip(words(in.Message.Text, p.known().User, p.name), mostQuoted)
	for keep(kept{verbAsk, quote, at}) == "" && quote != "" { // much of it takes many bytes
		quote = clip(quote, len([]rune(quote))/2)
	}
	c := bot.Card{
		Title: "Ask Interlock", Body: "About: " + clip(quote, 300), Next: "What should I do about it?",
		Buttons: []bot.Button{{Label: "Ask", Verb: verbAsk, Style: bot.Primary}},
	}
	return answer{after: func(ctx context.Context) error {
		return p.open(ctx, in.Trigger, modal(c, verbAsk, quote, at))
	}}, nil
}

// clip cuts a text at so many characters, and says so.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
