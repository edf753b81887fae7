package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestSpecialAddresses(t *testing.T) {
	t.Parallel()
	bad := strings.Fields(`0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 100.100.100.200
127.0.0.0 127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255
192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0
198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
168.63.129.16 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::
2001:: 2001::1 2001:1ff:ffff::1 2001:2::1 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:7f00:1::
2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff:fff::1 5f00::1 fc00:: fdff:ffff::1 fd00:ec2::254 fe80:: febf::1
fe80::1%eth0 fec0::1 feff::1 ff00:: ffff::1 1fff::1 4000::`)
	good := strings.Fields(`1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
223.255.255.255 168.63.129.15 2001:200:: 2001:4860:4860::8888 2003::1 2606:4700::1111`)
	for _, a := range bad {
		if !special(netip.MustParseAddr(a)) {
			t.Errorf("%s counts as public", a)
		}
	}
	for _, a := range good {
		if special(netip.MustParseAddr(a)) {
			t.Errorf("%s counts as special", a)
		}
	}
	// The mapped form that a resolver gives is judged as the IPv4 it holds.
	r := names{"a.b": {"::ffff:8.8.8.8"}, "c.d": {"::ffff:10.0.0.1"}}
	if got, err := resolve(context.Background(), r, "a.b", 1); err != nil || got[0].String() != "8.8.8.8:1" {
		t.Error(got, err)
	}
	if _, err := resolve(context.Background(), r, "c.d", 1); err == nil {
		t.Error("a mapped private address passed")
	}
}

func TestCanonicalHost(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Api.Example.COM": "api.example.com", "a.b.": "a.b", "xn--bcher-kva.example": "xn--bcher-kva.example",
		"127.0.0.1": "", "0177.0.0.1": "", "0x7f.1": "", "0x7f000001": "", "2130706433": "", "127.1": "", "a.0x1": "", "a.1": "",
		"[::1]": "", "::1": "", "fe80::1%eth0": "", "localhost": "", "a.localhost": "", "a..b": "", ".a.b": "", "a.b..": "",
		"-a.b": "", "a-.b": "", "a_b.c": "", "b\u00fccher.example": "", "a%2eb.c": "", "a\x00.b": "", "a b.c": "", "u@a.b": "",
		"metadata.google.internal": "", "METADATA.google.internal.": "", "": "", ".": "", strings.Repeat("a", 64) + ".b": "",
	} {
		got, err := canonicalHost(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	for _, bad := range []string{"a.b", "a.b:", "a.b:0", "a.b:65536", "a.b:+1", "a.b:01", "a.b:1:2", "a.b: 1", "a.b:-1"} {
		if _, _, err := canonicalTarget(bad, 0); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	if _, _, ok := (Policy{}).reach("a.b", 443); ok {
		t.Error("the zero policy allows")
	}
	p, err := NewPolicy(Rule{Host: "*.a.b", Profile: "x"}, Rule{Host: "c.d", Scope: "s", Paths: []string{"/*/repo"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		profile, scope, host string
		want                 bool
	}{
		{"x", "", "n.a.b", true},
		{"x", "", "a.b", false},
		{"x", "", "na.b", false},
		{"y", "", "n.a.b", false},
		{"y", "s", "c.d", true},
		{"y", "", "c.d", false},
	} {
		if _, _, ok := p.For(c.profile, c.scope).reach(c.host, 443); ok != c.want {
			t.Errorf("%+v: %v", c, ok)
		}
	}
	for path, want := range map[string]bool{"/o/repo": true, "/o/repo/x": true, "/o/other": false, "/repo": false} {
		if _, ok := p.match("c.d", 443, "GET", path); ok != want {
			t.Errorf("%s: %v", path, ok)
		}
	}
	for _, bad := range []Rule{{}, {Host: "*"}, {Host: "10.0.0.1"}, {Host: "a.b", Paths: []string{"x"}}, {Host: "a.b", Ports: []uint16{0}}} {
		if _, err := NewPolicy(bad); err == nil {
			t.Errorf("%+v passed", bad)
		}
	}
}

func helloBytes(t testing.TB, name string) []byte {
	t.Helper()
	a, b := net.Pipe()
	go func() {
		_ = tls.Client(a, &tls.Config{ServerName: name, InsecureSkipVerify: name == ""}).HandshakeContext(t.Context())
	}()
	defer func() { _ = a.Close(); _ = b.Close() }()
	buf := make([]byte, 16<<10)
	n, err := b.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func TestHello(t *testing.T) {
	t.Parallel()
	raw := helloBytes(t, "a.example")
	read := func(b []byte) (string, error) { return peekHello(bufio.NewReaderSize(bytes.NewReader(b), 64<<10)) }
	if name, err := read(raw); name != "a.example" || err != nil {
		t.Fatal(name, err)
	}
	// Two records hold the same message; one byte a record is too many.
	body := raw[5:]
	split := func(at int) (out []byte) {
		for len(out) == 0 || len(body) > 0 {
			n := min(at, len(body))
			out = append(out, 22, 3, 1, byte(n>>8), byte(n))
			out, body = append(out, body[:n]...), body[n:]
		}
		return out
	}
	if name, err := read(split(len(body)/2 + 1)); name != "a.example" || err != nil {
		t.Error("two records:", name, err)
	}
	body = raw[5:]
	if _, err := read(split(1)); err == nil {
		t.Error("a hello in crumbs passed")
	}
	ext := bytes.Index(raw, []byte{0, 23, 0, 0}) // an empty extension becomes the one of an encrypted hello
	if ext < 0 {
		t.Fatal("the client sends no such extension")
	}
	ech := bytes.Clone(raw)
	copy(ech[ext:], []byte{0xfe, 0x0d})
	if _, err := read(ech); err == nil {
		t.Error("an encrypted hello passed")
	}
	if _, err := read(helloBytes(t, "")); err == nil {
		t.Error("no server name passed")
	}
}

func FuzzHello(f *testing.F) {
	f.Add(helloBytes(f, "a.example"))
	f.Add([]byte{22, 3, 1, 0, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		name, err := peekHello(bufio.NewReaderSize(bytes.NewReader(b), 64<<10))
		if (err == nil) != (name != "") {
			t.Errorf("%q %v", name, err)
		}
	})
}

func FuzzHost(f *testing.F) {
	f.Add("a.b:443")
	f.Add("[::ffff:1.2.3.4]:1")
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := canonicalTarget(s, 0)
		if err != nil {
			return
		}
		if again, e := canonicalHost(host); e != nil || again != host || port == 0 {
			t.Errorf("%q is not stable: %q %v", s, again, e)
		}
		if _, e := netip.ParseAddr(host); e == nil {
			t.Errorf("%q is an address", s)
		}
	})
}

func FuzzHead(f *testing.F) {
	f.Add([]byte("GET http://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a.b\r\nContent-Length: 1\r\n\r\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readHead(bufio.NewReaderSize(bytes.NewReader(b), 64<<10), 32<<10)
		if err == nil && (len(r.TransferEncoding) > 0 && r.Header.Get("Content-Length") != "" || r.size > 32<<10) {
			t.Errorf("ambiguous: %q", b)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/a/%2e%2e/b")
	f.Fuzz(func(t *testing.T, s string) {
		clean, err := canonicalPath(s)
		if err == nil && (strings.Contains(clean+"/", "/../") || strings.ContainsAny(clean, "\\\x00")) {
			t.Errorf("%q gave %q", s, clean)
		}
	})
}
