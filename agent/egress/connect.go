package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// connect judges a CONNECT, then tunnels it or ends its TLS.
func (c *client) connect(ctx context.Context, req *request, d Decision) {
	host, port, err := canonicalTarget(req.RequestURI, 0)
	if err != nil {
		c.refuse(ctx, d, denied(err.Error(), "name a host that a rule allows"))
		return
	}
	d.Host, d.Port = host, port
	if h, p, err := canonicalTarget(req.hostHeader, 443); err != nil || h != host || (p != port && p != 443) {
		c.refuse(ctx, d, denied("the Host header names another host", "send the host of the CONNECT"))
		return
	}
	rule, ends, ok := c.s.Policy.reach(host, port)
	if !ok {
		c.refuse(ctx, d, denied("no rule allows this host and port", "ask for a rule, or do without"))
		return
	}
	d.Rule = rule.Name
	to, no := c.s.check(ctx, host, port)
	if no != nil {
		c.refuse(ctx, d, no)
		return
	}
	t := &target{host: host, port: port, to: to}
	if ends {
		c.end(ctx, t, d)
		return
	}
	c.tunnel(ctx, t, d)
}

// check resolves host, and refuses it when an address is special.
func (s *Server) check(ctx context.Context, host string, port uint16) ([]netip.AddrPort, *refusal) {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.Dial)
	defer cancel()
	to, err := resolve(ctx, s.Resolver, host, port)
	if errors.Is(err, errSpecial) {
		return nil, denied(err.Error(), "only public addresses can be reached")
	}
	if err != nil {
		return nil, &refusal{502, "the name could not be resolved", "check the name, or try again"}
	}
	return to, nil
}

// greet accepts the tunnel and demands a ClientHello that names the host.
func (c *client) greet(ctx context.Context, t *target, d Decision) bool {
	if _, err := io.WriteString(c.conn, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		return false
	}
	c.patience(c.s.Limits.Header)
	name, err := peekHello(c.br)
	if err == nil && strings.ToLower(name) == t.host {
		return c.record(ctx, d, Allowed, "") == nil
	}
	reason := "the TLS server name is not the host of the CONNECT"
	if err != nil {
		reason = err.Error()
	}
	_ = c.record(ctx, d, Refused, reason)
	return false
}

func (c *client) end(ctx context.Context, t *target, d Decision) {
	if !c.greet(ctx, t, d) {
		return
	}
	leaf, err := c.s.ca.leaf(t.host)
	if err != nil {
		_ = c.record(ctx, d, Closed, "no certificate could be made")
		return
	}
	inner := tls.Server(&buffered{c.conn, c.br}, &tls.Config{
		Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
	})
	if err := inner.HandshakeContext(ctx); err != nil {
		_ = c.record(ctx, d, Closed, "the TLS handshake failed")
		return
	}
	in := &client{s: c.s, conn: inner, br: bufio.NewReaderSize(inner, 64<<10), inside: t}
	in.loop(ctx)
	c.patience(time.Second)
	_ = inner.Close()
	_ = c.record(ctx, d, Closed, "")
}

func (c *client) tunnel(ctx context.Context, t *target, d Decision) {
	dialing, cancel := context.WithTimeout(ctx, c.s.Limits.Dial)
	out, addr, err := dialAny(dialing, c.s.Dial, t.to)
	cancel()
	if err != nil {
		c.refuse(ctx, d, &refusal{502, "the server could not be reached", "try again later"})
		return
	}
	defer func() { _ = out.Close() }()
	defer context.AfterFunc(ctx, func() { _ = out.Close() })()
	if d.Address = addr; !c.greet(ctx, t, d) {
		return
	}
	touch := func() {
		c.patience(c.s.Limits.Idle)
		_ = out.SetDeadline(time.Now().Add(c.s.Limits.Idle))
	}
	up := &metered{from: c.br, limit: &c.s.up, touch: touch}
	down := &metered{from: out, limit: &c.s.down, touch: touch}
	cut := func() { _ = out.Close(); _ = c.conn.Close() }
	done := make(chan struct{})
	go func() { pour(out, up, cut); close(done) }()
	pour(c.conn, down, cut)
	<-done
	d.Up, d.Down = up.n.Load(), down.n.Load()
	reason := ""
	if up.over.Load() || down.over.Load() {
		reason = errBudget.Error()
	}
	_ = c.record(ctx, d, Closed, reason)
}

// pour copies one direction. A clean end is passed on; any other cuts both.
func pour(to net.Conn, from *metered, cut func()) {
	_, err := io.Copy(struct{ io.Writer }{to}, from)
	h, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok || h.CloseWrite() != nil {
		cut()
	}
}

// buffered is a connection whose first bytes were already read.
type buffered struct {
	net.Conn
	br *bufio.Reader
}

// Read implements io.Reader.
func (b *buffered) Read(p []byte) (int, error) { return b.br.Read(p) }
