package registry

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Resolver looks up the addresses of a name; net.Resolver is one.
type Resolver interface {
	// LookupNetIP returns every address of host.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Dialer opens a TCP connection to exactly one checked address.
type Dialer func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

// tries is how many addresses of a name are dialled.
const tries = 4

// closed are ranges that look global and are not: shared, reserved, for tests and
// for documents, the metadata address of one cloud, and IPv6 that leads to IPv4.
func closed() []string {
	return []string{
		"0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	}
}

// public tells whether an address is out in the world. Whoever answers for a
// registry says where its files are, and must not lead a fetch to what only this
// machine can reach.
func public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return false
	}
	return !slices.ContainsFunc(closed(), func(p string) bool { return netip.MustParsePrefix(p).Contains(a) })
}

// dial resolves a name, and refuses it when any of its addresses is not public: a
// name with one public and one private address is a trap.
func (o Options) dial(ctx context.Context, _, target string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	found, err := o.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	var to []netip.AddrPort
	for _, a := range found {
		if a = a.Unmap(); !public(a) {
			return nil, refuse("%s is at %s: only public addresses are asked", host, a)
		}
		at, err := netip.ParseAddrPort(net.JoinHostPort(a.String(), port))
		if err != nil {
			return nil, err
		}
		to = append(to, at)
	}
	err = fmt.Errorf("look up %s: no address", host)
	for _, a := range to[:min(len(to), tries)] {
		var c net.Conn
		if c, err = o.Dial(ctx, a); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func dialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
}
