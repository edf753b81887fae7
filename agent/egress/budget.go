package egress

import (
	"errors"
	"io"
	"sync/atomic"
)

var errBudget = errors.New("the byte limit of this session is used up")

// budget counts one direction of a session against its limit.
type budget struct {
	limit int64
	used  atomic.Int64
}

func (b *budget) spend(n int) error {
	if b.used.Add(int64(n)) > b.limit {
		return errBudget
	}
	return nil
}

func (b *budget) left() int64 { return max(0, b.limit-b.used.Load()) }

// metered counts what is read, for its session and for itself.
type metered struct {
	from  io.Reader
	limit *budget
	n     atomic.Int64
	ended atomic.Bool
	over  atomic.Bool
	touch func()
}

// Read implements io.Reader.
func (m *metered) Read(p []byte) (int, error) {
	if m.touch != nil {
		m.touch()
	}
	n, err := m.from.Read(p)
	m.n.Add(int64(n))
	if spent := m.limit.spend(n); spent != nil {
		m.over.Store(true)
		return 0, spent
	}
	if errors.Is(err, io.EOF) {
		m.ended.Store(true)
	}
	return n, err
}

// Close leaves the source open: the connection's loop owns it.
func (m *metered) Close() error { return nil }
