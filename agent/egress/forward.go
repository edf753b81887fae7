package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// forward judges one visible request and sends it on.
func (c *client) forward(ctx context.Context, req *request, d Decision) bool {
	t, raw, no := c.aim(req)
	if no != nil {
		c.refuse(ctx, d, no)
		return false
	}
	d.Host, d.Port = t.host, t.port
	clean, err := canonicalPath(raw)
	if err != nil {
		c.refuse(ctx, d, denied(err.Error(), "send a plain path"))
		return false
	}
	d.Path = short(clean)
	rule, no := c.judge(req, t, clean)
	d.Rule = rule.Name
	if no == nil {
		no = c.prepare(ctx, t)
	}
	if no == nil && req.ContentLength > c.s.up.left() {
		no = &refusal{413, errBudget.Error(), "send less"}
	}
	if no != nil {
		c.refuse(ctx, d, no)
		return false
	}
	return c.exchange(ctx, c.outgoing(req, t, raw, clean), rule, d)
}

// aim finds the host and the raw path, and demands that Host agrees.
func (c *client) aim(req *request) (*target, string, *refusal) {
	differs := denied("the Host header names another host", "send the host that was asked for")
	if c.inside != nil {
		h, p, err := canonicalTarget(req.hostHeader, c.inside.port)
		if err != nil || h != c.inside.host || p != c.inside.port {
			return nil, "", differs
		}
		raw, _, _ := strings.Cut(req.RequestURI, "?")
		return c.inside, raw, nil
	}
	rest, ok := strings.CutPrefix(req.RequestURI, "http://")
	if !ok {
		return nil, "", denied("only http:// requests and CONNECT are served", "use CONNECT for https")
	}
	rest, _, _ = strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	host, port, err := canonicalTarget(authority, 80)
	if err != nil {
		return nil, "", denied(err.Error(), "name a host that a rule allows")
	}
	if h, p, err := canonicalTarget(req.hostHeader, 80); err != nil || h != host || p != port {
		return nil, "", differs
	}
	return &target{host: host, port: port}, "/" + path, nil
}

func (c *client) judge(req *request, t *target, clean string) (Rule, *refusal) {
	rule, ok := c.s.Policy.match(t.host, t.port, req.Method, clean)
	switch {
	case !ok:
		return rule, denied("no rule allows this host, port, method and path", "ask for a rule, or do without")
	case rule.Scope != "" && c.inside == nil:
		return rule, denied("a credential is never sent without TLS", "use https")
	case rule.Scope != "" && c.s.Injector == nil:
		return rule, denied("no credential can be had for this rule", "ask who runs this bot")
	}
	return rule, nil
}

func (c *client) outgoing(req *request, t *target, raw, clean string) *http.Request {
	scheme, usual := "https", uint16(443)
	if c.inside == nil {
		scheme, usual = "http", 80
	}
	at := fmt.Sprintf("%s:%d", t.host, t.port)
	out := &http.Request{
		Method: req.Method, Header: req.Header, Host: at, ContentLength: req.ContentLength, Body: http.NoBody,
		URL: &url.URL{Scheme: scheme, Host: at, Path: clean, RawPath: raw, RawQuery: req.URL.RawQuery},
	}
	if t.port == usual {
		out.Host = t.host
	}
	if req.hasBody() {
		out.Body = &metered{from: req.Body, limit: &c.s.up}
	}
	if strings.EqualFold(req.Header.Get("Expect"), "100-continue") {
		_, _ = io.WriteString(c.conn, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	stripHops(out.Header)
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "") // else the transport names itself
	}
	return out
}

// exchange sends one allowed request and writes its answer. A timer that each
// byte winds up again ends it when both sides are silent.
func (c *client) exchange(ctx context.Context, out *http.Request, rule Rule, d Decision) bool {
	if no := c.inject(ctx, out, rule); no != nil {
		c.refuse(ctx, d, no)
		return false
	}
	secret := ""
	if rule.Scope != "" {
		secret = out.Header.Get("Authorization")
	}
	if c.record(ctx, d, Allowed, "") != nil {
		c.refuse(ctx, d, unrecorded())
		return false
	}
	c.sent = true
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	idle := time.AfterFunc(c.s.Limits.Idle, cancel)
	defer idle.Stop()
	touch := func() { idle.Reset(c.s.Limits.Idle); c.patience(c.s.Limits.Idle) }
	sent, _ := out.Body.(*metered)
	if sent != nil {
		sent.touch = touch
	}
	resp, err := c.via.transport.RoundTrip(out.WithContext(ctx))
	d.Address = c.via.address()
	if err != nil {
		c.refuse(ctx, d, failed(err, sent))
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusSwitchingProtocols || resp.ContentLength > c.s.down.left() {
		c.refuse(ctx, d, denied("the answer changes the protocol or is over the byte limit", "fetch less"))
		return false
	}
	got := &metered{from: resp.Body, limit: &c.s.down, touch: touch}
	whole := c.answer(resp, got, secret)
	reason := ""
	if d.Down = got.n.Load(); !whole {
		reason = "cut before the end"
	}
	if sent != nil {
		d.Up = sent.n.Load()
	}
	_ = c.record(ctx, d, Closed, reason)
	return whole && (sent == nil || sent.ended.Load())
}

func (c *client) inject(ctx context.Context, out *http.Request, rule Rule) *refusal {
	if rule.Scope == "" {
		return nil
	}
	out.Header.Del("Authorization") // the sandbox must not choose whose account it is
	out.Header.Del("Cookie")
	if err := c.s.Injector.Inject(ctx, rule.Scope, out); err != nil {
		return denied("the credential of scope "+rule.Scope+" could not be had", "ask who runs this bot")
	}
	return nil
}

func failed(err error, sent *metered) *refusal {
	var cert *tls.CertificateVerificationError
	switch {
	case sent != nil && sent.over.Load():
		return &refusal{413, errBudget.Error(), "send less"}
	case errors.As(err, &cert):
		return &refusal{502, "the certificate of the server does not verify", "check the host"}
	case errors.Is(err, context.DeadlineExceeded):
		return &refusal{504, "the server did not answer in time", "try again later"}
	}
	return &refusal{502, "the server could not be reached", "try again later"}
}

// answer writes resp to the sandbox and says whether all of it was written.
func (c *client) answer(resp *http.Response, got *metered, secret string) bool {
	stripHops(resp.Header)
	resp.Header.Del("Alt-Svc") // would invite to a protocol that cannot get out
	for name, values := range resp.Header {
		if secret != "" && strings.Contains(strings.Join(values, "\n"), secret) {
			resp.Header.Del(name)
		}
	}
	resp.Trailer, resp.Close = nil, false
	if resp.TransferEncoding = nil; resp.ContentLength < 0 {
		resp.TransferEncoding = []string{"chunked"}
	}
	resp.ProtoMajor, resp.ProtoMinor = 1, 1
	w := bufio.NewWriter(c.conn)
	resp.Body = &flushing{got, w}
	// The wrapper hides ReadFrom, which would write into a flushed buffer.
	return resp.Write(struct{ io.Writer }{w}) == nil && w.Flush() == nil
}

// flushing sends what was written before it waits for more.
type flushing struct {
	*metered
	w *bufio.Writer
}

// Read implements io.Reader.
func (f *flushing) Read(p []byte) (int, error) {
	if err := f.w.Flush(); err != nil {
		return 0, err
	}
	return f.metered.Read(p)
}
