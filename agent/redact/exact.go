package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// exact finds known secrets in every form that text can carry them in.
type exact struct {
	secrets []string
	forms   []string
	longest int // of the forms, in bytes
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
	for _, f := range e.forms {
		e.longest = max(e.longest, len(f))
	}
	e.find = newAutomaton(append(slices.Clip(e.forms), zipMagic, zipMagic64), false)
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
