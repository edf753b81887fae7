// Package redact takes secrets out of text on its way from a sandbox to anywhere
// else: the record, the log, the model, a chat. It knows secrets that it is told,
// in whatever form they come, and the looks of the usual ones. It must never know
// chat, SQL or Docker, nor keep what it found.
package redact

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ShortestSecret is what a value needs to be taken as a secret, in bytes: what is
// shorter stands in every other word.
const ShortestSecret = 6

// ErrPlain is a value that cannot be told from ordinary text.
var ErrPlain = errors.New("too plain to be looked for as a secret")

// common are words that some configuration calls a secret, and that every text is
// full of.
var common = []string{"password", "secret", "default", "changeme", "example", "enabled", "disabled", "localhost", "postgres", "redacted"}

// Redactor replaces secrets. The zero value knows none and no looks; use New. It is
// immutable, and safe for concurrent use.
type Redactor struct {
	looks *looks
	exact *exact // nil when no secret is known
}

// New reads the rules, which takes some 50 ms: make one and derive the others.
func New() (*Redactor, error) {
	l, err := newLooks()
	if err != nil {
		return nil, err
	}
	return &Redactor{looks: l}, nil
}

// With is a Redactor that also knows these secrets, as they are and encoded: by
// base64, hex, URL, JSON, gzip or backwards. The error says how many of them are
// too plain (ErrPlain); the others are known all the same.
func (r *Redactor) With(secrets ...string) (*Redactor, error) {
	plain := 0
	var good []string
	if r.exact != nil {
		good = slices.Clone(r.exact.secrets)
	}
	for _, s := range secrets {
		if len(s) < ShortestSecret || slices.Contains(common, strings.ToLower(s)) {
			plain++
			continue
		}
		good = append(good, s)
	}
	with := &Redactor{looks: r.looks}
	if len(good) > 0 {
		with.exact = newExact(good)
	}
	if plain > 0 {
		return with, fmt.Errorf("%d of %d values: %w", plain, len(secrets), ErrPlain)
	}
	return with, nil
}

// span is a part of a text that is a secret, and of what kind.
type span struct {
	from, to int
	kind     string
	quote    string // what the mark needs around it, where a number stood
}

// Found counts secrets by their kind.
type Found map[string]int

// Text replaces every secret by its kind in brackets. A text without any is returned
// as it is. Done twice, it may take more, for what was apart has come closer.
func (r *Redactor) Text(text string) string {
	out, _ := r.Find(text)
	return out
}

// Find is Text, and tells how many of what were found.
func (r *Redactor) Find(text string) (string, Found) {
	s := r.scan()
	var b strings.Builder
	for end := 0; end < len(text); {
		end = min(len(text), end+hold) // in pieces, so that what is found does not pile up
		to := s.read(text[:end], end == len(text))
		if len(s.all) > 0 || len(s.found) > 0 {
			s.write(&b, text[:end], to)
		}
	}
	if len(s.found) == 0 {
		return text, nil
	}
	return b.String(), s.found
}

// The mark is safe inside a JSON string, and no rule takes it for a value.
const markStart = "[redacted: "

func mark(s span) string { return s.quote + markStart + s.kind + "]" + s.quote }
