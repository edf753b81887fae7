package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Limits of one exchange.
const (
	answerLimit = 4 << 20 // bytes of what is no archive
	hops        = 5       // redirects
	wholeLimit  = 20 * time.Minute
	firstLimit  = 30 * time.Second // until a server begins to answer
)

// Options says how registries are reached. The zero value is right outside of
// tests, which put a server on loopback in the place of the world.
type Options struct {
	RootCAs  *x509.CertPool // nil for the system's
	Resolver Resolver       // nil for net.DefaultResolver
	Dial     Dialer         // nil for net.Dialer
}

// Client asks registries: by HTTPS only, at public addresses only, without any
// credential and by no proxy. It is safe for concurrent use.
type Client struct{ http *http.Client }

// New makes a client; it asks nothing yet.
func New(o Options) *Client {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Dial == nil {
		o.Dial = dialTCP
	}
	return &Client{&http.Client{
		Timeout: wholeLimit, CheckRedirect: redirect,
		Transport: &http.Transport{
			DialContext: o.dial, TLSClientConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: firstLimit, ResponseHeaderTimeout: firstLimit, MaxResponseHeaderBytes: 64 << 10,
		},
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func redirect(r *http.Request, via []*http.Request) error {
	if len(via) > hops {
		return refuse("%s sends on and on, more than %d times", via[0].URL.Host, hops)
	}
	return secure(r.URL)
}

// secure refuses what is not HTTPS, whoever sent it.
func secure(u *url.URL) error {
	if u.Scheme != "https" || u.Host == "" || u.User != nil {
		return refuse("%s://%s is not asked: only https is", u.Scheme, u.Host)
	}
	return nil
}

// open asks for one thing. Whoever calls closes the body.
func (c *Client) open(ctx context.Context, u *url.URL) (*http.Response, error) {
	if err := secure(u); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", u.Host, err)
	}
	r.Header.Set("User-Agent", "interlock")
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", u.Host, plain(err))
	}
	if err := status(resp); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}

// plain leaves out the URL: a signed one is a credential.
func plain(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

func status(resp *http.Response) error {
	host := resp.Request.URL.Host
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		return refuse("%s does not have it (%d)", host, resp.StatusCode)
	case http.StatusUnauthorized, http.StatusForbidden:
		return refuse("%s wants a credential (%d), and none is sent: put this provider into the image", host, resp.StatusCode)
	}
	return fmt.Errorf("%s answers %d", host, resp.StatusCode)
}

// read asks for something small, and says where it was found in the end: links in
// it are relative to that.
func (c *Client) read(ctx context.Context, u *url.URL) ([]byte, *url.URL, error) {
	resp, err := c.open(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read from %s: %w", u.Host, plain(err))
	}
	if len(b) > answerLimit {
		return nil, nil, refuse("%s answers with more than %d bytes", u.Host, answerLimit)
	}
	return b, resp.Request.URL, nil
}
