package egress

import (
	"bufio"
	"errors"
)

var errHello = errors.New("not a TLS ClientHello with exactly one plain server name")

const helloLimit = 32 << 10

// peekHello reads the server name of a ClientHello without consuming it.
func peekHello(br *bufio.Reader) (string, error) {
	var msg []byte
	for off, records := 0, 0; records < 8; records++ {
		h, err := br.Peek(off + 5)
		if err != nil {
			return "", errHello
		}
		h = h[off:]
		size := int(h[3])<<8 | int(h[4])
		if h[0] != 22 || h[1] != 3 || size == 0 || size > 16384 || off+5+size > helloLimit {
			return "", errHello
		}
		all, err := br.Peek(off + 5 + size)
		if err != nil {
			return "", errHello
		}
		msg = append(msg, all[off+5:]...)
		off += 5 + size
		if len(msg) >= 4 {
			want := 4 + (int(msg[1])<<16 | int(msg[2])<<8 | int(msg[3]))
			if msg[0] != 1 || want > helloLimit {
				return "", errHello
			}
			if len(msg) == want {
				return serverName(msg[4:])
			}
			if len(msg) > want {
				return "", errHello
			}
		}
	}
	return "", errHello
}

// cursor reads length-prefixed fields; after a short read it stays bad.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.rest) {
		c.bad, c.rest = true, nil
		return nil
	}
	out := c.rest[:n]
	c.rest = c.rest[n:]
	return out
}

func (c *cursor) number(bytes int) int {
	n := 0
	for _, b := range c.take(bytes) {
		n = n<<8 | int(b)
	}
	return n
}

func serverName(hello []byte) (string, error) {
	c := cursor{rest: hello}
	c.take(2 + 32)
	c.take(c.number(1))
	c.take(c.number(2))
	c.take(c.number(1))
	exts := cursor{rest: c.take(c.number(2))}
	if c.bad || len(c.rest) != 0 {
		return "", errHello
	}
	name := ""
	for len(exts.rest) > 0 && !exts.bad {
		kind := exts.number(2)
		body := exts.take(exts.number(2))
		switch kind {
		case 0xfe0d, 0xffce: // encrypted hello: the true name is hidden
			return "", errHello
		case 0:
			one, ok := oneName(body)
			if !ok || name != "" {
				return "", errHello
			}
			name = one
		}
	}
	if exts.bad || name == "" {
		return "", errHello
	}
	return name, nil
}

func oneName(body []byte) (string, bool) {
	c := cursor{rest: body}
	list := cursor{rest: c.take(c.number(2))}
	kind := list.number(1)
	name := string(list.take(list.number(2)))
	return name, !c.bad && !list.bad && len(c.rest) == 0 && len(list.rest) == 0 && kind == 0 && name != ""
}
