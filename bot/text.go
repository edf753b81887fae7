package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how much of one foreign text a card shows, and longestResult how much of what
// a tool was asked to tell, in characters.
const (
	longest       = 600
	longestResult = 6000
)

// plain makes text from outside safe to read: no control characters, no
// terminal escapes, no characters that hide or reorder others, and no more than
// a screen of it. What is cut is said.
func plain(s string) string { return plainTo(s, longest) }

// plainTo is plain with a limit of its own.
func plainTo(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, escapes(s))
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + " (cut)"
}

// escapes drops terminal escape sequences whole, so that their parameters do
// not stay behind as text: ESC [ ... letter, and ESC ] ... BEL or ESC \.
func escapes(s string) string {
	if !strings.ContainsRune(s, 0x1b) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != 0x1b {
			b.WriteByte(s[i])
			i++
			continue
		}
		i += sequence(s[i:])
	}
	return b.String()
}

// sequence is the length of the escape sequence that s begins with.
func sequence(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[':
		if n := strings.IndexFunc(s[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e }); n >= 0 {
			return 2 + n + 1
		}
	case ']', 'P', '_', '^':
		if n := strings.IndexAny(s[2:], "\a\x1b"); n >= 0 {
			if s[2+n] == '\a' {
				return 2 + n + 1
			}
			return min(2+n+2, len(s))
		}
	default:
		return 2
	}
	return len(s)
}
