package docker

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzCapped(f *testing.F) {
	f.Add(int64(4), []byte("abcdefgh"), 3)
	f.Add(int64(0), []byte("abc"), 1)
	f.Add(int64(1), []byte("abc"), 2)
	f.Add(int64(7), []byte("0123456789abcdef"), 16)
	f.Fuzz(func(t *testing.T, limit int64, data []byte, step int) {
		limit, step = limit&0xff, step&0x3f+1
		c := newCapped(limit)
		for rest := data; len(rest) > 0; {
			n, err := c.Write(rest[:min(step, len(rest))])
			if err != nil || n != min(step, len(rest)) {
				t.Fatalf("wrote %d, %v", n, err)
			}
			rest = rest[n:]
		}
		got := c.bytes()
		if int64(len(data)) <= limit {
			if c.truncated() || !bytes.Equal(got, data) {
				t.Fatalf("%q became %q", data, got)
			}
			return
		}
		head, tail := data[:limit-limit/2], data[int64(len(data))-limit/2:]
		if !c.truncated() || !bytes.HasPrefix(got, head) || !bytes.HasSuffix(got, tail) || c.dropped != int64(len(data))-limit {
			t.Fatalf("%q, limit %d: %q, %d dropped", data, limit, got, c.dropped)
		}
	})
}

func FuzzLocal(f *testing.F) {
	for _, name := range []string{"a", "a/b", "../a", "/a", ".", "", "a//b", "a/./b", "a/..", `a\b`, "a\x00", "..."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !local(name) {
			return
		}
		if at := filepath.Join("/base", name); at != "/base/"+name || !filepath.IsLocal(name) || strings.Contains(name, "\x00") {
			t.Errorf("%q is let through as %q", name, at)
		}
	})
}
