package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
)

// upstream is the way to one checked target; its transport dials no other.
type upstream struct {
	*target
	transport *http.Transport
	dialled   atomic.Pointer[netip.AddrPort]
}

func (u *upstream) close() {
	if u != nil {
		u.transport.CloseIdleConnections()
	}
}

func (u *upstream) address() netip.AddrPort {
	if a := u.dialled.Load(); a != nil {
		return *a
	}
	return netip.AddrPort{}
}

// prepare makes the way to t ready, resolving and checking when it is new.
func (c *client) prepare(ctx context.Context, t *target) *refusal {
	if c.via != nil && c.via.host == t.host && c.via.port == t.port {
		return nil
	}
	if t.to == nil {
		to, no := c.s.check(ctx, t.host, t.port)
		if no != nil {
			return no
		}
		t.to = to
	}
	c.via.close()
	u := &upstream{target: t}
	limits := c.s.Limits
	u.transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, limits.Dial)
			defer cancel()
			conn, a, err := dialAny(ctx, c.s.Dial, t.to)
			u.dialled.Store(&a)
			return conn, err
		},
		TLSClientConfig: &tls.Config{
			RootCAs: c.s.RootCAs, ServerName: t.host, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
		},
		TLSHandshakeTimeout: limits.Header, ResponseHeaderTimeout: limits.Header, IdleConnTimeout: limits.Idle,
		MaxConnsPerHost: 2, MaxIdleConnsPerHost: 1, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}
	c.via = u
	return nil
}
