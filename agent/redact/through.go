package redact

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Through is Text, and also looks through base64, hex, percent signs and gzip in any
// of them: what only looks like a secret cannot be known in all its forms, but it
// looks like one again once it is decoded. What holds a secret is taken out whole.
func (r *Redactor) Through(text string) string {
	if strings.Contains(text, "-----END ") {
		text = keyTail.ReplaceAllString(text, "${1}"+markStart+"private-key]"+"\n${2}")
	}
	return r.Text(r.opened(text, deepest))
}

// keyTail is a private key whose beginning was not printed.
var keyTail = regexp.MustCompile(`(^|\n)(?:[ \t]*[A-Za-z0-9+/=]{16,}\r?\n)+([ \t]*-----END [A-Z0-9 ]*PRIVATE KEY)`)

const (
	kindEncoded = "encoded secret"
	deepest     = 3  // encodings within each other
	leastRun    = 24 // letters, less of which is a word
	leastLine   = 56 // letters of a line that the next one may go on with
	mostLine    = 76
	mostOpened  = 4 << 20 // bytes that come out of one run
)

// opened replaces what holds a secret once it is decoded.
func (r *Redactor) opened(text string, depth int) string {
	if depth == 0 {
		return text
	}
	var b strings.Builder
	var done [len(runs)]int
	at := 0
	for i := 0; i < len(text); {
		if !coded(text[i]) {
			i++
			continue
		}
		to := max(i+1, r.sealed(text, i, depth, &done))
		if to > i+1 {
			b.WriteString(text[at:i])
			b.WriteString(markStart + kindEncoded + "]")
			i, at = to, to
			continue
		}
		for i < len(text) && coded(text[i]) { // the rest of a word is no beginning
			i++
		}
	}
	if at == 0 {
		return text
	}
	return b.String() + text[at:]
}

// runs find where a run of letters ends, and what they may decode to.
var runs = [...]func(text string, i int) (to int, all [][]byte){hexRun, base64Run, percentRun}

// sealed is where an encoded secret ends that begins at i; or 0. What was decoded
// once is not decoded again from a place in its middle.
func (r *Redactor) sealed(text string, i, depth int, done *[len(runs)]int) int {
	for k, find := range runs {
		if i < done[k] {
			continue
		}
		to, all := find(text, i)
		done[k] = to
		for _, b := range all {
			if r.secret(b, depth) {
				return to
			}
		}
	}
	return 0
}

// secret tells whether a secret is in what was decoded.
func (r *Redactor) secret(b []byte, depth int) bool {
	if bytes.HasPrefix(b, []byte(zipMagic)) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return false
		}
		b, _ = io.ReadAll(io.LimitReader(z, mostOpened)) // what could be read before it broke is looked at
	}
	if !readable(b) {
		return false
	}
	text := string(b)
	_, found := r.Find(text)
	return len(found) > 0 || keyTail.MatchString(text) || r.opened(text, depth-1) != text
}

// readable tells text from what decodes to nothing that anybody wrote.
func readable(b []byte) bool {
	head := b[:min(len(b), 64)]
	good := 0
	for _, c := range head {
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t' {
			good++
		}
	}
	return len(head) >= ShortestSecret && (good == len(head) || good*10 >= len(head)*8 && utf8.Valid(b))
}

func coded(c byte) bool { return isName(c) || strings.IndexByte("+/%-", c) >= 0 }

// base64Run decodes letters of either alphabet. Full lines go on with the next one.
// Where the letters begin is not sure when something else stands before them.
func base64Run(text string, i int) (to int, all [][]byte) {
	letters, full := make([]byte, 0, 2*leastRun), 0
	for to = i; ; {
		line := to
		for to < len(text) && (isName(text[to]) || strings.IndexByte("+/-", text[to]) >= 0) {
			to++
		}
		letters = append(letters, text[line:to]...)
		next := to
		for next < len(text) && (text[next] == '\n' || text[next] == '\r') {
			next++
		}
		full = cmp.Or(full, to-line)
		if to-line != full || full < leastLine || full > mostLine || next == to || next-to > 2 {
			break
		}
		to = next
	}
	for to < len(text) && text[to] == '=' {
		to++
	}
	if len(letters) < leastRun {
		return to, nil
	}
	for k, c := range letters {
		switch c {
		case '-':
			letters[k] = '+'
		case '_':
			letters[k] = '/'
		}
	}
	for skip := range 4 {
		some := letters[skip:]
		if len(some)%4 == 1 {
			some = some[:len(some)-1]
		}
		if b, err := base64.RawStdEncoding.DecodeString(string(some)); err == nil {
			all = append(all, b)
		}
	}
	return to, all
}

// hexRun decodes pairs of digits, also with a space or the end of a line between them.
func hexRun(text string, i int) (to int, all [][]byte) {
	var digits []byte
	for to = i; to+2 <= len(text) && isHex(text[to]) && isHex(text[to+1]); {
		digits = append(digits, text[to], text[to+1])
		to += 2
		next := to
		for next < len(text) && next-to < 3 && isSpace(text[next]) {
			next++
		}
		if next+2 > len(text) || next > to && next+2 < len(text) && isName(text[next+2]) && !isHex(text[next+2]) { // a word
			break
		}
		to = next
	}
	if len(digits) < leastRun {
		return to, nil
	}
	b := make([]byte, len(digits)/2)
	if _, err := hex.Decode(b, digits); err != nil {
		return to, nil
	}
	return to, [][]byte{b}
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// percentRun decodes a word with percent signs.
func percentRun(text string, i int) (to int, all [][]byte) {
	signs := 0
	for to = i; to < len(text) && !isSpace(text[to]) && strings.IndexByte(`"'<>`, text[to]) < 0; to++ {
		if text[to] == '%' {
			signs++
		}
	}
	if signs == 0 {
		return to, nil
	}
	s, err := url.PathUnescape(text[i:to])
	if err != nil || s == text[i:to] {
		return to, nil
	}
	return to, [][]byte{[]byte(s)}
}
