//go:build linux

package main

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// netProbes stay in the container's own network, which is empty: nothing that they
// send could leave it. Their addresses are of documentation. Where the rights are
// there, an interface is made and the addresses are put on loopback, so that a
// container that is held too loosely shows.
var netProbes = []probe{
	{37, func(t *tries) {
		done := tap()
		t.saw("interfaces beside loopback", interfaces()...)
		done()
	}},
	{40, func(t *tries) {
		own([4]byte{192, 0, 2, 1})
		t.try("reach a gateway", dial(unix.SOCK_STREAM, [4]byte{192, 0, 2, 1}, 80))
	}},
	{41, func(t *tries) {
		own([4]byte{192, 0, 2, 53})
		t.try("ask a name server", dial(unix.SOCK_DGRAM, [4]byte{192, 0, 2, 53}, 53))
	}},
	{48, func(t *tries) {
		own([4]byte{198, 51, 100, 1})
		t.try("TCP", dial(unix.SOCK_STREAM, [4]byte{198, 51, 100, 1}, 443))
		t.try("UDP", dial(unix.SOCK_DGRAM, [4]byte{198, 51, 100, 1}, 443))
		t.try("raw", dial(unix.SOCK_RAW, [4]byte{198, 51, 100, 1}, unix.IPPROTO_ICMP))
	}},
}

func interfaces() (found []string) {
	b, _ := os.ReadFile("/proc/net/dev")
	for line := range strings.Lines(string(b)) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok && name != "lo" && !strings.Contains(name, "|") {
			found = append(found, name)
		}
	}
	return found
}

// dial connects, which for datagrams sends nothing yet.
func dial(kind int, to [4]byte, port int) error {
	protocol := 0
	if kind == unix.SOCK_RAW {
		protocol, port = port, 0
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: to})
}

// tap makes an interface, if it may; done takes it away.
func tap() (done func()) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return func() {}
	}
	if ifr, err := unix.NewIfreq("probe0"); err == nil {
		ifr.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		_ = unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr)
	}
	return func() { _ = unix.Close(fd) }
}

// own puts an address on loopback, if it may.
func own(addr [4]byte) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer func() { _ = unix.Close(fd) }()
	if ifr, err := unix.NewIfreq("lo:1"); err == nil && ifr.SetInet4Addr(addr[:]) == nil {
		_ = unix.IoctlIfreq(fd, unix.SIOCSIFADDR, ifr)
	}
}
