// Package teams speaks the Bot Framework's protocol as Microsoft Teams has it:
// activities in, connector requests out, Adaptive Cards between. It must never
// know policy, the store or another adapter.
package teams

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/infracloudio/msbotbuilder-go/connector/auth"
	"github.com/infracloudio/msbotbuilder-go/core"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// Name is Teams' name as a platform, in threads and actors.
const Name = "teams"

// apiTimeout bounds one request to Microsoft: what takes longer may have been done.
const apiTimeout = 15 * time.Second

// Inbox is what the platform calls in; *bot.Inbox is one.
type Inbox interface {
	Mention(ctx context.Context, m bot.Mention) (bot.Reply, error)
	Click(ctx context.Context, c bot.Click) (bot.Reply, error)
	Answer(ctx context.Context, a bot.Answer) (bot.Reply, error)
}

// Places keeps where people and conversations are, by an id of ours. Place gives
// nil for what is not kept.
type Places interface {
	Place(ctx context.Context, org, id string) ([]byte, error)
	PutPlace(ctx context.Context, org, id string, b []byte) error
}

// Lookups are what the platform must know before it takes a message. Org is whose
// a tenant is, Of whose tenants an Org lists (nil lists none), and Only the Org of all tenants that nobody lists, if there is one:
// only those of Config are heard. Follow tells whether a thread has a session,
// and whether this very person asked for something in it. Only may be empty; the
// others are needed.
type Lookups struct {
	Org    func(tenant string) (org string, ok bool)
	Only   string
	Follow func(ctx context.Context, org string, t agent.Thread, who rbac.Actor) (known, asked bool, err error)
	Home   func(ctx context.Context, org string, who rbac.Actor) (bot.Home, error)
	Of     func(org string) (tenants []string)
	Key    func(org string) []byte // signs what cards carry, so that no client makes a button up
}

// Options say what the platform talks to. Count is told of each delivery by what
// it was; it may be nil, as Log may.
type Options struct {
	Config
	Lookups Lookups
	Inbox   Inbox
	Places  Places
	Count   func(what string)
	Log     *slog.Logger
	HTTP    *http.Client // of requests to Microsoft; nil is one of our own
}

// Platform is Teams. It is safe for concurrent use. What it shows after Teams has
// its answer, and all it does by itself, ends with Run.
type Platform struct {
	opt      Options
	shell    core.BotFrameworkAdapter // the library's, with our verifier in it
	login    *login                   // to the connector
	graph    *login                   // to Microsoft Graph
	pace     *pace
	places   *places
	people   *bot.Vetting
	seen     seen
	progress *progress
	presses  *presses
	now      func() time.Time

	tasks *bot.Tasks // what is shown after answers
}

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
		return nil, errors.New("open teams: app_id and app_password are needed")
	case o.Inbox == nil || o.Places == nil || o.Lookups.Org == nil || o.Lookups.Follow == nil || o.Lookups.Home == nil || o.Lookups.Key == nil:
		return nil, errors.New("open teams: Inbox, Places, Org, Follow, Home and Key must be given")
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
	direct := *o.HTTP // our token and a card's words go to no other address than the one that was asked
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.HTTP = &direct
	p := &Platform{opt: o, now: time.Now, presses: &presses{}}
	p.shell = core.BotFrameworkAdapter{
		AdapterSetting: core.AdapterSetting{AppID: o.AppID, CredentialProvider: auth.SimpleCredentialProvider{AppID: o.AppID}},
		TokenValidator: newVerifier(o.Config, o.HTTP, time.Now),
	}
	p.tasks = bot.NewTasks(apiTimeout, func(ctx context.Context, what string, err error) {
		p.log().WarnContext(ctx, "show reply", "what", what, "error", err)
	})
	graph := o.Config
	graph.Scope = o.GraphScope
	p.login, p.graph = newLogin(o.Config, o.HTTP, time.Now), newLogin(graph, o.HTTP, time.Now)
	p.pace, p.places = newPace(), newPlaces(o.Places)
	p.people = bot.NewVetting(apiTimeout, p.profile)
	p.progress = newProgress(p)
	return p, nil
}

// transport keeps connections open: one message after another goes to the same host.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = apiTimeout
	return t
}

func (p *Platform) log() *slog.Logger { return p.opt.Log.With("platform", Name) }

// Run shows progress until ctx ends, and then waits for what is still being shown.
func (p *Platform) Run(ctx context.Context) error {
	p.progress.run(ctx)
	p.tasks.Close()
	return nil
}

// later does what can wait until Teams has its answer.
func (p *Platform) later(ctx context.Context, what string, do func(ctx context.Context) error) {
	p.tasks.Go(ctx, what, do)
}
