package teams

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// lookupTime bounds how long a press waits for Teams to say who presses: Teams
// itself waits few seconds for the answer.
const lookupTime = 1500 * time.Millisecond

const unsure = "Not taken: Teams does not say who you are just now, so nothing was decided. Press again in a moment."

// place of a press: the conversation that Teams says it came from, unless the card
// was shown to this very person elsewhere, and carries our word for where it belongs.
func (p *Platform) where(org string, a activity, who rbac.Actor, b press) agent.Thread {
	t := a.thread()
	if b.At.Seal != "" && p.sealed(org, who, b.At) {
		t.Channel, t.ID = b.At.Conversation, b.At.Thread
	}
	return t
}

// click takes a press. The verdict is durable before Teams is answered. The same
// button in the same state of its card, pressed by the same person, counts once in
// a while: Teams sends a press again under another id when the answer was late.
func (p *Platform) click(ctx context.Context, org string, a activity, who rbac.Actor, b press) (bot.Reply, error) {
	vetted, err := p.vouchSoon(ctx, who)
	if err != nil {
		p.log().WarnContext(ctx, "a press was not taken", "person", who.ID, "error", err)
		return bot.Reply{Private: unsure}, nil
	}
	t := p.where(org, a, vetted, b)
	c := bot.Click{Org: org, Thread: t, Actor: vetted, Verb: b.Verb, Value: b.Value, Reason: strings.TrimSpace(b.Typed)}
	c.ID = p.presses.id(strings.Join([]string{Name, vetted.Tenant, "click", vetted.ID, t.Channel, t.ID}, "/"), b, p.now())
	if b.Verb == "answer" {
		return p.opt.Inbox.Answer(ctx, bot.Answer{ID: c.ID, Org: org, Thread: t, Actor: vetted, Question: b.Value, Text: b.Label})
	}
	return p.opt.Inbox.Click(ctx, c)
}

func (p *Platform) vouchSoon(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	ctx, done := context.WithTimeout(ctx, lookupTime)
	defer done()
	return p.vouch(ctx, who)
}

// pressedByMessage is a button of a client that knows no Action.Execute: it comes as
// a message, and what is said to it is a direct one.
func (p *Platform) pressedByMessage(ctx context.Context, org string, a activity, who rbac.Actor, b press) (answer, error) {
	did := answer{what: "submit"}
	r, err := p.click(ctx, org, a, who, b)
	if err != nil {
		return did, err
	}
	if r.Modal != nil {
		r.Private = "That needs something typed, which this Teams client cannot ask for. Press it in Teams on a desk or on the web."
	}
	did.after = func(ctx context.Context) error { return p.reply(ctx, org, a.thread(), who, r) }
	return did, nil
}

// invoke is what Teams wants an answer to in the same request.
func (p *Platform) invoke(ctx context.Context, org string, a activity) (answer, error) {
	did := answer{what: "invoke " + countable(a.Name)}
	handle, ok := map[string]func(context.Context, string, activity, rbac.Actor) (any, error){
		"adaptiveCard/action": p.executed, "task/fetch": p.fetched, "task/submit": p.submitted,
		"composeExtension/fetchTask": p.asked, "composeExtension/submitAction": p.askedAbout,
	}[a.Name]
	if !ok || a.noise() {
		return did, nil
	}
	who, err := p.actor(ctx, org, a)
	if err != nil {
		return did, err
	}
	did.body, err = handle(ctx, org, a, who)
	return did, err
}

// executed takes a pressed Action.Execute. The card that comes back is for who
// pressed alone; the outbox redraws it for everyone.
func (p *Platform) executed(ctx context.Context, org string, a activity, who rbac.Actor) (any, error) {
	v, err := decode[struct {
		Action struct {
			Data json.RawMessage `json:"data"`
		} `json:"action"`
		Trigger string `json:"trigger"`
	}](a.Value)
	if err != nil {
		return nil, err
	}
	b, ok := pressed(v.Action.Data, p.key(org))
	if !ok {
		return shownError("This button is not known to this version."), nil
	}
	r, err := p.click(ctx, org, a, who, b)
	if err != nil {
		return nil, err
	}
	mine := view{At: b.At, Refresh: []string{a.From.ID}} // without it their client would not ask again
	return executedReply(r, mine, b.Verb == viewVerb && v.Trigger == "automatic"), nil
}

// executedReply is what the person sees in the place of the card: words alone
// appear beside it.
func executedReply(r bot.Reply, v view, quiet bool) any {
	switch {
	case r.Modal != nil: // what must be typed is asked for in the card itself
		b := r.Modal.Buttons[0]
		return shownCard(dialog(*r.Modal, b.Verb, b.Value, v.At))
	case r.Card != nil && quiet:
		return shownCard(draw(*r.Card, v).Card)
	case r.Card != nil:
		c := *r.Card
		if r.Note != nil {
			c.Buttons = append(append([]bot.Button(nil), c.Buttons...), r.Note.Buttons...)
		}
		return shownCard(note(r.Private, &c, v).Card)
	case r.Note != nil:
		return shownCard(note(r.Private, r.Note, v).Card)
	case quiet:
		return shownText("")
	}
	return shownText(first(r.Private, "Done."))
}

func shownCard(card json.RawMessage) any {
	return map[string]any{"statusCode": 200, "type": cardType, "value": card}
}

func shownText(text string) any {
	return map[string]any{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": text}
}

func shownError(text string) any {
	return map[string]any{"statusCode": 400, "type": "application/vnd.microsoft.error", "value": map[string]string{"code": "BadRequest", "message": text}}
}
