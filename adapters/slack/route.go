package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// answer is what Slack gets at once, as JSON, and what is done after that.
type answer struct {
	body  any // nil is an empty answer
	after func(ctx context.Context) error
	what  string
}

// errForeign is what was signed for us but is about another app or workspace.
var errForeign = errors.New("of another app or workspace")

// errLater is what Slack should send again: it was not taken.
type errLater struct{ error }

func (e errLater) Unwrap() error { return e.error }

// take decides what one delivery is and does its one durable thing. What it
// cannot read is answered and counted: Slack would only send the same again.
func (p *Platform) take(ctx context.Context, kind string, body []byte) (a answer, err error) {
	switch kind {
	case kindEvents:
		a, err = p.event(ctx, body)
	case kindInteractive:
		a, err = p.interaction(ctx, body)
	case kindSlash:
		a, err = p.slash(ctx, body)
	default:
		a.what = "unknown"
	}
	if errors.Is(err, errMalformed) {
		p.log().WarnContext(ctx, "a delivery was not understood", "kind", kind, "error", err)
		a, err = answer{what: "malformed"}, nil
	}
	if err != nil {
		p.opt.Count("refused")
		return a, err
	}
	p.opt.Count(first(a.what, "unknown"))
	return a, nil
}

// whose is the Org that a delivery belongs to.
func (p *Platform) whose(app, team string) (string, error) {
	if app != "" && app != p.opt.AppID {
		return "", fmt.Errorf("app %q: %w", app, errForeign)
	}
	if org, ok := p.opt.Lookups.Org(team); ok {
		return org, nil
	}
	if p.opt.Lookups.Only == "" {
		return "", fmt.Errorf("workspace %q: %w", team, errForeign)
	}
	return p.opt.Lookups.Only, nil
}

func (p *Platform) event(ctx context.Context, body []byte) (answer, error) {
	o, err := decode[outer](body)
	if err != nil {
		return answer{}, err
	}
	switch o.Type {
	case "url_verification":
		return answer{body: map[string]string{"challenge": o.Challenge}, what: o.Type}, nil
	case "event_callback":
	default:
		return answer{what: countable(o.Type)}, nil
	}
	me := p.known()
	me.Team = first(o.Team, me.Team)
	for _, a := range o.Authorizations {
		me.Team = first(a.Team, me.Team)
		if a.Bot {
			me.User = first(a.User, me.User)
		}
	}
	org, err := p.whose(o.App, me.Team)
	if err != nil {
		return answer{}, err
	}
	return p.inner(ctx, org, me, o)
}

// inner is an event within its envelope.
func (p *Platform) inner(ctx context.Context, org string, me self, o outer) (answer, error) {
	kind, err := decode[struct {
		Type string `json:"type"`
	}](o.Event)
	if err != nil {
		return answer{}, err
	}
	a := answer{what: countable(kind.Type)}
	switch kind.Type {
	case "tokens_revoked", "app_uninstalled":
		p.log().ErrorContext(ctx, "Slack took the bot's access away: what waits is kept; install the app again and restart", "event", kind.Type)
		return a, nil
	case "message", "app_mention", "app_home_opened", "assistant_thread_started":
	default:
		return a, nil
	}
	ev, err := decode[event](o.Event)
	if err != nil {
		return answer{}, err
	}
	switch {
	case ev.Type == "app_home_opened":
		if ev.Tab == "home" || ev.Tab == "" {
			a.after = func(ctx context.Context) error { return p.showHome(ctx, org, me.Team, ev.User) }
		}
		return a, nil
	case ev.Type == "assistant_thread_started":
		a.after = func(ctx context.Context) error {
			return p.suggest(ctx, org, me.Team, ev)
		}
		return a, nil
	case ev.TS == "":
		ev.TS = first(ev.EventTS, "~"+first(o.ID, digest(o.Event)))
	}
	return p.message(ctx, org, me, ev)
}

// said is which subtypes of a message are a person's own words, said now.
var said = map[string]bool{"": true, "file_share": true, "thread_broadcast": true, "me_message": true}

// noise is what starts nothing: our own words, those of other bots, and what is
// told about a message and not by one.
func (ev event) noise(me self) bool {
	return ev.User == "" || ev.Bot != "" || ev.Hidden || ev.User == me.User || ev.User == "USLACKBOT" || !said[ev.Subtype]
}

// message takes a mention, a direct message, or what is said in a thread that the
// bot follows. Slack tells of a mention in two events: both are the same job.
func (p *Platform) message(ctx context.Context, org string, me self, ev event) (answer, error) {
	a := answer{what: first(ev.Type, "message")}
	if ev.noise(me) {
		return a, nil
	}
	t := agent.Thread{Platform: Name, Channel: ev.Channel, ID: first(ev.ThreadTS, ev.TS)}
	who := p.actor(org, me.Team, ev.User, first(ev.UserTeam, ev.Team))
	if ev.Type != "app_mention" && ev.ChannelType != "im" {
		if mentions(ev.Text, me.User) {
			return a, nil // it comes as a mention, too
		}
		follows, err := p.follows(ctx, org, t, ev, who)
		if err != nil || !follows {
			return a, err
		}
	}
	m := bot.Mention{
		ID: strings.Join([]string{Name, me.Team, ev.Channel, ev.TS}, "/"), Org: org, Thread: t, Actor: who,
		Text: words(ev.Text, me.User, p.name), Files: p.files(ev.Files),
	}
	if m.Text == "" {
		m.Text = wordless
	}
	if p.taken.known(m.ID, p.now()) { // a Command has no job that would be the same one
		return a, nil
	}
	r, err := p.opt.Inbox.Mention(ctx, m)
	if err != nil {
		return a, errLater{err}
	}
	p.taken.add(m.ID, p.now())
	p.progress.heard(t, reader{me.Team, ev.User})
	at := place{Team: me.Team, Channel: ev.Channel, Thread: t.ID, Message: ev.TS}
	if (r.Private != "" || r.Note != nil) && !strings.HasPrefix(t.ID, "~") {
		a.after = func(ctx context.Context) error { return p.reply(ctx, org, at, "", ev.User, r) }
	}
	return a, nil
}

// wordless stands for what somebody said who only named the bot.
const wordless = "(named you without any words: see what the thread is about, or ask)"

// follows tells whether what was said in a thread is for the bot though it is not named.
func (p *Platform) follows(ctx context.Context, org string, t agent.Thread, ev event, who rbac.Actor) (bool, error) {
	if ev.ThreadTS == "" || p.opt.Follow == FollowMention {
		return false, nil
	}
	known, asked, err := p.opt.Lookups.Follow(ctx, org, t, who)
	if err != nil {
		return false, errLater{fmt.Errorf("look for session: %w", err)}
	}
	return known && (asked || p.opt.Follow == FollowAlways), nil
}

// actor is a chat identity as Slack vouches for it. What it may do is decided
// elsewhere; that it is of another workspace is told from the event alone.
func (p *Platform) actor(org, team, user, of string) rbac.Actor {
	a := rbac.Actor{Org: org, Platform: Name, Tenant: team, ID: user, Name: p.name(user)}
	if of != "" && of != team {
		if o, ok := p.opt.Lookups.Org(of); !ok || o != org {
			a.Tenant, a.Outsider = of, "of another workspace"
		}
	}
	return a
}

func (p *Platform) slash(ctx context.Context, body []byte) (answer, error) {
	c, err := decode[slash](body)
	if err != nil {
		return answer{}, err
	}
	a := answer{what: "slash_command"}
	org, err := p.whose(c.App, c.Team)
	switch {
	case err != nil:
		return a, err
	case c.User == "" || c.Channel == "" || c.Trigger == "":
		return answer{}, fmt.Errorf("%w: no person, channel or trigger", errMalformed)
	}
	m := bot.Mention{
		ID: strings.Join([]string{Name, c.Team, "slash", c.Trigger}, "/"), Org: org, Actor: p.actor(org, c.Team, c.User, ""),
		Thread: agent.Thread{Platform: Name, Channel: c.Channel, ID: "~slash/" + c.Trigger},
		Text:   first(words(c.Text, p.known().User, p.name), "help"),
	}
	r, err := p.opt.Inbox.Mention(ctx, m)
	if err != nil {
		return a, errLater{err}
	}
	if r.Private == "" && r.Note == nil {
		r.Private = "Asked: " + m.Text + ". What comes of it is a new thread in this channel. If none comes, invite me here first."
	}
	d := note(r.Private, r.Note)
	a.body = map[string]any{"response_type": "ephemeral", "text": d.Text, "blocks": d.Blocks}
	return a, nil
}

// countable keeps what is counted to names that Slack could have chosen.
func countable(name string) string {
	if len(name) > 48 || strings.ContainsFunc(name, func(r rune) bool { return r != '_' && r != '.' && (r < 'a' || r > 'z') }) {
		return "unknown"
	}
	return first(name, "unknown")
}

// raw is an answer as it goes over the wire.
func (a answer) raw() (json.RawMessage, error) {
	if a.body == nil {
		return nil, nil
	}
	return json.Marshal(a.body)
}
