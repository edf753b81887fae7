package redact

import (
	"io"
	"strings"
)

// hold is how much text is gathered at least before it is looked at.
const hold = 32 << 10

// Writer makes one that redacts what is written to it, wherever the writes are cut:
// what w gets is what Text makes of the whole. It needs Close, which writes the rest
// and does not close w. It is not safe for concurrent use, and holds back less than
// 1 MiB, and what the longest of the known secrets takes.
func (r *Redactor) Writer(w io.Writer) *Writer {
	return &Writer{scan: r.scan(), w: w, hold: hold}
}

// Writer is made by Redactor.Writer.
type Writer struct {
	scan *scan
	w    io.Writer
	rest []byte
	hold int
	next int // when to look again
}

// Found is what was replaced so far.
func (w *Writer) Found() Found { return w.scan.found }

// Write never says how much of p was passed on: that is not known yet.
func (w *Writer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), w.hold)
		w.rest, rest = append(w.rest, rest[:n]...), rest[n:]
		if len(w.rest) < max(w.hold, w.next) {
			continue
		}
		if err := w.flush(false); err != nil {
			return 0, err
		}
		w.next = 2 * len(w.rest) // what waits is not looked at again for every byte
	}
	return len(p), nil
}

// flush writes what is decided, and keeps of it what rules may look back at.
func (w *Writer) flush(final bool) error {
	text := string(w.rest)
	settled := w.scan.read(text, final)
	var out strings.Builder
	w.scan.write(&out, text, settled)
	done := min(settled, w.scan.at)
	w.scan.forget(done)
	w.rest = w.rest[:copy(w.rest, w.rest[done:])]
	_, err := io.WriteString(w.w, out.String())
	return err
}

// Close writes the rest. Nothing can be written after it.
func (w *Writer) Close() error { return w.flush(true) }
