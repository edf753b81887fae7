package bot

import (
	"context"
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/rbac"
)

// verdict turns a pressed button of a card into a person's word. What must be
// typed first is asked for in a modal, but only of somebody who may press at all.
func (in *Inbox) verdict(ctx context.Context, c Click, hold, code string) (Reply, error) {
	text := strings.TrimSpace(c.Reason)
	p := agent.Press{Hold: hold, Code: code}
	h, ours := in.held(ctx, c, hold)
	switch c.Verb {
	case verbDeny:
		if text == "" {
			return Reply{Modal: whyNot(c.Value)}, nil
		}
		p.Text = text
	case verbBack:
		p.Back = true
	case verbApprove:
		p.Approve, p.Typed = true, text
	case verbGlass:
		p.Glass, p.Text = true, text
		if h.Confirm() != "" {
			p.Typed, p.Text, _ = strings.Cut(text, " ")
		}
	}
	if why := h.Unconfirmed(p); ours && why != "" && in.may(ctx, c, verbOf(h, p), h) {
		return Reply{Modal: toType(h, c, text, why)}, nil
	}
	r, err := in.settle(ctx, c, p)
	if err == nil && c.Verb == verbGlass && ours && !in.may(ctx, c, rbac.Break, h) {
		r.Private += in.callable(ctx, h, in.who(ctx, c.Actor))
	}
	return r, err
}

// held is a card of this very thread that people still can change.
func (in *Inbox) held(ctx context.Context, c Click, hold string) (agent.Hold, bool) {
	h, err := in.Control.Store.Held(ctx, c.Org, hold)
	return h, err == nil && h.Thread == c.Thread && h.Approval != nil && h.Pending()
}

func (in *Inbox) may(ctx context.Context, c Click, v rbac.Verb, h agent.Hold) bool {
	return in.Control.Gate.May(ctx, in.who(ctx, c.Actor), v, h.Request).Outcome == rbac.Allow
}

// mostCalled is how many people a refusal names: a list is nobody.
const mostCalled = 2

// callable names people for somebody who may not break the glass themselves:
// first those who may, then those who may approve and have not yet.
func (in *Inbox) callable(ctx context.Context, h agent.Hold, presser rbac.Actor) string {
	if in.Policy == nil {
		return ""
	}
	var all []rbac.Contact
	not := map[string]bool{presser.ID: true}
	add := func(v rbac.Verb) {
		for _, c := range in.Policy.Who(ctx, v, h.Request) {
			if !not[c.ID] {
				all, not[c.ID] = append(all, c), true
			}
		}
	}
	add(rbac.Break)
	for _, w := range h.Approval.Standing() {
		not[w.ID] = true
	}
	add(rbac.Approve)
	if len(all) == 0 {
		return " Nobody else can: ask an administrator."
	}
	return " Nobody else is reachable? Call " + contacts(all, mostCalled) + "."
}

// contacts names people with ids to paste, as many as fit.
func contacts(all []rbac.Contact, most int) string {
	var names []string
	for _, c := range all[:min(len(all), most)] {
		names = append(names, plain(c.String()))
	}
	text := strings.Join(names, ", ")
	if n := len(all) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// toType asks for what must be typed; what was typed wrong comes back to be mended.
func toType(h agent.Hold, c Click, typed, why string) *Card {
	card := confirmCard(h, c.Value)
	if c.Verb == verbGlass {
		card = glassCard(h, c.Value)
	}
	if typed != "" {
		card.Body, card.Draft = "Not yet: "+why+". "+card.Body, typed
	}
	return card
}

// confirmCard asks for the name of what is destroyed.
func confirmCard(h agent.Hold, value string) *Card {
	return &Card{
		Title: "This destroys", Body: wouldDo(h) + ". Type " + h.Confirm() + " to approve exactly this.", Next: "Type " + h.Confirm(),
		Fallback: "Type " + h.Confirm() + " to approve what destroys.", Buttons: []Button{{Label: "Approve", Verb: verbApprove, Value: value, Style: Danger}},
	}
}

// glassCard asks why the glass is broken.
func glassCard(h agent.Hold, value string) *Card {
	body, next := "It runs without the approvals that are missing. Everybody is told at once, with your reason, and a review opens afterwards.", ""
	if name := h.Confirm(); name != "" {
		body += " This destroys: type " + name + " first, then your reason."
		next = "Type " + name + ", then your reason"
	}
	return &Card{
		Title: "Break the glass: why?", Body: body, Next: next,
		Fallback: "Why do you break the glass?", Buttons: []Button{{Label: labelGlass, Verb: verbGlass, Value: value, Style: Danger}},
	}
}
