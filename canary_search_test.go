package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// form is a way in which a canary can be written.
type form struct{ name, text string }

// forms are all that are looked for, gzip aside. They are made here anew, so that
// the redactor's own idea of them is judged and not repeated. In base64, three
// letters that do not depend on what stands before and after are always there.
func forms(v string) []form {
	all := []form{
		{"raw", v},
		{"hex", hex.EncodeToString([]byte(v))},
		{"HEX", strings.ToUpper(hex.EncodeToString([]byte(v)))},
		{"url", percent(v, "%%%02X", plainInURL)},
		{"url", percent(v, "%%%02x", plainInURL)},
		{"url", url.QueryEscape(v)},
		{"url", url.PathEscape(v)},
		{"url of every byte", percent(v, "%%%02X", "")},
		{"url of every byte", percent(v, "%%%02x", "")},
	}
	for before := range 3 {
		for i, name := range []string{"base64", "base64url"} {
			coded := []*base64.Encoding{base64.StdEncoding, base64.URLEncoding}[i].EncodeToString([]byte(strings.Repeat(" ", before) + v + "  "))
			from, to := (8*before+5)/6, 8*(before+len(v))/6
			all = append(all, form{fmt.Sprintf("%s at %d", name, before), coded[from:to]})
		}
	}
	slices.SortStableFunc(all, func(a, b form) int { return strings.Compare(a.text, b.text) })
	return slices.CompactFunc(all, func(a, b form) bool { return a.text == b.text })
}

const plainInURL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

func percent(v, verb, plain string) string {
	var b strings.Builder
	for i := range len(v) {
		if strings.IndexByte(plain, v[i]) >= 0 {
			b.WriteByte(v[i])
			continue
		}
		fmt.Fprintf(&b, verb, v[i])
	}
	return b.String()
}

// search finds many texts at once: by the first eight bytes of each.
type search struct {
	maybe [1 << 15]uint64 // a bit for each hash of eight bytes
	at    map[uint64][]needle
}

type needle struct {
	canary *canary
	form
}

// sighting is a canary that was found, and how it was written.
type sighting struct {
	*canary
	form, around string
}

func newSearch(all []*canary) *search {
	s := &search{at: map[uint64][]needle{}}
	for _, c := range all {
		for _, f := range forms(c.value) {
			k := binary.LittleEndian.Uint64([]byte(f.text))
			s.maybe[k*spread>>49] |= 1 << (k * spread >> 43 & 63)
			s.at[k] = append(s.at[k], needle{c, f})
		}
	}
	return s
}

const spread = 0x9E3779B97F4A7C15 // an odd number without a pattern

// find looks at a text as it is, without its white space (a long line may have been
// broken), into all that gzip packed, as it is or in base64 or hex, and into the
// objects of Git.
func (s *search) find(text []byte) (all []sighting) {
	all = s.plain(text, "")
	tight := squeeze(text)
	if len(tight) != len(text) {
		for _, broken := range s.plain(tight, "broken over lines, ") {
			if !sighted(all, broken.canary) {
				all = append(all, broken)
			}
		}
	}
	for at := range places(text, "\x1f\x8b\x08") {
		all = append(all, s.plain(unzip(bytes.NewReader(text[at:])), "gzip, ")...)
	}
	for at := range places(tight, "H4sI") {
		run := tight[at : at+run(tight[at:], base64s+"-_")]
		all = append(all, s.plain(unzip(base64.NewDecoder(base64.RawStdEncoding, bytes.NewReader(swap(run)))), "gzip in base64, ")...)
	}
	for at := range places(tight, "1f8b08") {
		run := tight[at : at+run(tight[at:], "0123456789abcdef")]
		all = append(all, s.plain(unzip(hex.NewDecoder(bytes.NewReader(run))), "gzip in hex, ")...)
	}
	for at := range places(text, "\x78\x9c") { // as Git packs what it keeps
		if object := inflate(text[at:]); len(object) > 0 {
			all = append(all, s.find(object)...)
		}
	}
	return all
}

// inflate gives what can be read, as unzip does.
func inflate(text []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(z, 64<<20))
	return b
}

// run is how many letters of an alphabet a text begins with.
func run(text []byte, alphabet string) int {
	n := bytes.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
	if n < 0 {
		return len(text)
	}
	return n
}

// swap makes standard base64 of that for URLs.
func swap(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("-"), []byte("+")), []byte("_"), []byte("/"))
}

// squeeze leaves out white space, also as JSON writes it.
func squeeze(text []byte) []byte {
	tight := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ', '\t' <= c && c <= '\r':
		case c == '\\' && i+1 < len(text) && strings.IndexByte("nrt", text[i+1]) >= 0:
			i++
		default:
			tight = append(tight, c)
		}
	}
	return tight
}

func (s *search) plain(text []byte, how string) (all []sighting) {
	for i := 0; i+8 <= len(text); i++ {
		k := binary.LittleEndian.Uint64(text[i:])
		if s.maybe[k*spread>>49]>>(k*spread>>43&63)&1 == 0 {
			continue
		}
		for _, n := range s.at[k] {
			if bytes.HasPrefix(text[i:], []byte(n.text)) {
				around := text[max(0, i-60):min(len(text), i+len(n.text)+20)]
				all = append(all, sighting{n.canary, how + n.name, string(around)})
			}
		}
	}
	return all
}

// places yields where a text stands in another.
func places(text []byte, part string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			i := bytes.Index(text[at:], []byte(part))
			if i < 0 || !yield(at+i) {
				return
			}
			at += i
		}
	}
}

// unzip gives what can be read: most of what begins like gzip is none, or is
// followed by something else.
func unzip(r io.Reader) []byte {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(z, 64<<20)) // what came before it broke is looked at
	return b
}

func zip(tb testing.TB, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// The search finds a canary in every form, within other text, and it finds nothing
// when one letter of it is another. What misses a form here would pass a leak.
func TestCanarySearch(t *testing.T) {
	t.Parallel()
	all := newCanaries(7)
	s := newSearch(all)
	for _, c := range all {
		for name, text := range written(t, c.value) {
			for _, text := range []string{text, "some words " + text + " and more", `{"a": "x\n` + text + `\n"}`} {
				if !sighted(s.find([]byte(text)), c) {
					t.Errorf("%s of %s is not found: %q", name, c.name, text)
				}
			}
		}
		other := []byte(c.value)
		other[len(other)/2] ^= 3
		for name, text := range written(t, string(other)) {
			if sighted(s.find([]byte(text)), c) {
				t.Errorf("%s of another value is taken for %s", name, c.name)
			}
		}
	}
}

// written is a value in the ways in which a tool may print it.
func written(tb testing.TB, v string) map[string]string {
	packed := zip(tb, "before it "+v+" after it\n")
	all := map[string]string{
		"gzip": string(packed), "gzip in base64": base64.StdEncoding.EncodeToString(packed), "gzip in hex": hex.EncodeToString(packed),
		"raw": v, "hex": hex.EncodeToString([]byte("a" + v)), "hex in words": fmt.Sprintf("% x", v), "HEX": fmt.Sprintf("%X", v),
		"query": url.QueryEscape(v), "path": url.PathEscape(v), "every byte": percent(v, "%%%02x", ""),
	}
	for before := range 3 {
		text := []byte("abc"[:before] + v + "\n")
		all[fmt.Sprint("base64 ", before)] = base64.StdEncoding.EncodeToString(text)
		all[fmt.Sprint("base64url ", before)] = base64.RawURLEncoding.EncodeToString(text)
		b := base64.StdEncoding.EncodeToString(text)
		all[fmt.Sprint("base64 in two lines ", before)] = b[:len(b)/2] + "\n" + b[len(b)/2:]
	}
	return all
}

func sighted(all []sighting, c *canary) bool {
	for _, s := range all {
		if s.canary == c {
			return true
		}
	}
	return false
}
