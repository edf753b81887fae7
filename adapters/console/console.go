// Package console is the built-in web chat: pages, forms and a stream of
// server-sent events over the messages that bot.Messages keeps. It knows who
// pressed what, and must never know policy, SQL, tools or another adapter.
package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// Name is the console's name as a platform, in threads and actors.
const Name = "console"

// shortestKey is how many bytes a signing key must have: that of SHA-256.
const shortestKey = 32

// Channel is one room of the console.
type Channel struct{ ID, Title, Topic string }

// Item is one step of the demo's preparation. State is "waiting", "running",
// "done" or "failed"; Note says more, for example how to mend it.
type Item struct{ Name, State, Note string }

// Options say what the console serves. Messages, Changed, Org, Channels, People
// and Key are needed, and Once where people sign in.
type Options struct {
	Messages bot.Messages
	// Changed gives a channel that receives after every change in the Org, and
	// a function that ends it. Changes may be joined into one.
	Changed   func(org string) (<-chan struct{}, func())
	Org       string
	Channels  []Channel
	People    func(ctx context.Context) ([]rbac.Actor, error) // who may sign in, asked at every request
	RoleOf    func(rbac.Actor) string                         // for display only; may be nil
	Key       []byte                                          // signs cookies, forms and links; at least 32 bytes
	Once      Once                                            // keeps which links were used; the demo has none
	Demo      bool                                            // the person switcher instead of signing in
	Remote    bool                                            // serve others than this machine
	Hosts     []string                                        // further Host headers that are accepted
	Checklist func() []Item                                   // the demo's preparation; may be nil
	Prompts   []string                                        // what can be asked, as buttons
	Log       *slog.Logger                                    // nil logs nothing
}

// Platform is the console. It is safe for concurrent use.
type Platform struct {
	opt    Options
	html   *template.Template
	assets assets
	hub    *hub
	flash  *flashes
	doors  *doors
	random func() string
	now    func() time.Time
	done   chan struct{}
	close  func()
}

var (
	_ bot.Platform = (*Platform)(nil)
	_ bot.Receiver = (*Platform)(nil)
	_ bot.Shower   = (*Platform)(nil)
)

// New checks the options and reports all that is wrong with them at once.
func New(o Options) (*Platform, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open console: %w", err)
	}
	if o.RoleOf == nil {
		o.RoleOf = func(rbac.Actor) string { return "" }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return open(o)
}

func (o *Options) check() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	need(o.Messages != nil && o.Changed != nil && o.People != nil, "Messages, Changed and People must be given")
	need(o.Demo || o.Once != nil, "Once must be given, so that a link signs in once")
	need(o.Org != "", "the organisation has no name")
	need(len(o.Channels) > 0, "there is no channel")
	need(len(o.Key) >= shortestKey, "the key has fewer than 32 bytes")
	need(!o.Demo || !o.Remote, "the person switcher of the demo signs anybody in, so it serves this machine only")
	for i, c := range o.Channels {
		twice := slices.ContainsFunc(o.Channels[:i], func(d Channel) bool { return d.ID == c.ID })
		need(c.ID != "" && !twice, fmt.Sprintf("channel %q is empty or there twice", c.ID))
	}
	return errors.Join(errs...)
}

// Close ends all live streams, so that a server can shut down. It may be called
// more than once.
func (p *Platform) Close() { p.close() }

// channel finds a channel by its id.
func (p *Platform) channel(id string) (Channel, bool) {
	i := slices.IndexFunc(p.opt.Channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, false
	}
	c := p.opt.Channels[i]
	c.Title = cmp.Or(c.Title, c.ID)
	return c, true
}

// Post adds a message of the bot. Its id is the card's marker, so that the same
// marker twice is one message. A thread whose id begins with "~" begins with
// this message.
func (p *Platform) Post(ctx context.Context, org string, t agent.Thread, c bot.Card) (bot.Ref, error) {
	if err := p.mine(org, t); err != nil {
		return bot.Ref{}, &bot.PostError{Refused: true, Err: err}
	}
	if err := p.someone(ctx, t.Channel); err != nil {
		return bot.Ref{}, err
	}
	m := bot.Message{ID: cmp.Or(c.Marker, p.random()), Org: org, Thread: t, Card: &c, At: p.now()}
	if strings.HasPrefix(t.ID, "~") || t.ID == "" {
		m.Thread.ID = m.ID
	}
	m, err := p.opt.Messages.Say(ctx, m)
	if err != nil {
		return bot.Ref{}, &bot.PostError{Err: fmt.Errorf("add message: %w", err)}
	}
	p.hub.clear(m.Thread)
	return bot.Ref{Thread: m.Thread, MessageID: m.ID}, nil
}

// Edit redraws a message of the bot.
func (p *Platform) Edit(ctx context.Context, org string, r bot.Ref, c bot.Card) error {
	if err := p.mine(org, r.Thread); err != nil {
		return &bot.PostError{Refused: true, Err: err}
	}
	if _, err := p.opt.Messages.Redraw(ctx, org, r.MessageID, c); err != nil {
		return &bot.PostError{Err: fmt.Errorf("redraw message: %w", err)}
	}
	p.hub.clear(r.Thread)
	return nil
}

// Find looks for the message that was posted with this marker.
func (p *Platform) Find(ctx context.Context, org string, _ agent.Thread, marker string) (bot.Ref, bool, error) {
	m, ok, err := p.opt.Messages.Marked(ctx, org, marker)
	if err != nil {
		return bot.Ref{}, false, fmt.Errorf("find message: %w", err)
	}
	return bot.Ref{Thread: m.Thread, MessageID: m.ID}, ok, nil
}

// Show puts a line of progress at the end of a thread for those who look at it
// now. It never blocks, and the newest line alone is kept.
func (p *Platform) Show(org string, t agent.Thread, text string) {
	if p.mine(org, t) == nil {
		p.hub.show(t, text, p.now())
	}
}

func (p *Platform) mine(org string, t agent.Thread) error {
	if _, ok := p.channel(t.Channel); !ok && !isDirect(t.Channel) || org != p.opt.Org || t.Platform != Name {
		return fmt.Errorf("there is no channel %q here", t.Room())
	}
	return nil
}

// Handler serves the pages and calls the inbox for what people say and press.
func (p *Platform) Handler(in *bot.Inbox) http.Handler { return p.handler(in) }
