package llm

import (
	"errors"
	"net"
	"net/http"
	"time"
)

// connectLimit bounds the dial, and then the TLS handshake.
const connectLimit = 10 * time.Second

// Client is an HTTP client for providers. It has no time-out of the whole nor
// of the first byte (the caller's context and Chain watch those), a bounded
// time to connect, and follows no redirect to another host, because the key
// would go along. It is safe for concurrent use; its idle connections end after
// 90 s or by CloseIdleConnections.
func Client() *http.Client {
	dialer := &net.Dialer{Timeout: connectLimit, KeepAlive: 30 * time.Second}
	return &http.Client{
		CheckRedirect: sameHost,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   connectLimit,
			ExpectContinueTimeout: time.Second,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          32,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       90 * time.Second,
			// A dead HTTP/2 connection would else be used again and again.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		},
	}
}

// errRedirect is why a redirect is not followed.
var errRedirect = errors.New("the provider redirects to another host: set model.base_url to where it is now")

func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Host != first.Host || req.URL.Scheme != first.Scheme || len(via) > 3 {
		return errRedirect
	}
	return nil
}
