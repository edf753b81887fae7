package redact

import (
	"cmp"
	"compress/gzip"
	"slices"
	"strings"
)

// behind is how far back a look may see from the word that called it, the word's own
// length included.
const behind = 1 << 10

// scan is a text on its way through the rules. Nothing is decided before all is
// there that a rule may look at, so it does not matter in what pieces a text comes.
type scan struct {
	r     *Redactor
	known cursor // where the search for known secrets is
	words cursor // where that for words is which call a look
	done  []int  // how far each look has looked
	zip   *gzip.Reader
	unzip int    // before it, nothing packed begins
	all   []span // found, and not written yet
	at    int    // up to here all is written
	found Found
}

func (r *Redactor) scan() *scan {
	s := &scan{r: r, found: Found{}}
	if r.looks != nil {
		s.done = make([]int, len(r.looks.rules))
	}
	return s
}

// read looks at a text as far as possible while more may follow. Before the place
// that it returns, no secret begins that it has not found.
func (s *scan) read(text string, final bool) int {
	settled := len(text)
	if e := s.r.exact; e != nil {
		s.readKnown(text, final)
		settled = min(settled, s.known.at-e.longest)
	}
	if s.r.looks != nil {
		s.readLooks(text, final)
		settled = min(settled, s.words.at-behind)
	}
	if final {
		return len(text)
	}
	return max(0, settled)
}

func (s *scan) readKnown(text string, final bool) {
	e := s.r.exact
	s.known = e.find.find(text, s.known, func(word, end int) bool {
		if word < len(e.forms) {
			s.all = append(s.all, span{from: end - len(e.forms[word]), to: end, kind: kindKnown})
			return true
		}
		if !final && end+zipReach > len(text) {
			return false
		}
		s.unpack(text[:min(len(text), end+zipReach)], end, word > len(e.forms))
		return true
	})
}

func (s *scan) readLooks(text string, final bool) {
	l := s.r.looks
	s.words = l.words.find(text, s.words, func(word, end int) bool {
		if !final && end+l.ahead[word] > len(text) {
			return false
		}
		for _, i := range l.of[word] {
			s.look(i, text, end-l.lengths[word], end)
		}
		return true
	})
}

// look asks a rule about the word text[at:end], unless it has seen that part already.
// It gets to see so much around the word and no more: what it finds must not depend
// on how much of the text is there.
func (s *scan) look(i int, text string, at, end int) {
	r := &s.r.looks.rules[i]
	from := max(0, at-behind)
	part := text[from:min(len(text), end+r.ahead)]
	if r.own != nil {
		if at < s.done[i] { // inside of what it found
			return
		}
		for _, f := range r.own(part, at-from, end-from) {
			s.all = append(s.all, f.moved(from))
			s.done[i] = from + f.to
		}
		return
	}
	if end <= s.done[i] || r.near != nil && !r.near(part, at-from, end-from) {
		return
	}
	for _, f := range s.r.looks.match(r, part, at-from, end-from) {
		s.all = append(s.all, f.moved(from))
	}
	s.done[i] = end + r.after
}

// write adds the text from where it was written last, with the secrets that begin
// before a place replaced. The first of those that overlap gives the name.
func (s *scan) write(b *strings.Builder, text string, to int) {
	slices.SortStableFunc(s.all, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(a.rank(), b.rank()))
	})
	n := 0
	for ; n < len(s.all) && s.all[n].from < to; n++ {
		f := s.all[n]
		if f.from >= s.at {
			b.WriteString(text[s.at:f.from])
			b.WriteString(mark(f))
			s.found[f.kind]++
			s.at = f.from
		}
		s.at = max(s.at, f.to)
	}
	s.all = append(s.all[:0], s.all[n:]...)
	if s.at < to {
		b.WriteString(text[s.at:to])
		s.at = to
	}
}

// rank puts what is known before what only looks like a secret.
func (s span) rank() int {
	if s.kind == kindKnown {
		return 0
	}
	return 1
}

func (s span) moved(by int) span {
	s.from, s.to = s.from+by, s.to+by
	return s
}

// forget counts places from n on: what is before is not there any more.
func (s *scan) forget(n int) {
	s.known.at, s.words.at, s.unzip, s.at = s.known.at-n, s.words.at-n, s.unzip-n, s.at-n
	for i := range s.done {
		s.done[i] -= n
	}
	for i, f := range s.all {
		s.all[i] = f.moved(-n)
	}
}
