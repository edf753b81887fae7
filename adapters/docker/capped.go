package docker

import (
	"bytes"
	"fmt"
	"io"
)

// capped keeps the first and the last half of what is written to it, because
// what went wrong is told at the end. It never holds more than its limit.
type capped struct {
	limit   int
	head    bytes.Buffer
	tail    []byte // a ring, once it is full
	at      int
	dropped int64
}

func newCapped(limit int64) *capped { return &capped{limit: int(limit)} }

// Write never fails and never blocks: a flood must not stop the command.
func (c *capped) Write(p []byte) (int, error) {
	n := len(p)
	if room := c.limit - c.limit/2 - c.head.Len(); room > 0 {
		k := min(room, len(p))
		c.head.Write(p[:k])
		p = p[k:]
	}
	if room := c.limit/2 - len(c.tail); room > 0 {
		k := min(room, len(p))
		c.tail = append(c.tail, p[:k]...)
		p = p[k:]
	}
	if size := len(c.tail); size > 0 && len(p) > size {
		c.dropped += int64(len(p) - size)
		p = p[len(p)-size:]
	}
	c.dropped += int64(len(p))
	for len(p) > 0 && len(c.tail) > 0 {
		k := copy(c.tail[c.at:], p)
		c.at = (c.at + k) % len(c.tail)
		p = p[k:]
	}
	return n, nil
}

func (c *capped) truncated() bool { return c.dropped > 0 }

// bytes is what was kept, with a line where something was dropped.
func (c *capped) bytes() []byte {
	out := bytes.Clone(c.head.Bytes())
	if c.dropped > 0 {
		out = fmt.Appendf(out, "\n[sandbox: %d bytes dropped here]\n", c.dropped)
	}
	out = append(out, c.tail[c.at:]...)
	return append(out, c.tail[:c.at]...)
}

// counter adds up how much room entries of the engine's log take at least.
type counter struct{ bytes int64 }

func (n *counter) count(w io.Writer) io.Writer { return counted{n, w} }

type counted struct {
	n *counter
	w io.Writer
}

func (c counted) Write(p []byte) (int, error) {
	c.n.bytes += int64(len(p)) + logEntry
	return c.w.Write(p)
}
