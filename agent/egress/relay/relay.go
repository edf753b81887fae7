// Package relay is the inside half of egress: it joins connections on the
// container's loopback to the proxy's unix socket.
package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const most = 64

// Run listens on addr, which must be a loopback address, until ctx ends.
func Run(ctx context.Context, addr, socket string) error {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("relay address %q is not loopback", addr)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for the relay: %w", err)
	}
	return Serve(ctx, l, To(socket))
}

// To dials a unix socket.
func To(socket string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
}

// Serve relays the connections of l to what dial opens until ctx ends, then waits
// for its goroutines. A connection is closed at once when dial fails.
func Serve(ctx context.Context, l net.Listener, dial func(context.Context) (net.Conn, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	slots := make(chan struct{}, most)
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept for the relay: %w", err)
		}
		select {
		case slots <- struct{}{}:
			open.Go(func() { join(ctx, c, dial); <-slots })
		default:
			_ = c.Close()
		}
	}
}

func join(ctx context.Context, in net.Conn, dial func(context.Context) (net.Conn, error)) {
	dialing, cancel := context.WithTimeout(ctx, 5*time.Second)
	out, err := dial(dialing)
	cancel()
	if err != nil {
		_ = in.Close()
		return
	}
	cut := func() { _ = in.Close(); _ = out.Close() }
	defer cut()
	defer context.AfterFunc(ctx, cut)()
	done := make(chan struct{})
	go func() { copyHalf(out, in, cut); close(done) }()
	copyHalf(in, out, cut)
	<-done
}

type halfCloser interface{ CloseWrite() error }

// copyHalf passes an end of stream on, and cuts both ways on any other end.
func copyHalf(to, from net.Conn, cut func()) {
	if _, err := io.Copy(to, from); err != nil && !errors.Is(err, io.EOF) {
		cut()
		return
	}
	if h, ok := to.(halfCloser); ok && h.CloseWrite() == nil {
		return
	}
	cut()
}
