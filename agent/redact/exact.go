package redact

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
)

// exact finds known secrets in every form that text can carry them in.
type exact struct {
	secrets []string
	forms   []string
	find    *automaton
}

const kindKnown = "known secret"

func newExact(secrets []string) *exact {
	e := &exact{secrets: secrets}
	for _, s := range secrets {
		e.forms = append(e.forms, forms(s)...)
	}
	slices.Sort(e.forms)
	e.forms = slices.Compact(e.forms)
	e.find = newAutomaton(e.forms, false)
	return e
}

// forms are the ways in which a secret is written. A form that is too short to be
// told from other text is left out.
func forms(s string) (all []string) {
	add := func(f string) {
		if len(f) >= ShortestSecret {
			all = append(all, f)
		}
	}
	add(s)
	add(backwards(s))
	add(hex.EncodeToString([]byte(s)))
	add(strings.ToUpper(hex.EncodeToString([]byte(s))))
	add(url.QueryEscape(s))
	add(url.PathEscape(s))
	add(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"))
	add(percents(s))
	if b, err := json.Marshal(s); err == nil {
		add(string(b[1 : len(b)-1]))
	}
	add(strings.ReplaceAll(s, "'", `'\''`))
	if trimmed := strings.TrimSpace(s); trimmed != s {
		add(trimmed)
	}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			add(inside(alphabet, s, before))
		}
	}
	return all
}

// inside is what base64 always shows of a secret that stands after so many bytes
// (modulo 3) of something else: the letters that hold no bit of a neighbour.
func inside(alphabet *base64.Encoding, s string, before int) string {
	coded := alphabet.EncodeToString(append(make([]byte, before), s...))
	first := (before*8 + 5) / 6
	last := (before + len(s)) * 8 / 6
	return coded[first:last]
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// percents writes every byte as a number, as a careful client may.
func percents(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

func (e *exact) spans(text string) (all []span) {
	e.find.find(text, func(word, end int) {
		all = append(all, span{end - len(e.forms[word]), end, kindKnown})
	})
	return append(all, e.zipped(text)...)
}

// The first bytes of what gzip makes, as they are and in base64.
const (
	zipMagic   = "\x1f\x8b\x08"
	zipMagic64 = "H4sI"
	zipLimit   = 4 << 20 // bytes that are looked at behind one magic
	mostZips   = 256     // of one text
)

// zipped looks into what gzip packed.
func (e *exact) zipped(text string) (all []span) {
	for at, n := 0, 0; n < mostZips; n++ {
		i := strings.Index(text[at:], zipMagic)
		if i < 0 {
			break
		}
		at += i
		r := strings.NewReader(text[at:])
		if e.within(r) {
			all = append(all, span{at, len(text), kindKnown}) // where it ends, only gzip knows
			break
		}
		at++
	}
	for at, n := 0, 0; n < mostZips; n++ {
		i := strings.Index(text[at:], zipMagic64)
		if i < 0 {
			break
		}
		from := at + i
		to := from
		for to < len(text) && isBase64(text[to]) {
			to++
		}
		packed := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(text[from:to]), "=")
		if b, err := base64.RawStdEncoding.DecodeString(packed[:len(packed)/4*4]); err == nil && e.within(bytes.NewReader(b)) {
			all = append(all, span{from, to, kindKnown})
		}
		at = max(to, from+1)
	}
	return all
}

func (e *exact) within(packed io.Reader) (found bool) {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return false
	}
	b, _ := io.ReadAll(io.LimitReader(z, zipLimit)) // what could be read before it broke is looked at too
	e.find.find(string(b), func(int, int) { found = true })
	return found
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("+/-_=\n\r", c) >= 0
}
