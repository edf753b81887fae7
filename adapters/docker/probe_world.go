package docker

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"time"

	"interlock/agent/egress"
)

// stand is a public address that the probes' servers stand behind. Nobody dials
// it: a connection to it goes to this process's loopback.
const stand = "8.8.8.8"

// world is an outside of this process alone: two servers on loopback, one with
// TLS, behind names of documentation.
type world struct {
	*egress.Outlet
	cancel context.CancelFunc
	served chan error
	closer []io.Closer
}

// lookup answers for the names of the probes.
type lookup map[string][]string

// LookupNetIP implements egress.Resolver.
func (l lookup) LookupNetIP(_ context.Context, _, host string) (all []netip.Addr, err error) {
	for _, a := range l[host] {
		all = append(all, netip.MustParseAddr(a))
	}
	if len(all) == 0 {
		return nil, errors.New("no such name")
	}
	return all, nil
}

var probeNames = lookup{
	"open.example.com": {stand}, "path.example.com": {stand}, "evil.example.net": {stand},
	"meta.inside.example.net": {"169.254.169.254"}, "meta6.inside.example.net": {"fd00:ec2::254"},
	"ten.inside.example.net": {"10.0.0.1"}, "cgnat.inside.example.net": {"100.64.0.1"}, "self.inside.example.net": {"127.0.0.1"},
	"mapped.inside.example.net": {"::ffff:127.0.0.1"}, "rebind.inside.example.net": {stand, "127.0.0.1"},
}

var probeRules = []egress.Rule{
	{Host: "open.example.com", Ports: []uint16{80, 443}},
	{Host: "path.example.com", Methods: []string{"GET"}, Paths: []string{"/own"}},
	{Host: "*.inside.example.net", Ports: []uint16{80, 443}},
}

// openWorld makes the outside, and serves ways to it on a socket.
func openWorld(ctx context.Context, socket string) (w *world, err error) {
	policy, err := egress.NewPolicy(probeRules...)
	if err != nil {
		return nil, err
	}
	cert, roots, err := certificate("open.example.com", "path.example.com")
	if err != nil {
		return nil, err
	}
	w = &world{served: make(chan error, 1)}
	to := map[string]string{}
	for _, port := range []string{"80", "443"} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			w.close()
			return nil, err
		}
		to[stand+":"+port] = l.Addr().String()
		s := &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: worldLimit, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}}
		w.closer = append(w.closer, s)
		if port == "443" {
			l = tls.NewListener(l, s.TLSConfig)
		}
		go func() { _ = s.Serve(l) }() // ends when it is closed
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	w.Outlet = &egress.Outlet{
		Inside: Inside(), Rules: map[string]egress.Rules{probeOrg: {Policy: policy}}, Resolver: probeNames, RootCAs: pool, Roots: roots,
		Dial: func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
			here, ok := to[at.String()]
			if !ok {
				return nil, errors.New("nothing but the probes' own servers is dialled")
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", here)
		},
	}
	l, err := ListenUnix(socket)
	if err != nil {
		w.close()
		return nil, err
	}
	ctx, w.cancel = context.WithCancel(ctx)
	go func() { w.served <- w.Serve(ctx, l) }()
	return w, nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	switch {
	case r.URL.Path == "/away":
		http.Redirect(w, r, "http://evil.example.net/", http.StatusFound)
	case r.URL.Path == "/secret" && r.Header.Get("Authorization") == "":
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (w *world) close() {
	if w.cancel != nil {
		w.cancel()
		<-w.served //nolint:errcheck // it ends because it was told to
	}
	for _, c := range w.closer {
		_ = c.Close()
	}
}

// certificate signs itself, for an hour.
func certificate(names ...string) (c tls.Certificate, roots []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, nil, err
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		return c, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
