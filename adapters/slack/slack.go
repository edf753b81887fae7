// Package slack speaks Slack's Web API, events and socket mode. It must never
// know policy, the store or another adapter.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// Name is Slack's name as a platform, in threads and actors.
const Name = "slack"

// apiTimeout bounds one request to Slack: what takes longer may have been done.
const apiTimeout = 15 * time.Second

// Inbox is what the platform calls in; *bot.Inbox is one.
type Inbox interface {
	Mention(ctx context.Context, m bot.Mention) (bot.Reply, error)
	Click(ctx context.Context, c bot.Click) (bot.Reply, error)
	Answer(ctx context.Context, a bot.Answer) (bot.Reply, error)
}

// Lookups are what the platform must know before it takes a message. Org is
// whose a workspace is, and Only the Org of all that nobody lists, if there is
// one. Follow tells whether a thread has a session, and whether this very person
// asked for something in it. Only may be empty; the others are needed.
type Lookups struct {
	Org    func(team string) (org string, ok bool)
	Only   string
	Follow func(ctx context.Context, org string, t agent.Thread, who rbac.Actor) (known, asked bool, err error)
	Home   func(ctx context.Context, org string, who rbac.Actor) (bot.Home, error)

	Prompts func(ctx context.Context, org, room string, who rbac.Actor) []string // nil suggests nothing
}

// Options say what the platform talks to. Count is told of each delivery by
// what it was; it may be nil, as Tokens and Log may.
type Options struct {
	Config
	Lookups Lookups
	Inbox   Inbox
	Tokens  Tokens // keeps a bot token that rotates
	Count   func(what string)
	Log     *slog.Logger
	HTTP    *http.Client // of requests to Slack; nil is one of our own
}

// Platform is Slack. It is safe for concurrent use. What it shows after Slack
// has its answer, and all it does by itself, ends with Run.
type Platform struct {
	opt      Options
	rotor    *Rotor
	pace     *pace
	people   *bot.Vetting
	progress *progress
	edits    *edits
	pictures pictures
	seen     *replays // requests
	taken    *replays // messages
	now      func() time.Time

	mu    sync.Mutex
	self  self
	api   *slack.Client
	with  string     // the token of api
	tasks *bot.Tasks // what is shown after answers
}

// self is who the bot is, by Slack's own word.
type self struct{ Team, User, Bot string }

var (
	_ bot.Platform  = (*Platform)(nil)
	_ bot.Receiver  = (*Platform)(nil)
	_ bot.Shower    = (*Platform)(nil)
	_ bot.Whisperer = (*Platform)(nil)
)

// New checks what it is given. It sends nothing yet.
func New(o Options) (*Platform, error) {
	switch {
	case !o.On():
		return nil, errors.New("open slack: app_id, bot_token, and app_token or signing_secret are needed")
	case o.Inbox == nil || o.Lookups.Org == nil || o.Lookups.Follow == nil || o.Lookups.Home == nil:
		return nil, errors.New("open slack: Inbox, Org, Follow and Home must be given")
	case o.Rotates() && o.Tokens == nil:
		return nil, errors.New("open slack: a token that rotates must be kept")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Count == nil {
		o.Count = func(string) {}
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: apiTimeout, Transport: transport()}
	}
	p := &Platform{opt: o, now: time.Now}
	p.tasks = bot.NewTasks(apiTimeout, func(ctx context.Context, what string, err error) {
		p.log().WarnContext(ctx, "show reply", "what", what, "error", err)
	})
	p.rotor = NewRotor(o.Config, o.Tokens, o.HTTP, p.log())
	p.pace = newPace()
	p.people = bot.NewVetting(apiTimeout, p.profile)
	p.progress = newProgress(p)
	p.edits = &edits{}
	p.seen, p.taken = newReplays(), newReplays()
	return p, nil
}

// transport keeps connections to Slack open: one message after another goes to
// the same host.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = apiTimeout
	return t
}

// client speaks with the bot token of now.
func (p *Platform) client(ctx context.Context) (*slack.Client, error) {
	token, err := p.rotor.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("find bot token: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.api == nil || p.with != token {
		p.api, p.with = p.speaker(token), token
	}
	return p.api, nil
}

// using is the token of a client, unless another took its place.
func (p *Platform) using(api *slack.Client) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.api != api {
		return ""
	}
	return p.with
}

func (p *Platform) speaker(token string, more ...slack.Option) *slack.Client {
	return slack.New(token, append(more, slack.OptionAPIURL(p.opt.APIURL), slack.OptionHTTPClient(p.opt.HTTP), slack.OptionLog(quiet{p.log()}))...)
}

// quiet takes the library's own lines down to what only a developer reads.
type quiet struct{ log *slog.Logger }

// Output logs one line.
func (q quiet) Output(_ int, line string) error {
	q.log.Debug("library", "line", line)
	return nil
}

func (p *Platform) log() *slog.Logger { return p.opt.Log.With("platform", Name) }

// identity asks Slack once who the bot is.
func (p *Platform) identity(ctx context.Context) (self, error) {
	p.mu.Lock()
	me := p.self
	p.mu.Unlock()
	if me.User != "" {
		return me, nil
	}
	api, err := p.client(ctx)
	if err != nil {
		return self{}, err
	}
	r, err := api.AuthTestContext(ctx)
	if err != nil {
		return self{}, fmt.Errorf("ask slack who the bot is: %w", err)
	}
	me = self{Team: r.TeamID, User: r.UserID, Bot: r.BotID}
	p.mu.Lock()
	p.self = me
	p.mu.Unlock()
	return me, nil
}

// known is who the bot is as far as Slack has told.
func (p *Platform) known() self {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.self
}

// later does what can wait until Slack has its answer.
func (p *Platform) later(ctx context.Context, what string, do func(ctx context.Context) error) {
	p.tasks.Go(ctx, what, do)
}
