package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// answer is what Teams gets at once, as JSON, and what is done after that.
type answer struct {
	body  any // nil is an empty answer
	after func(ctx context.Context) error
	what  string
}

// errForeign is what was signed for us but is of a tenant that is not heard.
var errForeign = errors.New("of another tenant")

// heard are the tenants whose people are heard, as far as configuration lists them.
func (c Config) heard() []string {
	if len(c.Tenants) == 0 && c.TenantID != "" {
		return []string{c.TenantID}
	}
	return c.Tenants
}

// tenants are those in which an Org's people are.
func (p *Platform) tenants(org string) []string {
	all := slices.Clone(p.opt.heard())
	if p.opt.Lookups.Of != nil {
		all = append(all, p.opt.Lookups.Of(org)...)
	}
	return all
}

// whose is the Org that a tenant belongs to. A tenant is heard when the section or
// an Org lists it; none is by default.
func (p *Platform) whose(tenant string) (string, error) {
	foreign := fmt.Errorf("tenant %q: %w", countable(strings.ReplaceAll(tenant, "-", "")), errForeign)
	listed := p.opt.heard()
	if tenant = strings.ToLower(tenant); tenant == "" || len(listed) > 0 && !slices.Contains(listed, tenant) {
		return "", foreign
	}
	if org, ok := p.opt.Lookups.Org(tenant); ok {
		return org, nil
	}
	if p.opt.Lookups.Only == "" || len(listed) == 0 {
		return "", foreign
	}
	return p.opt.Lookups.Only, nil
}

// take decides what an activity is and does its one durable thing. What means
// nothing to us is answered and counted: Teams would only send it again.
func (p *Platform) take(ctx context.Context, org string, a activity) (answer, error) {
	what := answer{what: "unknown"}
	switch a.Type {
	case "message", "invoke", "conversationUpdate", "installationUpdate", "messageReaction", "messageUpdate", "messageDelete", "typing", "event", "endOfConversation":
		what.what = a.Type
	}
	if a.Conversation.ID == "" || a.Type == "installationUpdate" && strings.HasPrefix(a.Action, "remove") {
		return what, nil
	}
	if !strings.HasPrefix(a.Name, "composeExtension/") { // that may be where the bot is not
		if err := p.note(ctx, org, a); err != nil {
			return what, err
		}
	}
	switch a.Type {
	case "message":
		return p.message(ctx, org, a)
	case "invoke":
		return p.invoke(ctx, org, a)
	case "installationUpdate":
		return p.installed(ctx, org, a, what)
	}
	return what, nil
}

// thread is what an activity belongs to.
func (a activity) thread() agent.Thread {
	return agent.Thread{Platform: Name, Channel: base(a.Conversation.ID), ID: a.root()}
}

// actor is a chat identity: tenant and Entra object id, never a name. Some old
// clients leave the object id out; then the roster says who it is.
func (p *Platform) actor(ctx context.Context, org string, a activity) (rbac.Actor, error) {
	who := rbac.Actor{Org: org, Platform: Name, Tenant: a.tenant(), ID: strings.ToLower(a.From.AadObjectID), Name: a.From.Name}
	if who.ID == "" {
		ctx, done := context.WithTimeout(ctx, lookupTime)
		defer done()
		m, err := p.member(ctx, a.ServiceURL, base(a.Conversation.ID), a.From.ID)
		switch id := first(m.Object, m.Other); {
		case err == nil && id != "":
			who.ID = id
		case err == nil || isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusForbidden):
			who.ID, who.Outsider = a.From.ID, "without an account of this organisation"
		default:
			return who, fmt.Errorf("look up person: %w", err)
		}
	}
	p.seen.spoke(who, a.Conversation.ID)
	who.Name = first(p.people.Name(who), who.Name, who.ID)
	return who, nil
}

// noise is what starts nothing: our own words and those of other bots.
func (a activity) noise() bool {
	return a.From.ID == "" || a.From.ID == a.Recipient.ID || strings.HasPrefix(a.From.ID, "28:") || a.From.Role == "bot"
}

// message takes a mention, a direct message, what is said in a thread that the bot
// follows, or a button of a client that knows no Action.Execute.
func (p *Platform) message(ctx context.Context, org string, a activity) (answer, error) {
	did := answer{what: a.Type}
	if a.noise() || a.ID == "" {
		return did, nil
	}
	who, err := p.actor(ctx, org, a)
	if err != nil {
		return did, err
	}
	if b, ok := pressed(a.Value, p.key(org)); ok && a.Text == "" {
		return p.pressedByMessage(ctx, org, a, who, b)
	}
	t := a.thread()
	if a.kind() != inPersonal && !a.mentionsBot() {
		if follows, err := p.follows(ctx, org, t, a, who); err != nil || !follows {
			return did, err
		}
	}
	text := a.said()
	if text == "" {
		text = wordless
	}
	if a.kind() == inPersonal && isHome(text) {
		did.after = func(ctx context.Context) error { return p.showHome(ctx, org, t, who) }
		return did, nil
	}
	id := strings.Join([]string{Name, a.tenant(), a.Conversation.ID, a.ID}, "/")
	taken, err := p.presses.begin(ctx, id, p.now()) // a Command has no job that would be the same one
	if err != nil || taken {
		return did, err
	}
	r, err := p.opt.Inbox.Mention(ctx, bot.Mention{ID: id, Org: org, Thread: t, Actor: who, Text: text})
	if p.presses.end(id, err == nil); err != nil {
		return did, err
	}
	if r.Private != "" || r.Note != nil {
		did.after = func(ctx context.Context) error { return p.reply(ctx, org, t, who, r) }
	}
	return did, nil
}

// wordless stands for what somebody said who only named the bot.
const wordless = "(named you without any words: see what the thread is about, or ask)"

// follows tells whether what was said in a thread is for the bot though it is not named.
func (p *Platform) follows(ctx context.Context, org string, t agent.Thread, a activity, who rbac.Actor) (bool, error) {
	if p.opt.Follow == FollowMention || t.ID == a.ID {
		return false, nil
	}
	known, asked, err := p.opt.Lookups.Follow(ctx, org, t, who)
	if err != nil {
		return false, fmt.Errorf("look for session: %w", err)
	}
	return known && (asked || p.opt.Follow == FollowAlways), nil
}

// reply tells one person what came of their words: in a direct conversation there,
// and from anywhere else in one. Who cannot be written to is told so, and no more.
func (p *Platform) reply(ctx context.Context, org string, t agent.Thread, who rbac.Actor, r bot.Reply) error {
	if r.Private == "" && r.Note == nil {
		return nil
	}
	err := p.tries(ctx, func() error {
		return p.tell(ctx, org, t, who, note(r.Private, r.Note, view{At: p.seal(org, who, t)}))
	})
	if !isStatus(err, http.StatusForbidden) {
		return err
	}
	_, err = p.post(ctx, org, t, notInstalled(who))
	return err
}

// mostTries is how often a reply is sent: nobody but this process knows of it.
const mostTries = 3

// tries says something until it is said or will never be. Said twice is better than
// not at all.
func (p *Platform) tries(ctx context.Context, say func() error) (err error) {
	for range mostTries {
		if err = say(); err == nil || posted(err).Permanent {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(min(max(posted(err).After, 500*time.Millisecond), apiTimeout/mostTries)):
		}
	}
	return err
}

func notInstalled(who rbac.Actor) bot.Card {
	text := who.Name + ": the answer is for you alone, and I cannot write to you. Add me in a chat of your own (Apps, then Interlock), and ask again."
	return bot.Card{Body: text, Fallback: text}
}
