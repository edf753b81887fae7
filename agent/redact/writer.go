package redact

import (
	"io"
	"strings"
)

// hold is how much a Writer keeps back, because it may be the beginning of a
// secret; flood is how much it keeps at most, when a secret does not end.
const (
	hold  = 8 << 10
	flood = 256 << 10
)

// Writer makes one that redacts what is written to it, wherever the writes are cut. It needs
// Close, which writes the rest and does not close w. It is not safe for concurrent
// use, and its memory is bounded: of a secret that is longer than 256 KiB, only
// that much is surely found.
func (r *Redactor) Writer(w io.Writer) *Writer { return &Writer{r: r, w: w, found: Found{}} }

// Writer is made by Redactor.Writer.
type Writer struct {
	r     *Redactor
	w     io.Writer
	found Found
	rest  []byte
	next  int // when to look again
}

// Found is what was replaced so far.
func (w *Writer) Found() Found { return w.found }

// Write never says how much of p was passed on: that is not known yet.
func (w *Writer) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	if len(w.rest) < max(w.next, 4*hold) {
		return len(p), nil
	}
	err := w.flush(len(w.rest) - hold)
	w.next = 2 * len(w.rest) // a secret that grows is not looked at again for every byte
	return len(p), err
}

// flush writes up to a place, or less: a secret is never cut in two.
func (w *Writer) flush(to int) error {
	text := string(w.rest)
	all := merge(w.r.spans(text))
	for i, s := range all {
		if s.to > to {
			if s.from < to && len(text) < flood {
				to = s.from
			}
			if s.from >= to {
				all = all[:i]
				break
			}
			to = max(to, s.to)
		}
	}
	var b strings.Builder
	at := 0
	for _, s := range all {
		b.WriteString(text[at:s.from])
		b.WriteString(mark(s.kind))
		w.found[s.kind]++
		at = s.to
	}
	b.WriteString(text[at:to])
	w.rest = w.rest[:copy(w.rest, w.rest[to:])]
	_, err := io.WriteString(w.w, b.String())
	return err
}

// Close writes the rest.
func (w *Writer) Close() error { return w.flush(len(w.rest)) }
