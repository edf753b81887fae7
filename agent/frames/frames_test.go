package frames

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, p := range [][]byte{nil, []byte("x"), make([]byte, MaxFrame)} {
		if err := Write(&b, Stdout, p); err != nil {
			t.Fatal(err)
		}
		k, got, err := Read(&b, make([]byte, MaxFrame))
		if err != nil || k != Stdout || !bytes.Equal(got, p) {
			t.Errorf("%d bytes: %c, %d, %v", len(p), k, len(got), err)
		}
	}
	if err := Write(&b, Stdout, make([]byte, MaxFrame+1)); !errors.Is(err, ErrFrame) {
		t.Errorf("too long: %v", err)
	}
	if _, _, err := Read(&b, nil); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// FuzzRead: whatever comes, a frame is within its limit or an error.
func FuzzRead(f *testing.F) {
	f.Add([]byte("o\x00\x00\x00\x01x"))
	f.Add([]byte("o\xff\xff\xff\xffx"))
	f.Add([]byte("o\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, buf := bytes.NewReader(b), make([]byte, MaxFrame)
		for {
			_, p, err := Read(r, buf)
			if err != nil {
				return
			}
			if len(p) > MaxFrame {
				t.Fatal(len(p))
			}
		}
	})
}
