package bot

import (
	"context"
	"strings"

	"interlock/agent"
	"interlock/rbac"
)

// matter is what was refused, small enough for a button: a verb on a card, or an
// action that was asked for.
type matter struct {
	verb, hold string
	act        rbac.Action
}

// value is the matter as a button carries it; nothing in it is a secret or a right.
func (m matter) value() string {
	if m.hold != "" {
		return m.verb + "|" + m.hold
	}
	a := m.act
	return strings.Join([]string{m.verb, "", a.Tool, a.Effect.String(), a.Stack, a.Environment}, "|")
}

// parseMatter reads a button; what it does not know is an action that is denied.
func parseMatter(value string) (m matter) {
	parts := strings.Split(plain(value), "|")
	m.verb = parts[0]
	if len(parts) > 1 {
		m.hold = parts[1]
	}
	if len(parts) == 6 {
		m.act = rbac.Action{Tool: parts[2], Stack: parts[4], Environment: parts[5]}
		m.act.Effect, _ = rbac.ParseEffect(parts[3]) // an unknown one is denied
	}
	return m
}

// refusalButtons are on every refusal by policy that the log shows.
func refusalButtons(m matter) []Button {
	return []Button{{Label: "Why?", Verb: verbWhy, Value: m.value(), Opens: true}, {Label: labelAccess, Verb: verbAccess, Value: m.value(), Opens: true}}
}

// refusal tells one person alone. Access is offered only where something could
// be granted: not to who is too late, and not to the one who asked.
func (in *Inbox) refusal(ctx context.Context, c Click, why string, m matter) Reply {
	why = "Refused: " + strings.TrimRight(why, ".") + "."
	buttons := refusalButtons(m)
	who, v, r, ok := in.request(ctx, c, m)
	if !ok || in.Policy == nil {
		return said(why)
	}
	if x := in.Policy.Explain(ctx, who, v, r); x.Decision.Outcome != rbac.Deny || len(x.Needed) == 0 {
		buttons = buttons[:1]
	}
	return Reply{Private: why, Note: &Card{Buttons: buttons, Fallback: why}}
}

// request is what the matter asks policy, of the one who presses. A card that is
// not of this thread is none.
func (in *Inbox) request(ctx context.Context, c Click, m matter) (who rbac.Actor, v rbac.Verb, r rbac.Request, ok bool) {
	who, v = in.who(ctx, c.Actor), rbac.Verb(m.verb)
	if m.hold != "" {
		h, err := in.Control.Store.Held(ctx, c.Org, m.hold)
		if v == rbac.Do { // why the card itself is as it is: for the one who asked
			who = h.Request.Actor
		}
		return who, v, h.Request, err == nil && h.Thread == c.Thread
	}
	room := in.Room(ctx, c.Org, c.Thread.Room())
	return who, v, rbac.Request{
		Org: c.Org, Actor: who, Profile: room.Profile, Channel: c.Thread.Room(), Tier: room.Tier, Action: m.act, Label: rbac.Clean(),
	}, true
}

// explain answers Why? from policy, as it is now.
func (in *Inbox) explain(ctx context.Context, c Click) (Reply, error) {
	m := parseMatter(c.Value)
	who, v, r, ok := in.request(ctx, c, m)
	if !ok || in.Policy == nil {
		return said("Refused: " + agent.NoSuch + "."), nil
	}
	return Reply{Note: explanationCard(who, v, r, in.Policy.Explain(ctx, who, v, r))}, nil
}

// mostContacts is how many people an explanation names.
const mostContacts = 5

func explanationCard(who rbac.Actor, v rbac.Verb, r rbac.Request, x rbac.Explanation) *Card {
	what := r.Action.Effect.String()
	if v != rbac.Do {
		what = string(v)
	} else if r.Action.Stack == "" && r.Action.Environment == "" {
		what = r.Action.Tool
	}
	c := &Card{Title: "Why: " + plain(who.Name) + ", " + what + ", " + where(r.Action), Status: decided(x.Decision)}
	c.Tone = map[rbac.Outcome]Tone{rbac.Deny: Bad, rbac.Ask: Waiting, rbac.Allow: Good}[x.Decision.Outcome]
	if len(x.Because) > 0 {
		c.Fields = append(c.Fields, Field{"Because", listed(x.Because)})
	}
	if len(x.Needed) > 0 {
		c.Fields = append(c.Fields, Field{"Needed", listed(x.Needed)})
	}
	if len(x.Able) > 0 {
		c.Fields = append(c.Fields, Field{"Who can", contacts(x.Able, mostContacts)})
	}
	if len(x.Ask) > 0 {
		c.Fields = append(c.Fields, Field{"Whom to ask", contacts(x.Ask, mostContacts)})
	}
	c.Fallback = strings.TrimSpace(c.Title + ": " + c.Status + ". " + plain(x.Decision.Why()))
	return c
}

// listed is one text a line.
func listed(all []string) string {
	var lines []string
	for _, s := range all {
		lines = append(lines, plain(s))
	}
	return strings.Join(lines, "\n")
}

func decided(d rbac.Decision) string {
	switch d.Outcome {
	case rbac.Allow:
		return "allowed"
	case rbac.Ask:
		var all []string
		for _, n := range d.Needs {
			all = append(all, n.String())
		}
		return "needs " + strings.Join(all, ", ")
	}
	return "denied"
}
