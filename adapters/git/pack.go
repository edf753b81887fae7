package git

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"crypto/sha1" //nolint:gosec // it is how Git names things
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// packed is a pack of objects with its index, and the commits at which it ends.
type packed struct {
	pack, idx       []byte
	shallow, grafts []string
}

// sum is the one that a pack ends with.
func (p packed) sum() []byte { return p.pack[len(p.pack)-sha1.Size:] }

// pack makes a pack of a commit and of as much of its history as fits. How large it
// becomes is known at the end: what is cut off may have to be packed anew without it.
func (o *objects) pack(ctx context.Context, head plumbing.Hash, most int64) (packed, error) {
	for room := most; ; room = room * 3 / 4 {
		c, taken, err := o.choose(ctx, head, room)
		if err != nil {
			return packed{}, err
		}
		p, err := c.pack(ctx)
		if err != nil {
			return packed{}, err
		}
		if int64(len(p.pack)) <= most || len(taken) == 1 {
			p.shallow, p.grafts = c.ends(taken)
			return p, nil
		}
	}
}

func (c *choice) pack(ctx context.Context) (packed, error) {
	w := newWriter()
	for _, h := range c.order {
		if ctx.Err() != nil {
			return packed{}, ctx.Err()
		}
		if err := c.copy(w, h); err != nil {
			return packed{}, fmt.Errorf("pack %s: %w", h, err)
		}
	}
	return w.finish(), nil
}

// copy puts an object into a pack as it lies on the disk, or packs it anew when what
// it is a difference to stays outside.
func (c *choice) copy(w *writer, h plumbing.Hash) error {
	r, ok, err := c.find(h)
	if err != nil {
		return err
	}
	if !ok || !c.copied(r, c.in) {
		return c.whole(w, h)
	}
	b := make([]byte, r.end-r.from)
	if _, err := r.p.f.ReadAt(b, r.from); err != nil {
		return err
	}
	if r.delta() {
		w.add(h, plumbing.REFDeltaObject, r.size, append(slices.Clone(r.base[:]), b...))
		return nil
	}
	w.add(h, r.kind, r.size, b)
	return nil
}

func (c *choice) whole(w *writer, h plumbing.Hash) error {
	size, err := c.st.EncodedObjectSize(h)
	if err != nil || size > mostBytes {
		return errors.Join(errTooMuch, err)
	}
	e, err := c.st.EncodedObject(plumbing.AnyObject, h)
	if err != nil {
		return err
	}
	r, err := e.Reader()
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(r, mostBytes))
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	w.plain(h, e.Type(), b)
	return nil
}

// writer makes a pack, and then the index that finds objects in it.
type writer struct {
	b    bytes.Buffer
	all  []place
	seen map[plumbing.Hash]bool
}

// place is where an object is in a pack.
type place struct {
	h       plumbing.Hash
	at, crc uint32
}

const packHead = 12 // "PACK", the version, how many

func newWriter() *writer {
	w := &writer{seen: map[plumbing.Hash]bool{}}
	w.b.Write(make([]byte, packHead))
	return w
}

// plain packs an object that is whole.
func (w *writer) plain(h plumbing.Hash, kind plumbing.ObjectType, content []byte) {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(content) // into memory
	_ = z.Close()
	w.add(h, kind, int64(len(content)), b.Bytes())
}

// add writes what stands before an object's bytes, and those. The first four bits of
// the size share a byte with the kind.
func (w *writer) add(h plumbing.Hash, kind plumbing.ObjectType, size int64, b []byte) {
	if w.seen[h] {
		return
	}
	w.seen[h] = true
	first, rest := byte(kind)<<4|byte(size&15), uint64(size)>>4 //nolint:gosec // a size is not negative
	head := []byte{first}
	if rest > 0 {
		head = binary.AppendUvarint([]byte{first | 0x80}, rest)
	}
	sum := crc32.Update(crc32.ChecksumIEEE(head), crc32.IEEETable, b)
	w.all = append(w.all, place{h, uint32(w.b.Len()), sum}) //nolint:gosec // far below 4 GiB
	w.b.Write(head)
	w.b.Write(b)
}

// finish writes the count, the sum, and the index of version 2.
func (w *writer) finish() packed {
	b := w.b.Bytes()
	copy(b, "PACK")
	binary.BigEndian.PutUint32(b[4:], 2)
	binary.BigEndian.PutUint32(b[8:], uint32(len(w.all))) //nolint:gosec // bounded
	sum := sha1.Sum(b)                                    //nolint:gosec // as above
	slices.SortFunc(w.all, func(a, b place) int { return bytes.Compare(a.h[:], b.h[:]) })
	idx := []byte("\xfftOc\x00\x00\x00\x02")
	for i, n := 0, 0; i < 256; i++ { // how many names begin with this byte or one before
		for n < len(w.all) && int(w.all[n].h[0]) <= i {
			n++
		}
		idx = binary.BigEndian.AppendUint32(idx, uint32(n)) //nolint:gosec // bounded
	}
	for _, e := range w.all {
		idx = append(idx, e.h[:]...)
	}
	for _, e := range w.all {
		idx = binary.BigEndian.AppendUint32(idx, e.crc)
	}
	for _, e := range w.all {
		idx = binary.BigEndian.AppendUint32(idx, e.at)
	}
	idx = append(idx, sum[:]...)
	all := sha1.Sum(idx) //nolint:gosec // as above
	return packed{pack: append(b, sum[:]...), idx: append(idx, all[:]...)}
}

// byName is the order of a folder in Git: of a folder's name as if it ended in "/".
func byName(a, b string, aDir, bDir bool) int {
	if aDir {
		a += "/"
	}
	if bDir {
		b += "/"
	}
	return cmp.Compare(a, b)
}
