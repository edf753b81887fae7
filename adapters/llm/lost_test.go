package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

const secret = "k-very-secret"

// ask sends a request whose address holds a secret, and gives its error.
func ask(ctx context.Context, t *testing.T, base string) error {
	t.Helper()
	client := Client()
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1?key="+secret, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return nil
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestLostOverTheWire(t *testing.T) {
	t.Parallel()
	refused := serve(t, nil)
	refused.Close()
	encrypted := httptest.NewTLSServer(nil)
	encrypted.Config.ErrorLog = nil
	t.Cleanup(encrypted.Close)
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	away := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect) //nolint:gosec // the target is fixed
	})
	for _, r := range []struct{ name, url, want string }{
		{"refused", refused.URL, "connection refused by 127.0.0.1:"},
		{"certificate", encrypted.URL, "its certificate is not trusted: x509: "},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), "it does not speak TLS"},
		{"cut", cut.URL, "the connection was cut"},
		{"redirect", away.URL, "redirects to another host"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			me := mustFail(t, Lost(ask(t.Context(), t, r.url)))
			if me.Fault != agent.FaultNetwork || !strings.Contains(me.Error(), r.want) || strings.Contains(me.Error(), secret) {
				t.Errorf("%v, want %q", me, r.want)
			}
		})
	}
}

func TestRedirectsWithinAHost(t *testing.T) {
	t.Parallel()
	hops := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1":
			http.Redirect(w, r, "/v2", http.StatusTemporaryRedirect)
		case "/loop/v1":
			http.Redirect(w, r, "/loop/v1", http.StatusTemporaryRedirect)
		}
	})
	if err := ask(t.Context(), t, hops.URL); err != nil {
		t.Errorf("the same host is refused: %v", err)
	}
	if err := ask(t.Context(), t, hops.URL+"/loop"); !errors.Is(err, errRedirect) {
		t.Errorf("a loop ends with %v", err)
	}
}

func TestRedirectsKeepTheScheme(t *testing.T) {
	t.Parallel()
	secure, plain := &http.Request{URL: &url.URL{Scheme: "https", Host: "a"}}, &http.Request{URL: &url.URL{Scheme: "http", Host: "a"}}
	if sameHost(plain, []*http.Request{secure}) == nil || sameHost(secure, []*http.Request{secure}) != nil {
		t.Error("a redirect may take the key out of TLS")
	}
}

func TestLostLeavesContextsEnd(t *testing.T) {
	t.Parallel()
	hangs := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client leave
		<-r.Context().Done()
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Now().Add(20*time.Millisecond))
	defer stop()
	for want, ctx := range map[error]context.Context{context.Canceled: gone, context.DeadlineExceeded: late} {
		if err := Lost(ask(ctx, t, hangs.URL)); err != want { //nolint:errorlint // the bare error, without an address
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// slow is what package net returns when a dial takes too long: it claims to be
// context.DeadlineExceeded.
type slow struct{}

func (slow) Error() string        { return "i/o timeout" }
func (slow) Timeout() bool        { return true }
func (slow) Temporary() bool      { return true }
func (slow) Is(target error) bool { return target == context.DeadlineExceeded }

func TestLost(t *testing.T) {
	t.Parallel()
	at := func(err error) error {
		return fmt.Errorf("ask: %w", &url.Error{Op: "Post", URL: "https://x.invalid/v1?key=" + secret, Err: err})
	}
	dial := func(err error) error {
		return at(&net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}, Err: err})
	}
	for _, r := range []struct {
		err  error
		want string
	}{
		{dial(slow{}), "no connection in time by 192.0.2.1:443"},
		{at(&net.OpError{Op: "read", Err: slow{}}), "no answer in time"},
		{dial(&net.DNSError{Name: "x.invalid", IsNotFound: true}), `there is no host named "x.invalid"`},
		{dial(&net.DNSError{Name: "x.invalid", IsTimeout: true}), `the name "x.invalid" cannot be looked up now`},
		{at(errors.New("odd")), "odd"},
		{fmt.Errorf("Get https://me:%s@x.invalid/?key=%s: odd", secret, secret), "Get https://x.invalid/ odd"},
		{errors.New(strings.Repeat("\u00e9", 400)), strings.Repeat("\u00e9", 300) + "..."},
	} {
		err := Lost(r.err)
		me := mustFail(t, err)
		if me.Fault != agent.FaultNetwork || me.Err.Error() != r.want {
			t.Errorf("%v reads %q, want %q", r.err, me.Err, r.want)
		}
		if errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v passes for the caller's deadline or tells the key", err)
		}
	}
	own := &agent.ModelError{Fault: agent.FaultRefused}
	if got := Lost(own); !errors.Is(got, own) {
		t.Errorf("a ModelError became %v", got)
	}
	if got := Lost(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
}

func FuzzBare(f *testing.F) {
	f.Add("Post \"https://a:b@x.invalid/v1?key=1\": odd")
	f.Fuzz(func(t *testing.T, text string) {
		got := bare("https://x.invalid/v1?key=" + secret + " " + text)
		if strings.Contains(got, secret) {
			t.Errorf("%q tells the key", got)
		}
	})
}
