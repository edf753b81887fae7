package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// client is one connection from the sandbox; inside names the host whose TLS
// was ended on it, if any.
type client struct {
	s      *Server
	conn   net.Conn
	br     *bufio.Reader
	inside *target
	via    *upstream
	sent   bool // a transport may still read a body from br
}

// target is a host with the addresses that were checked for it.
type target struct {
	host string
	port uint16
	to   []netip.AddrPort
}

func (c *client) loop(ctx context.Context) {
	defer func() { c.via.close() }()
	for c.next(ctx) {
		continue
	}
}

// next serves one request and says whether another may follow.
func (c *client) next(ctx context.Context) bool {
	c.patience(c.s.Limits.Idle)
	if _, err := c.br.Peek(1); err != nil {
		return false
	}
	c.patience(c.s.Limits.Header)
	req, err := readHead(c.br, c.s.Limits.Head)
	switch {
	case errors.Is(err, errLarge):
		c.refuse(ctx, Decision{}, &refusal{431, err.Error(), "send fewer or shorter headers"})
		return false
	case errors.Is(err, errHead):
		c.refuse(ctx, Decision{}, &refusal{400, err.Error(), "send plain HTTP/1.1"})
		return false
	case err != nil:
		return false
	}
	d := c.about(req)
	if no := c.admit(ctx, req); no != nil {
		c.refuse(ctx, d, no)
		return false
	}
	c.patience(c.s.Limits.Idle)
	if req.Method == http.MethodConnect {
		c.connect(ctx, req, d)
		return false
	}
	return c.forward(ctx, req, d)
}

func (c *client) patience(d time.Duration) { _ = c.conn.SetDeadline(time.Now().Add(d)) }

// about describes a request that nothing is known of yet.
func (c *client) about(req *request) Decision {
	d := Decision{Method: short(req.Method), Host: short(req.URL.Hostname())}
	if c.inside != nil {
		d.Host, d.Port = c.inside.host, c.inside.port
	}
	return d
}

func (c *client) admit(ctx context.Context, req *request) *refusal {
	switch {
	case c.inside == nil && !c.s.authentic(req.Header.Get("Proxy-Authorization")):
		return &refusal{407, "the token of this session is missing or wrong", "use the proxy variables of this sandbox"}
	case !c.s.alive(ctx):
		return denied(ErrFenced.Error(), "nothing more can be sent")
	case c.s.up.spend(req.size) != nil || c.s.down.left() == 0:
		return &refusal{413, errBudget.Error(), "send or fetch less"}
	case upgrades(req.Header):
		return denied("protocol upgrades are not allowed", "use plain HTTP/1.1")
	case req.Method == http.MethodConnect && (c.inside != nil || req.hasBody()):
		return denied("a tunnel in a tunnel or with a body is not allowed", "connect once")
	case req.Method != http.MethodConnect && !req.ProtoAtLeast(1, 1):
		return &refusal{505, "HTTP/1.0 is not served", "use HTTP/1.1"}
	}
	return nil
}

// refuse records and answers; the connection is closed after it.
func (c *client) refuse(ctx context.Context, d Decision, no *refusal) {
	_ = c.record(ctx, d, Refused, no.reason) // refused it is, on record or not
	line := no.line(describe(d))
	extra := ""
	if no.status == http.StatusProxyAuthRequired {
		extra = "Proxy-Authenticate: Basic realm=\"session\"\r\n"
	}
	_, _ = fmt.Fprintf(c.conn, "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		no.status, http.StatusText(no.status), extra, len(line))
	if d.Method != http.MethodHead {
		_, _ = fmt.Fprint(c.conn, line)
	}
	if h, ok := c.conn.(interface{ CloseWrite() error }); ok && c.br != nil && !c.sent && h.CloseWrite() == nil {
		c.linger()
	}
}

// linger reads a little of what still comes: closing over unread bytes would
// make the kernel drop the answer.
func (c *client) linger() {
	c.patience(500 * time.Millisecond)
	_, _ = io.CopyN(io.Discard, c.br, 256<<10)
}

func (c *client) record(ctx context.Context, d Decision, v Verdict, reason string) error {
	d.When, d.Verdict, d.Reason = c.s.Now(), v, reason
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.s.Limits.Header)
	defer cancel()
	return c.s.Trail.Record(ctx, d)
}

// unrecorded is the refusal of what could not be put on record.
func unrecorded() *refusal {
	return &refusal{503, "the request could not be put on record", "try again later"}
}

func describe(d Decision) string {
	if d.Method == "" {
		return "a request"
	}
	if d.Port == 0 {
		return d.Method + " " + d.Host
	}
	return fmt.Sprintf("%s %s:%d%s", d.Method, d.Host, d.Port, d.Path)
}

// short keeps text of the sandbox in a record plain and bounded.
func short(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), 256)]
}
