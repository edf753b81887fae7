// Package notify holds what the adapters of outside services share: one bounded HTTP
// client that goes where an administrator sent it and nowhere else, and what an answer
// says of a message. It must never know what is told to whom, or a store.
package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"interlock/agent/egress"
	"interlock/bot"
)

// Limits of one exchange.
const (
	answerLimit = 16 << 10 // bytes of an answer that are read
	wholeLimit  = 15 * time.Second
)

// Options says how services are reached. The zero value is right outside of tests.
type Options struct {
	Internal bool            // names may lead into the own network
	RootCAs  *x509.CertPool  // nil for the system's
	Resolver egress.Resolver // nil for net.DefaultResolver
}

// Client posts to services. It follows no redirect, uses no proxy, and keeps names
// from leading to addresses of the inside. It is safe for concurrent use.
type Client struct{ http *http.Client }

// NewClient makes a client; it connects to nothing yet.
func NewClient(o Options) *Client {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	return &Client{&http.Client{
		Timeout:       wholeLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: o.dial, TLSClientConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 1,
		},
	}}
}

var errInside = errors.New("leads to an address of the inside")

// dial connects to an address that was named as such, or to one that a name may lead to.
func (o Options) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsValid() || host == "localhost" {
		return d.DialContext(ctx, network, address)
	}
	found, err := o.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("look up %s: %w", host, err)}
	}
	for _, ip := range found { // a name with one good and one bad address is a trap
		if !o.reachable(ip.Unmap()) {
			return nil, fmt.Errorf("%s %w", host, errInside)
		}
	}
	return d.DialContext(ctx, network, net.JoinHostPort(found[0].Unmap().String(), port))
}

// reachable tells whether a name may lead to an address: never to this machine, nor to
// where clouds keep their secrets.
func (o Options) reachable(ip netip.Addr) bool {
	if egress.Public(ip) {
		return true
	}
	return o.Internal && ip.IsPrivate()
}

// Post sends a body, and returns a *bot.PostError unless the service took it.
func (c *Client) Post(ctx context.Context, address string, header http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &bot.PostError{Refused: true, Permanent: true, Err: errors.New("the address of the service cannot be read")}
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "interlock")
	res, err := c.http.Do(req)
	if err != nil {
		return failed(req.URL.Host, err)
	}
	answer, _ := io.ReadAll(io.LimitReader(res.Body, answerLimit)) // the status says enough
	_ = res.Body.Close()
	if pe := Judge(res.StatusCode, res.Header.Get("Retry-After"), answer); pe != nil {
		pe.Err = fmt.Errorf("%s: %w", req.URL.Host, pe.Err)
		return pe
	}
	return nil
}

// failed says what is known when there was no answer. The error holds no address,
// which may be a secret itself.
func failed(host string, err error) *bot.PostError {
	var (
		ue *url.Error
		op *net.OpError
	)
	if errors.As(err, &ue) {
		err = ue.Err
	}
	dialled := errors.As(err, &op) && op.Op == "dial" // nothing was ever sent
	inside := errors.Is(err, errInside)
	return &bot.PostError{Refused: dialled || inside, Permanent: inside, Err: fmt.Errorf("%s: %w", host, err)}
}
