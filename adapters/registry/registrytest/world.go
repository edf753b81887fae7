// Package registrytest is a world of registries for tests: one TLS server on
// loopback with an authority of its own, which answers for any host that it is
// told of. It must never be part of the product.
package registrytest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"interlock/adapters/registry"
)

// World answers by host and path, such as "registry.example/v1/x". It is safe for
// concurrent use, but for its fields, which a test sets before it asks.
type World struct {
	Answers   map[string]http.HandlerFunc
	Addresses map[string][]netip.Addr // of hosts that are elsewhere than in public
	Key       *openpgp.Entity         // signs what is published; nil signs nothing
	RootCAs   *x509.CertPool

	at    string
	mu    sync.Mutex
	asked []string
}

// New starts a world for the hosts that its certificate names.
func New(t testing.TB, hosts ...string) *World {
	t.Helper()
	key, err := openpgp.NewEntity("Author", "", "author@example.org", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		t.Fatal(err)
	}
	w := &World{Answers: map[string]http.HandlerFunc{}, Addresses: map[string][]netip.Addr{}, Key: key, RootCAs: x509.NewCertPool()}
	s := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{w.certificate(t, hosts)}} //nolint:gosec // its version is the default
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	w.at = s.Listener.Addr().String()
	return w
}

// Options lets a client see this world and no other.
func (w *World) Options() registry.Options {
	return registry.Options{RootCAs: w.RootCAs, Resolver: w, Dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", w.at)
	}}
}

// LookupNetIP implements registry.Resolver: all is in public, unless it is said
// otherwise. An address is its own.
func (w *World) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	if at, ok := w.Addresses[host]; ok {
		return at, nil
	}
	return []netip.Addr{netip.MustParseAddr("::ffff:9.9.9.9")}, nil
}

// Asked is every host and path that was asked for, in order.
func (w *World) Asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

func (w *World) serve(rw http.ResponseWriter, r *http.Request) {
	key := r.Host + r.URL.Path
	w.mu.Lock()
	w.asked = append(w.asked, key)
	w.mu.Unlock()
	h, ok := w.Answers[key]
	if !ok {
		h = http.NotFound
	}
	h(rw, r)
}

func (w *World) certificate(t testing.TB, hosts []string) tls.Certificate {
	t.Helper()
	ca, caKey := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, newKey(t)
	leaf, key := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: hosts, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, newKey(t)
	root, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	w.RootCAs.AddCert(authority)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
