package egress

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent/egress/relay"
)

// browse makes a client that reaches the world through a relay on loopback.
func (w *world) browse(t testing.TB) (*http.Client, func()) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- relay.Serve(ctx, l, relay.To(w.socket)) }()
	proxy, err := url.Parse(w.Env(l.Addr().String(), "/ca.pem")["HTTPS_PROXY"])
	if err != nil {
		t.Fatal(err)
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.Proxy, tr.ForceAttemptHTTP2 = http.ProxyURL(proxy), false
	tr.TLSClientConfig.RootCAs = w.RootCAs.Clone()
	tr.TLSClientConfig.RootCAs.AppendCertsFromPEM(w.CA())
	return &http.Client{Transport: tr}, func() {
		tr.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func fetch(ctx context.Context, c *http.Client, url string, size int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestManyAtOnceThroughTheRelayAndNothingLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("load", func(t *testing.T) {
		w := newWorld(t, func(o *Options) { o.Limits.Conns = 64 }, allRules()...)
		c, stop := w.browse(t)
		defer stop()
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				at := []string{"https://api.example.com/acme", "https://www.example.com/", "http://www.example.com/"}[i%3]
				if got, err := fetch(t.Context(), c, at, 1000*i); err != nil || got != fmt.Sprintf("hello %d", 1000*i) {
					t.Errorf("%s: %q %v", at, got, err)
				}
			})
		}
		all.Wait()
	})
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
}

func TestRelayFailsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	c, stop := w.browse(t)
	defer stop()
	if _, err := fetch(t.Context(), c, "https://www.example.com/", 1); err != nil {
		t.Fatal(err)
	}
	w.stop()
	if err := <-w.served; err != nil {
		t.Fatal(err)
	}
	dials := w.dials.Load()
	if _, err := fetch(t.Context(), c, "https://www.example.com/", 1); err == nil || w.dials.Load() != dials {
		t.Error("a request got out after the proxy's socket was gone")
	}
	if err := relay.Run(t.Context(), "0.0.0.0:0", w.socket); err == nil {
		t.Error("the relay listens beyond loopback")
	}
}

func TestTheSandboxCannotTamperWithTheCA(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	clear(w.CA())
	if _, err := w.inside(t, "api.example.com", "api.example.com"); err != nil {
		t.Error(err)
	}
	// What the sandbox trusts does not matter: a server that the proxy's own
	// roots do not name is refused.
	w = newWorld(t, func(o *Options) { o.RootCAs = x509.NewCertPool() }, allRules()...)
	tc, err := w.inside(t, "api.example.com", "api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if code, body := say(t, tc, "GET /acme HTTP/1.1\r\nHost: api.example.com\r\n\r\n"); code != 502 || !strings.Contains(body, "certificate") {
		t.Errorf("an unverified server got %d %q", code, body)
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits.Conns = 1 }, allRules()...)
	first := w.dial(t)
	if code, _ := say(t, first, connectTo("www.example.com:443")); code != 200 {
		t.Fatal(code)
	}
	if code, _ := say(t, w.dial(t), ""); code != 429 {
		t.Errorf("the second connection got %d", code)
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	env := w.Env("127.0.0.1:3128", "/run/ca.pem")
	if env["https_proxy"] != "http://session:"+testToken+"@127.0.0.1:3128" || env["GIT_SSL_CAINFO"] != "/run/ca.pem" || env["NO_PROXY"] != "" {
		t.Error(env)
	}
}

// BenchmarkOverhead prints the p95 of a request direct and through relay and
// proxy with TLS ended, in the same run.
func BenchmarkOverhead(b *testing.B) {
	w := newWorld(b, func(o *Options) { o.Limits.Up = 1 << 40 }, allRules()...)
	through, stop := w.browse(b)
	defer stop()
	tr := through.Transport.(*http.Transport).Clone()
	tr.Proxy = nil
	tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		to, err := resolve(ctx, w.Resolver, "api.example.com", 443)
		if err != nil {
			return nil, err
		}
		c, _, err := dialAny(ctx, w.Dial, to)
		return c, err
	}
	direct := &http.Client{Transport: tr}
	defer tr.CloseIdleConnections()
	var near, far []time.Duration
	for b.Loop() {
		near = append(near, timed(b, direct))
		far = append(far, timed(b, through))
	}
	n, f := p95(near), p95(far)
	b.ReportMetric(float64(n.Microseconds()), "direct-p95-us")
	b.ReportMetric(float64(f.Microseconds()), "proxy-p95-us")
	b.ReportMetric(float64((f - n).Microseconds()), "overhead-p95-us")
	b.ReportMetric(float64(f)/float64(n), "ratio")
}

func timed(b *testing.B, c *http.Client) time.Duration {
	start := time.Now()
	if _, err := fetch(b.Context(), c, "https://api.example.com/acme", 100); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func p95(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)*95/100]
}
