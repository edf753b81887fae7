package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// spool keeps the contents of files, one behind the other, in one file that has no
// name any more: it is gone when the process is.
type spool struct {
	f     *os.File
	n     int64
	limit int64 // bytes in all
}

// most is what an image may hold. An archive of a few bytes can claim to be a file
// without end.
const most = 32 << 30

// blob is the content of one file.
type blob struct {
	*io.SectionReader
	sha string // SHA-256, in hex
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "spool-")
	if err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("make spool: %w", err)
	}
	return &spool{f: f, limit: most}, nil
}

func (s *spool) close() error { return s.f.Close() }

// add takes all of r in.
func (s *spool) add(r io.Reader) (*blob, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(s.f, h), io.LimitReader(r, s.limit-s.n+1))
	if err != nil {
		return nil, fmt.Errorf("write spool: %w", err)
	}
	if s.n+n > s.limit {
		return nil, fmt.Errorf("write spool: it is more than %d bytes in all", s.limit)
	}
	b := &blob{SectionReader: io.NewSectionReader(s.f, s.n, n), sha: hex.EncodeToString(h.Sum(nil))}
	s.n += n
	return b, nil
}

func (s *spool) text(text string) (*blob, error) { return s.add(strings.NewReader(text)) }

// open takes a file of this machine in.
func (s *spool) open(name string) (*blob, error) {
	f, err := os.Open(name) //nolint:gosec // a person named it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return s.add(f)
}

// all is the whole content again, from its start, whoever has read in it.
func (b *blob) all() io.Reader { return io.NewSectionReader(b.SectionReader, 0, b.Size()) }

// atMost is the content, if it is not longer than that.
func (b *blob) atMost(limit int64) ([]byte, error) {
	if b.Size() > limit {
		return nil, fmt.Errorf("%d bytes are more than %d", b.Size(), limit)
	}
	return io.ReadAll(b.all())
}
