package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testToken = "token-of-this-session"

type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, a := range n[host] {
		out = append(out, netip.MustParseAddr(a))
	}
	if out == nil {
		return nil, errors.New("no such name")
	}
	return out, nil
}

type ledger struct {
	mu   sync.Mutex
	rows []Decision
	full bool
}

func (l *ledger) Record(_ context.Context, d Decision) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return errors.New("full")
	}
	l.rows = append(l.rows, d)
	return nil
}

func (l *ledger) has(v Verdict) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.rows {
		if d.Verdict == v {
			return true
		}
	}
	return false
}

type fence struct{ down atomic.Bool }

func (f *fence) Alive(context.Context) bool { return !f.down.Load() }

// world is a proxy on a unix socket before two loopback servers that stand
// at the public address 8.8.8.8, ports 443 and 80.
type world struct {
	*Server
	socket string
	trail  *ledger
	fence  *fence
	served chan error
	stop   context.CancelFunc
	seen   atomic.Pointer[http.Request]
	dials  atomic.Int64
}

func newWorld(t testing.TB, change func(*Options), rules ...Rule) *world {
	t.Helper()
	w := &world{trail: &ledger{}, fence: &fence{}, served: make(chan error, 1)}
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.seen.Store(r.Clone(context.WithoutCancel(r.Context())))
		if r.URL.Path == "/away" {
			http.Redirect(rw, r, "http://evil.example.net/", http.StatusFound)
			return
		}
		if r.URL.Path == "/echo" {
			rw.Header().Set("X-Echo", r.Header.Get("Authorization"))
		}
		n, _ := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(rw, "hello %d", n)
	})
	secure, plain := httptest.NewTLSServer(h), httptest.NewServer(h)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	policy, err := NewPolicy(rules...)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Policy: policy, Token: testToken, Fence: w.fence, Trail: w.trail, RootCAs: pool,
		Resolver: names{"api.example.com": {"8.8.8.8"}, "www.example.com": {"8.8.8.8"}, "rebind.example.com": {"8.8.8.8", "127.0.0.1"}},
		Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			w.dials.Add(1)
			at := map[string]string{"8.8.8.8:443": secure.Listener.Addr().String(), "8.8.8.8:80": plain.Listener.Addr().String()}[to.String()]
			if at == "" {
				return nil, errors.New("dialled what was not checked")
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", at)
		},
		Limits: Limits{Watch: 20 * time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	if w.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	w.socket = filepath.Join(t.TempDir(), "s")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", w.socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.served <- w.Serve(ctx, l); close(w.served) }()
	t.Cleanup(func() {
		cancel()
		for range w.served { // until the channel closes
			continue
		}
	})
	return w
}

func (w *world) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "unix", w.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// say sends raw text and returns the status and the body.
func say(t testing.TB, c net.Conn, text string) (int, string) {
	t.Helper()
	go func() { _, _ = io.WriteString(c, text) }()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, ""
	}
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(text, "CONNECT") {
		return resp.StatusCode, ""
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, string(body)
}

func connectTo(at string) string {
	return "CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\nProxy-Authorization: Bearer " + testToken + "\r\n\r\n"
}

func fetchText(url, host, more string) string {
	return "GET " + url + " HTTP/1.1\r\nHost: " + host + "\r\nProxy-Authorization: Bearer " + testToken + "\r\n" + more + "\r\n"
}

// inside opens a tunnel and TLS in it, trusting the session's CA or the pool.
func (w *world) inside(t testing.TB, host, sni string) (*tls.Conn, error) {
	t.Helper()
	c := w.dial(t)
	if code, body := say(t, c, connectTo(host+":443")); code != http.StatusOK {
		return nil, errors.New(body)
	}
	pool := w.RootCAs.Clone()
	pool.AppendCertsFromPEM(w.CA())
	tc := tls.Client(c, &tls.Config{RootCAs: pool, ServerName: sni})
	return tc, tc.HandshakeContext(t.Context())
}
