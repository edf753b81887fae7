package egress

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// ErrFenced ends Serve when the session may no longer act.
var ErrFenced = errors.New("the session ended or was fenced out")

// Limits bound one session. A zero field takes its default.
type Limits struct {
	Up, Down int64         // bytes a session: 64 MiB and 1 GiB
	Conns    int           // open connections: 32
	Head     int           // bytes of a request head: 32 KiB
	Dial     time.Duration // look-up and connect: 10 s
	Header   time.Duration // a head, a handshake, the wait for an answer: 30 s
	Idle     time.Duration // silence: 2 min
	Watch    time.Duration // between two looks at the fence: 250 ms
}

func (l Limits) filled() Limits {
	l.Up, l.Down = either(l.Up, 64<<20), either(l.Down, 1<<30)
	l.Conns, l.Head = either(l.Conns, 32), min(either(l.Head, 32<<10), 60<<10)
	l.Dial, l.Header = either(l.Dial, 10*time.Second), either(l.Header, 30*time.Second)
	l.Idle, l.Watch = either(l.Idle, 2*time.Minute), either(l.Watch, 250*time.Millisecond)
	return l
}

func either[T int | int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Options say what one session may do and by which ports it acts.
type Options struct {
	Policy   Policy
	Token    string // at least 16 characters, of this session alone
	Fence    Fence
	Trail    Trail
	Resolver Resolver       // nil for net.DefaultResolver
	Dial     Dialer         // nil for net.Dialer
	Injector Injector       // nil refuses every rule with a scope
	RootCAs  *x509.CertPool // nil for the system's
	Limits   Limits
	Now      func() time.Time
}

// Server is the proxy of one session.
type Server struct {
	Options
	digest   [32]byte
	ca       *authority
	up, down budget
}

// New makes the proxy of one session with a certificate authority of its own.
func New(o Options) (*Server, error) {
	if len(o.Token) < 16 || !plainText(o.Token) || o.Fence == nil || o.Trail == nil {
		return nil, errors.New("egress needs a token of 16 characters, a fence and a trail")
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		}
	}
	o.Limits = o.Limits.filled()
	ca, err := newAuthority(o.Now())
	if err != nil {
		return nil, fmt.Errorf("open egress: %w", err)
	}
	s := &Server{Options: o, digest: sha256.Sum256([]byte(o.Token)), ca: ca}
	s.up.limit, s.down.limit = o.Limits.Up, o.Limits.Down
	return s, nil
}

// Serve answers the connections of l until ctx ends (nil) or the fence falls
// (ErrFenced). It closes l, cuts every open connection and waits for them.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	open.Go(func() { s.watch(ctx, cancel) })
	slots := make(chan struct{}, s.Limits.Conns)
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = c.Close()
			}
			if cause := context.Cause(ctx); errors.Is(cause, ErrFenced) {
				return cause
			}
			return nil
		}
		if err != nil {
			_ = l.Close()
			return fmt.Errorf("accept for egress: %w", err)
		}
		select {
		case slots <- struct{}{}:
			open.Go(func() { s.handle(ctx, c); <-slots })
		default:
			s.turnAway(ctx, c)
		}
	}
}

// watch looks at the fence apart from the requests, so that an open tunnel
// falls as well.
func (s *Server) watch(ctx context.Context, cut context.CancelCauseFunc) {
	tick := time.NewTicker(s.Limits.Watch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !s.alive(ctx) && ctx.Err() == nil {
				cut(ErrFenced)
				return
			}
		}
	}
}

func (s *Server) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	return s.Fence.Alive(ctx) && ctx.Err() == nil
}

func (s *Server) handle(ctx context.Context, raw net.Conn) {
	defer func() { _ = raw.Close() }()
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	c := &client{s: s, conn: raw, br: bufio.NewReaderSize(raw, 64<<10)}
	c.loop(ctx)
}

func (s *Server) turnAway(ctx context.Context, raw net.Conn) {
	c := &client{s: s, conn: raw}
	_ = raw.SetDeadline(time.Now().Add(100 * time.Millisecond))
	c.refuse(ctx, Decision{}, &refusal{429, "too many open connections", "close some and try again"})
	_ = raw.Close()
}

// authentic compares digests, so that neither length nor content shows in time.
func (s *Server) authentic(header string) bool {
	kind, value, _ := strings.Cut(header, " ")
	switch strings.ToLower(kind) {
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return false
		}
		_, value, _ = strings.Cut(string(raw), ":")
	case "bearer":
	default:
		return false
	}
	got := sha256.Sum256([]byte(value))
	return subtle.ConstantTimeCompare(got[:], s.digest[:]) == 1
}
