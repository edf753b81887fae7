package git

import (
	"bytes"
	"io"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// memory is a pack that is not on a disk.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

var _ io.ReaderAt = memory{}

// FuzzHead: whatever a pack holds, an object of it lies within it or is refused.
func FuzzHead(f *testing.F) {
	f.Add([]byte{0x95, 0x0a, 'x', 'y'}, 0)                                          // a commit of 165 bytes
	f.Add(append([]byte{0x71}, bytes.Repeat([]byte{1}, 40)...), 0)                  // a difference to a named object
	f.Add([]byte{0, 0, 0x62, 0x80, 0x01, 'x'}, 2)                                   // one to an object before it
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0)    // a size without an end
	f.Add([]byte{0x6f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 0) // a distance without an end
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		if at < 0 || at >= len(b) {
			return
		}
		p := &pack{f: memory{bytes.NewReader(b)}, idx: idxfile.NewMemoryIndex(), at: []int64{int64(at), int64(len(b))}}
		r, err := p.head(int64(at))
		if err == nil && (r.from <= int64(at) || r.from >= r.end || r.end > int64(len(b)) || r.size < 0) {
			t.Errorf("%v at %d: %+v", b, at, r)
		}
	})
}
