package redact

import (
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// The first bytes of what gzip makes, as they are and in base64.
const (
	zipMagic   = "\x1f\x8b\x08"
	zipMagic64 = "H4sI"
)

const (
	zipReach = 256 << 10 // bytes of text that are looked at behind one magic
	zipSlack = 64 << 10  // bytes that may come out of the smallest
	zipRatio = 128       // what packs so much tighter than text does is a bomb
	zipWork  = 16        // bytes that are read and unpacked for each byte of what is no gzip
)

// unpack looks into what gzip packed behind a magic that ends at end. What turns out
// to be none may hide the beginning of one, so it is looked at again, but not for
// more work than so much for each byte.
func (s *scan) unpack(text string, end int, letters bool) {
	at := end - len(zipMagic)
	if letters {
		at = end - len(zipMagic64)
	}
	if at < s.unzip || !zipHead(open(text[at:], letters)) {
		return
	}
	in := open(text[at:], letters)
	out, found, whole := s.within(in)
	size := len(text) - at - in.Len()
	if found {
		for letters && at+size < len(text) && text[at+size] == '=' {
			size++
		}
		s.all = append(s.all, span{from: at, to: at + size, kind: kindKnown})
	} else if !whole {
		size = min(size, max(1, (size+out)/zipWork))
	}
	s.unzip = at + size
}

func open(text string, letters bool) packed {
	if letters {
		return &base64Reader{text: text}
	}
	return strings.NewReader(text)
}

// zipHead tells whether the flags are such as gzip has, which those of text are not.
func zipHead(in packed) bool {
	var head [4]byte
	_, err := io.ReadFull(in, head[:])
	return err == nil && head[3]&0xe0 == 0
}

// packed is read byte by byte, so that what is left tells where gzip ended.
type packed interface {
	io.Reader
	io.ByteReader
	Len() int
}

// within tells how much came out, whether a secret is in it, and whether the end was
// reached. What came out before it broke is looked at too.
func (s *scan) within(in packed) (out int, found, whole bool) {
	if s.zip == nil {
		s.zip = new(gzip.Reader)
	}
	if err := s.zip.Reset(in); err != nil {
		return 0, false, false
	}
	s.zip.Multistream(false)
	e, size := s.r.exact, in.Len()
	var c cursor
	buf := make([]byte, 4<<10)
	for out < zipSlack+zipRatio*(size-in.Len()) {
		n, err := s.zip.Read(buf)
		out += n
		c = e.find.find(string(buf[:n]), cursor{state: c.state}, func(word, _ int) bool {
			found = found || word < len(e.forms)
			return true
		})
		if err != nil {
			return out, found, errors.Is(err, io.EOF)
		}
	}
	return out, found, false
}

// base64Reader decodes the letters at the beginning of a text, of either alphabet,
// over the ends of lines.
type base64Reader struct {
	text  string
	at    int
	three [3]byte
	have  []byte
}

// Len is how much of the text is not read.
func (b *base64Reader) Len() int { return len(b.text) - b.at }

// Read fills p as far as there are letters.
func (b *base64Reader) Read(p []byte) (int, error) {
	for n := range p {
		c, err := b.ReadByte()
		if err != nil {
			return n, err
		}
		p[n] = c
	}
	return len(p), nil
}

// ReadByte decodes the next letters when nothing of the last ones is left.
func (b *base64Reader) ReadByte() (byte, error) {
	if len(b.have) == 0 {
		b.decode()
	}
	if len(b.have) == 0 {
		return 0, io.EOF
	}
	c := b.have[0]
	b.have = b.have[1:]
	return c, nil
}

func (b *base64Reader) decode() {
	var four [4]byte
	n := 0
	for ; n < len(four) && b.at < len(b.text) && isBase64(b.text[b.at]); b.at++ {
		switch c := b.text[b.at]; c {
		case '\n', '\r':
			continue
		case '-':
			four[n] = '+'
		case '_':
			four[n] = '/'
		default:
			four[n] = c
		}
		n++
	}
	k, _ := base64.RawStdEncoding.Decode(b.three[:], four[:n]) // one letter alone is none
	b.have = b.three[:k]
}

func isBase64(c byte) bool { return isName(c) || strings.IndexByte("+/-\n\r", c) >= 0 }
