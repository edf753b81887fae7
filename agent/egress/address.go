package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Resolver looks up the addresses of a name; net.Resolver is one.
type Resolver interface {
	// LookupNetIP returns every address of host.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Dialer opens a TCP connection to exactly one checked address.
type Dialer func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

var errSpecial = errors.New("special address")

// Public tells whether an address is out in the world: a name that somebody else
// chooses must lead nowhere else.
func Public(a netip.Addr) bool { return !special(a) }

// special lists what a sandbox never reaches, besides all of IPv6 outside
// 2000::/3: private, local, shared, documentation, reserved and metadata.
func special(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || a.Is4In6() {
		return true
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return true
	}
	for _, p := range specialRanges() {
		if netip.MustParsePrefix(p).Contains(a) {
			return true
		}
	}
	return false
}

func specialRanges() []string {
	return []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
		"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"168.63.129.16/32", // the metadata and DNS address of one cloud lies in public space
		"2001::/23",        // Teredo, benchmarking, ORCHID and other assignments
		"2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
	}
}

// resolve returns the addresses of host, or refuses when any is special: a
// name with one public and one private address is a trap.
func resolve(ctx context.Context, r Resolver, host string, port uint16) ([]netip.AddrPort, error) {
	found, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	if len(found) == 0 || len(found) > 64 {
		return nil, fmt.Errorf("look up %s: %d addresses", host, len(found))
	}
	var out []netip.AddrPort
	for _, a := range found {
		// The resolver of the standard library may give IPv4 in mapped form;
		// unmapped, the IPv4 ranges judge it.
		if a = a.Unmap(); special(a) {
			return nil, fmt.Errorf("%s resolves to %s: %w", host, a, errSpecial)
		}
		out = append(out, netip.AddrPortFrom(a, port))
	}
	return out, nil
}

func dialAny(ctx context.Context, dial Dialer, to []netip.AddrPort) (net.Conn, netip.AddrPort, error) {
	var last error
	for _, a := range to[:min(len(to), 4)] {
		c, err := dial(ctx, a)
		if err == nil {
			return c, a, nil
		}
		last = err
	}
	return nil, netip.AddrPort{}, fmt.Errorf("dial: %w", last)
}
