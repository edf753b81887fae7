// Package slacktest is a Slack to test against: a workspace that lives in this
// process and speaks Slack's Web API, Events API, interactions and socket mode
// on loopback. It keeps to the limits of the real one, delivers things twice
// when the real one would, and notes what a client does wrong. It must never
// know Interlock, nor the adapter that is tested against it: it is Slack.
package slacktest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say which app is installed in the workspace. What is empty has a
// value of its own afterwards; Server.Options tells all of them.
type Options struct {
	Addr   string // where to listen; empty is a free port of 127.0.0.1
	Team   string // the workspace's id
	Domain string // the workspace's name in its addresses

	AppID         string
	BotUser       string // the bot's user id, which mentions name
	BotID         string
	BotName       string
	SigningSecret string
	BotToken      string
	AppToken      string // for socket mode

	// ClientID, ClientSecret and RefreshToken are what oauth.v2.access takes to
	// give out a new bot token. Without a ClientID tokens do not rotate.
	ClientID, ClientSecret, RefreshToken string

	Scopes []string // of the bot token; nil is every scope that the fake knows
	Events []string // event types that the app subscribed to; nil is all

	// Scale is how much faster than real time retries, rate windows, pings and
	// the age of a response_url run: at 60 a minute is a second. Zero is 1.
	Scale float64
	// Patience is how long Slack waits for an ack, and how long a trigger_id is
	// good. Zero is three seconds divided by Scale, and half a second at least.
	Patience time.Duration
	// Unlimited switches the rate limits off. A Retry-After that was given by
	// Inject still counts.
	Unlimited bool
	// Processing is how long Slack works on a file before a block can show it, in real
	// time; until then the file has no type.
	Processing time.Duration
	// Unchecked switches the limits of blocks, views and texts off.
	Unchecked bool
}

// Server is the workspace. All of its methods are safe for concurrent use.
// People's actions that cannot be (in a channel that does not exist, on a button
// that is not there) are noted as problems: they are mistakes of the test.
type Server struct {
	opts   Options
	http   *http.Server
	base   string          // http://127.0.0.1:port
	ctx    context.Context //nolint:containedctx // ends what runs behind the server when it is closed
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu sync.Mutex
	world
	board
	ledger
	post
	change chan struct{} // closed and made anew at each change
	seq    int           // makes ids
}

// New starts a workspace that holds the bot and nobody else. Deliveries go by
// socket mode until DeliverTo names endpoints.
func New(o Options) (*Server, error) {
	o = o.complete()
	l, err := net.Listen("tcp", o.Addr) //nolint:noctx // it is closed by Close
	if err != nil {
		return nil, fmt.Errorf("start the fake Slack: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts: o, base: "http://" + l.Addr().String(), ctx: ctx, cancel: cancel, change: make(chan struct{}),
		world: newWorld(o), board: newBoard(), ledger: newLedger(o), post: newPost(),
	}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	s.wg.Go(func() { _ = s.http.Serve(l) })
	return s, nil
}

// Close ends the workspace: sockets are cut, deliveries are dropped, and nothing
// runs on afterwards.
func (s *Server) Close() {
	s.cancel()
	s.Cut()
	_ = s.http.Close()
	s.wg.Wait()
}

// URL is the base of the Web API. It ends in "/api/".
func (s *Server) URL() string { return s.base + "/api/" }

// Options are the options in force, with what stands for those that were empty.
func (s *Server) Options() Options { return s.opts }

// Wait returns when the condition holds; it is asked again after each change in
// the workspace. It returns the context's error when that ends first. The
// condition may use every method of the server but those that wait.
func (s *Server) Wait(ctx context.Context, holds func() bool) error {
	for {
		c := s.Changed()
		if holds() {
			return nil
		}
		select {
		case <-c:
		case <-ctx.Done():
			return fmt.Errorf("wait for Slack: %w", ctx.Err())
		}
	}
}

// Changed is closed at the next change of anything that the server tells of.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change
}

// changed wakes those who wait. The lock is held.
func (s *Server) changed() {
	close(s.change)
	s.change = make(chan struct{})
}

// spawn runs something that Close waits for. The lock is held, so that nothing
// begins once Close has been through it.
func (s *Server) spawn(run func()) {
	if s.ctx.Err() == nil {
		s.wg.Go(run)
	}
}

// later spawns something for after a while. The lock is held.
func (s *Server) later(d time.Duration, run func()) {
	s.spawn(func() {
		select {
		case <-time.After(d):
			run()
		case <-s.ctx.Done():
		}
	})
}

// id makes one of Slack's ids with the given first letters. The lock is held.
func (s *Server) id(prefix string) string {
	s.seq++
	return fmt.Sprintf("%s%08d", prefix, s.seq)
}

// scaled is a duration of Slack's in the time of this server.
func (s *Server) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.opts.Scale)
}
