package mail

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// line is the connection to the server. It ends when it is hung up, whatever the
// client that speaks on it waits for.
type line struct {
	tls *tls.Config // from the first byte; nil is plain at first

	mu   sync.Mutex
	conn net.Conn
	over bool
}

// dial connects. Its context is over when the server has greeted.
func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn = c; l.over {
		_ = c.Close() // nobody waits for it any more
	}
	if l.tls != nil {
		return tls.Client(c, l.tls), nil
	}
	return c, nil
}

func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over = true; l.conn != nil {
		_ = l.conn.Close() // what was taken is taken
	}
}
