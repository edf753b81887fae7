package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/adapters/docker"
	"interlock/agent"
	"interlock/agent/egress"
	"interlock/agent/egress/relay"
	"interlock/bot"
)

// durably is the watch of a run, as the agent has it: each question and each
// passage is a transaction of the store.
type durably struct {
	store   agent.Store
	session *agent.Session
	job     agent.Claimed
}

func (d durably) Alive(ctx context.Context) bool {
	return d.store.Append(ctx, demoOrg, agent.Batch{Fence: d.fence()}) == nil
}

func (d durably) Pass(ctx context.Context, p agent.Passage) error {
	ev := agent.Event{
		Schema: agent.Schema, ID: rand.Text(), Org: demoOrg, Session: d.session.ID, Run: d.job.ID, At: time.Now(), Actor: d.job.Actor,
		Kind: agent.KindPassage, Payload: agent.Payload{Call: &agent.ToolCall{ID: "c", Tool: "shell"}, Passage: &p},
	}
	return d.store.Append(ctx, demoOrg, agent.Batch{Events: []agent.Event{ev}, Fence: d.fence()})
}

func (d durably) fence() *agent.Fence { return &agent.Fence{Job: d.job.ID, Token: d.job.Fence} }

// oneName resolves to one address that is public.
type oneName struct{}

func (oneName) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
}

// Goal: p95 at most 2 ms over the same request without a proxy. The way is whole:
// the relay that a container has, the relay that its socket leads to, the outlet, TLS
// ended and begun again, and each request put on record before it goes. The floor
// that it cannot go below, one durable record, is of the same run.
func BenchmarkWayOut(b *testing.B) {
	w, err := newDemoWorld(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	a := w.wired(b)
	defer func() { _ = a.close() }()
	t := agent.Thread{Platform: "console", Channel: "payments", ID: "bench"}
	if _, err := a.in.Mention(b.Context(), bot.Mention{ID: "bench", Org: demoOrg, Thread: t, Actor: demoActor("alice"), Text: "what can you do?"}); err != nil {
		b.Fatal(err)
	}
	ctx, done := context.WithCancel(b.Context())
	err = a.db.Consume(ctx, func(ctx context.Context, c agent.Claimed) error {
		defer done()
		s, err := a.db.Open(ctx, demoOrg, t)
		if err != nil {
			return err
		}
		return wayOut(ctx, b, durably{a.db, s, c})
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
}

func wayOut(ctx context.Context, b *testing.B, run durably) error {
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer upstream.Close()
	roots := x509.NewCertPool()
	roots.AddCert(upstream.Certificate())
	dial := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", upstream.Listener.Addr().String())
	}
	policy, err := egress.NewPolicy(egress.Rule{Name: "api", Host: "example.com", Methods: []string{http.MethodGet}, Paths: []string{"/"}})
	if err != nil {
		return err
	}
	inside, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	outlet := &egress.Outlet{
		Inside: egress.Inside{Addr: inside.Addr().String()}, Rules: map[string]egress.Rules{demoOrg: {Policy: policy}},
		Resolver: oneName{}, Dial: dial, RootCAs: roots,
	}
	way, closed, err := outlet.Open(ctx, agent.Command{Org: demoOrg}, run)
	if err != nil {
		return err
	}
	defer closed()
	dir := b.TempDir()
	sockets := [2]net.Listener{}
	for i := range sockets {
		if sockets[i], err = docker.ListenUnix(filepath.Join(dir, fmt.Sprint(i))); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error { return outlet.Serve(ctx, sockets[0]) })
	g.Go(func() error {
		return relay.Serve(ctx, sockets[1], func(ctx context.Context) (net.Conn, error) {
			c, err := docker.DialUnix(ctx, filepath.Join(dir, "0"))
			if err == nil {
				_, err = io.WriteString(c, way.ID+"\n")
			}
			return c, err
		})
	})
	g.Go(func() error { return relay.Serve(ctx, inside, relay.To(filepath.Join(dir, "1"))) })

	through := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxyOf(way)), TLSClientConfig: &tls.Config{RootCAs: trusting(way.CA)}}}
	direct := &http.Client{Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, netip.AddrPort{}) },
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}}
	err = compared(ctx, b, run, direct, through)
	through.CloseIdleConnections()
	direct.CloseIdleConnections()
	stop()
	return errors.Join(err, g.Wait())
}

func proxyOf(way *agent.Way) *url.URL {
	for _, e := range way.Env {
		if v, ok := strings.CutPrefix(e, "https_proxy="); ok {
			u, _ := url.Parse(v)
			return u
		}
	}
	return nil
}

func trusting(pem []byte) *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(pem)
	return p
}

// compared asks by turns, so that each way meets the same machine.
func compared(ctx context.Context, b *testing.B, run durably, direct, through *http.Client) error {
	var near, far, floor []time.Duration
	for range 1000 {
		for _, c := range []struct {
			client *http.Client
			all    *[]time.Duration
		}{{direct, &near}, {through, &far}} {
			began := time.Now()
			if err := fetched(ctx, c.client); err != nil {
				return err
			}
			*c.all = append(*c.all, time.Since(began))
		}
		began := time.Now()
		if err := run.Pass(ctx, agent.Passage{Host: "example.com", Allowed: true}); err != nil {
			return err
		}
		floor = append(floor, time.Since(began))
	}
	n, f, r := p95(near), p95(far), p95(floor)
	b.ReportMetric(f-n, "overhead-p95-ms")
	b.ReportMetric(n, "direct-p95-ms")
	b.ReportMetric(r, "record-p95-ms")
	b.ReportMetric((f-n)/r, "overhead/record")
	b.ReportMetric(0, "ns/op")
	return nil
}

func fetched(ctx context.Context, c *http.Client) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/", nil)
	if err != nil {
		return err
	}
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s", res.Status)
	}
	return err
}
