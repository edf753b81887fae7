package git

import (
	"crypto/sha1" //nolint:gosec // of a pack
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// objects are those of one repository as they lie on the disk, so that a pack can
// be copied from them instead of packed anew. What it borrows from others is not
// among them.
type objects struct {
	st    *filesystem.Storage
	packs []*pack
}

// pack is one of its packs.
type pack struct {
	f   file
	idx *idxfile.MemoryIndex
	at  []int64 // where objects begin, ascending, and where the last one ends
}

type file interface {
	io.ReaderAt
	io.Seeker
	io.Closer
}

func openPacks(st *filesystem.Storage) (o *objects, err error) {
	o = &objects{st: st}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	dir := dotgit.New(st.Filesystem())
	hashes, err := dir.ObjectPacks()
	if err != nil {
		return o, fmt.Errorf("list packs: %w", err)
	}
	for _, h := range hashes {
		p, err := openPack(dir, h)
		if err != nil {
			return o, fmt.Errorf("open pack %s: %w", h, err)
		}
		o.packs = append(o.packs, p)
	}
	return o, nil
}

func (o *objects) close() {
	for _, p := range o.packs {
		_ = p.f.Close()
	}
}

func openPack(dir *dotgit.DotGit, h plumbing.Hash) (p *pack, err error) {
	p = &pack{idx: idxfile.NewMemoryIndex()}
	f, err := dir.ObjectPackIdx(h)
	if err != nil {
		return nil, err
	}
	err = idxfile.NewDecoder(f).Decode(p.idx)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	all, err := p.idx.EntriesByOffset()
	if err != nil {
		return nil, err
	}
	for {
		e, err := all.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		p.at = append(p.at, int64(e.Offset)) //nolint:gosec // checked when it is read
	}
	if p.f, err = dir.ObjectPack(h); err != nil {
		return nil, err
	}
	end, err := p.f.Seek(0, io.SeekEnd)
	p.at = append(p.at, end-sha1.Size) // the sum of all stands last
	return p, err
}

// raw is an object as a pack has it.
type raw struct {
	p         *pack
	kind      plumbing.ObjectType
	size      int64 // once it is unpacked
	base      plumbing.Hash
	from, end int64 // of the packed bytes
}

// find looks an object up in the first pack that has it. A loose one is not found.
func (o *objects) find(h plumbing.Hash) (r raw, ok bool, err error) {
	for _, p := range o.packs {
		at, err := p.idx.FindOffset(h)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err == nil {
			r, err = p.head(at)
		}
		if err != nil {
			return r, false, fmt.Errorf("find %s: %w", h, err)
		}
		return r, true, nil
	}
	return r, false, nil
}

var errPack = errors.New("a pack is damaged")

// head reads what stands before the packed bytes: a kind with a size, seven bits in
// a byte, and of a difference what it is one to.
func (p *pack) head(at int64) (r raw, err error) {
	i, ok := slices.BinarySearch(p.at, at)
	if !ok || i == len(p.at)-1 {
		return r, errPack
	}
	var buf [64]byte
	n, err := p.f.ReadAt(buf[:min(int64(len(buf)), p.at[i+1]-at)], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return r, err
	}
	b := buf[:n]
	if n == 0 {
		return r, errPack
	}
	r = raw{p: p, kind: plumbing.ObjectType(b[0] >> 4 & 7), size: int64(b[0] & 15), end: p.at[i+1]} //nolint:gosec // three bits
	rest, more := uint64(0), 0
	used := 1
	if b[0]&0x80 != 0 {
		if rest, more = binary.Uvarint(b[1:]); more <= 0 || rest > 1<<40 {
			return r, errPack
		}
		r.size |= int64(rest) << 4
		used += more
	}
	skip, err := r.origin(b[used:], at)
	r.from = at + int64(used+skip)
	if err == nil && r.from >= r.end {
		err = errPack
	}
	return r, err
}

// origin reads what a difference is to, and tells how many bytes that took.
func (r *raw) origin(b []byte, at int64) (used int, err error) {
	switch r.kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		return 0, nil
	case plumbing.REFDeltaObject:
		if len(b) < sha1.Size {
			return 0, errPack
		}
		return copy(r.base[:], b), nil
	case plumbing.OFSDeltaObject:
		back := int64(0)
		for i, c := range b {
			back = back<<7 | int64(c&0x7f)
			if c&0x80 == 0 {
				r.base, err = r.p.idx.FindHash(at - back)
				return i + 1, err
			}
			if back++; i == 8 {
				break
			}
		}
	}
	return 0, errPack
}

func (r raw) delta() bool {
	return r.kind == plumbing.OFSDeltaObject || r.kind == plumbing.REFDeltaObject
}

// copied tells whether an object can go into a pack of these objects as it is: a
// difference only to one that comes from the same pack, because two packs can each
// tell the one by the other.
func (o *objects) copied(r raw, in map[plumbing.Hash]bool) bool {
	if !r.delta() {
		return true
	}
	base, ok, err := o.find(r.base)
	return err == nil && ok && in[r.base] && base.p == r.p
}

// entryHead is about what stands before and after the bytes of an object in a pack
// and its index.
const entryHead = 64

// cost is about how many bytes an object adds to a pack.
func (o *objects) cost(h plumbing.Hash) (int64, error) {
	r, ok, err := o.find(h)
	if err != nil {
		return 0, err
	}
	if ok {
		return r.end - r.from + entryHead, nil
	}
	size, err := o.st.EncodedObjectSize(h) // looks in this repository alone
	return size + entryHead, err
}
