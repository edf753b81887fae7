package egress

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"interlock/agent"
)

// Inside is where a command finds its way out.
type Inside struct {
	Addr string // of the relay, on the container's loopback
	CA   string // path of the file with the authorities to trust
}

// Rules are what one Org lets out.
type Rules struct {
	Policy   Policy
	Injector Injector // nil refuses every rule with a scope
}

// Outlet opens ways out for commands: each has a token, an authority and a proxy
// of its own, and is gone with its command. The connections of all of them come by
// one listener, each with the ID of its way as the first line. The zero value
// opens none. It is safe for concurrent use.
type Outlet struct {
	Inside   Inside
	Rules    map[string]Rules // by Org
	Resolver Resolver         // nil for net.DefaultResolver
	Dial     Dialer           // nil for net.Dialer
	RootCAs  *x509.CertPool   // nil for the system's
	Roots    []byte           // the same as PEM, for tunnels: what a command trusts beside the authority of its way
	Limits   Limits

	mu   sync.Mutex
	ways map[string]*handed
}

var _ agent.Outlet = (*Outlet)(nil)

// Open makes the way out of one command, if its profile and scope have rules.
// Commands of a model, in the session's container, never have a scope.
func (o *Outlet) Open(ctx context.Context, c agent.Command, w agent.Watch) (*agent.Way, func(), error) {
	rules := o.Rules[c.Org]
	var scopes []string
	if c.In == agent.InFresh && c.Scope != "" {
		scopes = append(scopes, c.Scope)
	}
	p := rules.Policy.For(c.Profile, scopes...)
	if p.Empty() {
		return nil, func() {}, nil
	}
	s, err := New(Options{
		Policy: p, Token: rand.Text(), Fence: w, Trail: passages{w},
		Resolver: o.Resolver, Dial: o.Dial, Injector: rules.Injector, RootCAs: o.RootCAs, Limits: o.Limits,
	})
	if err != nil {
		return nil, nil, err
	}
	id, l := rand.Text(), newHanded()
	o.set(id, l)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // a command that is stopped may still save its state
	var served sync.WaitGroup
	served.Go(func() { _ = s.Serve(ctx, l) }) // its end is seen by who is refused
	env := s.Env(o.Inside.Addr, o.Inside.CA)
	way := &agent.Way{ID: id, CA: slices.Concat(s.CA(), o.Roots)}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		way.Env = append(way.Env, name+"="+env[name])
	}
	return way, func() {
		o.set(id, nil)
		cancel()
		served.Wait()
	}, nil
}

func (o *Outlet) set(id string, l *handed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ways == nil {
		o.ways = map[string]*handed{}
	}
	if o.ways[id] = l; l == nil {
		delete(o.ways, id)
	}
}

// idLimit is the most bytes of a first line, and greetLimit how long it may take.
const (
	idLimit    = 64
	greetLimit = 5 * time.Second
)

// Serve hands the connections of l to their ways until ctx ends.
func (o *Outlet) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept for egress: %w", err)
		}
		open.Go(func() { o.hand(c) })
	}
}

func (o *Outlet) hand(c net.Conn) {
	_ = c.SetReadDeadline(time.Now().Add(greetLimit))
	id, err := firstLine(c)
	_ = c.SetReadDeadline(time.Time{})
	o.mu.Lock()
	l := o.ways[id]
	o.mu.Unlock()
	if err != nil || l == nil || !l.hand(c) {
		_ = c.Close() // there is no such way, or not any more
	}
}

// firstLine reads byte by byte: what follows belongs to the proxy.
func firstLine(r io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); len(line) < idLimit; line = append(line, b[0]) {
		if _, err := io.ReadFull(r, b); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
	}
	return "", bufio.ErrTooLong
}

// handed is a listener whose connections others accepted.
type handed struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHanded() *handed { return &handed{conns: make(chan net.Conn), done: make(chan struct{})} }

func (h *handed) hand(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
		return false
	}
}

// Accept implements net.Listener.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr implements net.Listener.
func (h *handed) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

// passages puts decisions on the record of a run. How an allowed request ended is
// no decision.
type passages struct{ agent.Watch }

// Record implements Trail.
func (p passages) Record(ctx context.Context, d Decision) error {
	if d.Verdict == Closed {
		return nil
	}
	if d.Verdict != Allowed && d.Verdict != Refused {
		return errors.New("a decision has no verdict")
	}
	return p.Pass(ctx, agent.Passage{
		Host: d.Host, Port: d.Port, Method: d.Method, Path: d.Path,
		Allowed: d.Verdict == Allowed, Rule: d.Rule, Reason: d.Reason,
	})
}
