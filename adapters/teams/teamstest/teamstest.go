// Package teamstest is a Microsoft Teams to test against: a tenant that lives in
// this process and speaks the Bot Framework's protocol on loopback, with the
// issuer of its tokens, the login for ours, and the connector. It keeps to the
// limits of the real one, delivers things twice when the real one would, and
// notes what a bot does wrong. It must never know Interlock, nor the adapter that
// is tested against it: it is Teams.
package teamstest

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say which bot is registered in which tenant. What is empty has a value
// of its own afterwards; Server.Options tells all of them.
type Options struct {
	Addr     string // where to listen; empty is a free port of 127.0.0.1
	TenantID string // of the tenant, a GUID
	Region   string // the first part of the connector's path, such as emea

	AppID       string // of the bot's registration, a GUID
	AppPassword string // its client secret
	AnyTenant   bool   // an old registration for many tenants: the login is botframework.com's, too
	BotName     string
	Endpoint    string // the bot's /api/messages; SetEndpoint names it later

	// CatalogID is the app in the tenant's catalog, by which Graph installs it.
	CatalogID string
	// Installable says that the bot may install itself for a person, by Graph.
	Installable bool

	// Key is what Teams signs with at first, of 2,048 bits; nil makes one, which
	// takes a while. Servers that share a key take each other's tokens.
	Key       *rsa.PrivateKey
	TokenLife time.Duration // of the tokens that the login gives out; zero is an hour
	// Scale is how much faster than real time retries and rate windows run: at 60
	// a minute is a second. Zero is 1.
	Scale float64
	// Patience is how long the client of a person waits for the answer of an
	// invoke. Zero is five seconds divided by Scale, and half a second at least.
	// Messages are waited for three times as long.
	Patience time.Duration
	// Unlimited switches the rate limits off. A Retry-After that was given by
	// Inject still counts.
	Unlimited bool
	// Unchecked switches the checks of cards, mentions and sizes off.
	Unchecked bool
}

// Server is the tenant. All of its methods are safe for concurrent use. People's
// actions that cannot be (in a chat that does not exist, on a button that is not
// there) are noted as problems: they are mistakes of the test. People are named
// by their Entra object ids.
type Server struct {
	opts   Options
	http   *http.Server
	client *http.Client
	base   string          // http://127.0.0.1:port
	ctx    context.Context //nolint:containedctx // ends what runs behind the server when it is closed
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu sync.Mutex
	issuer
	world
	board
	ledger
	post
	change chan struct{} // closed and made anew at each change
}

// New starts a tenant that holds the bot and nobody else.
func New(o Options) (*Server, error) {
	o = o.complete()
	keys, err := newIssuer(o.Key)
	if err != nil {
		return nil, fmt.Errorf("start the fake Teams: %w", err)
	}
	l, err := net.Listen("tcp", o.Addr) //nolint:noctx // it is closed by Close
	if err != nil {
		return nil, fmt.Errorf("start the fake Teams: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts: o, base: "http://" + l.Addr().String(), ctx: ctx, cancel: cancel, change: make(chan struct{}),
		client: newClient(), issuer: keys, world: newWorld(), board: newBoard(), ledger: newLedger(),
		post: post{endpoint: o.Endpoint},
	}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	s.wg.Go(func() { _ = s.http.Serve(l) })
	return s, nil
}

// Close ends the tenant: deliveries are dropped, and nothing runs on afterwards.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	_ = s.http.Close()
	s.wg.Wait()
	s.client.CloseIdleConnections()
}

// Options are the options in force, with what stands for those that were empty.
func (s *Server) Options() Options { return s.opts }

// OpenIDURL is the metadata of who signs what Teams sends.
func (s *Server) OpenIDURL() string { return s.base + metadataPath }

// Issuer is who issues the tokens that Teams sends.
func (*Server) Issuer() string { return "https://api.botframework.com" }

// LoginURL is where tokens come from; a tenant's path goes behind it.
func (s *Server) LoginURL() string { return s.base + "/login/" }

// Scope is what a token of the login must be for.
func (*Server) Scope() string { return connectorScope }

// ServiceURL is the connector. It ends in a slash.
func (s *Server) ServiceURL() string { return s.base + s.opts.path() }

// GraphURL is the part of Microsoft Graph that installs the bot for a person and
// lists messages. It ends in a slash.
func (s *Server) GraphURL() string { return s.base + graphPath }

// SetEndpoint names the bot's /api/messages.
func (s *Server) SetEndpoint(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoint = target
}
