package registry

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"interlock/agent/egress"
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
		if a = a.Unmap(); !egress.Public(a) {
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
