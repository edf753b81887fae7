//go:build !linux

package sandboxd

import "net"

// gate relies on the rights of the socket's file.
type gate struct {
	net.Listener
	users []int
}
