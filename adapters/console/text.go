package console

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"interlock/bot"
)

// clean drops what could hide or reorder text on a page: control characters
// and the bidirectional overrides. Line ends become \n, and moments read in UTC.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(bot.Moments(s, nil), "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s))
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// cut shortens to so many characters and shows that it did.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-3])) + "..."
}

// unmentioned strips a leading mention of the bot, which is optional here.
func unmentioned(s string) string {
	const name = "@interlock"
	if len(s) < len(name) || !strings.EqualFold(s[:len(name)], name) {
		return s
	}
	rest := s[len(name):]
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_') {
		return s // somebody else whose name only begins like ours
	}
	return strings.TrimLeft(rest, ":, \n")
}

func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	if r == utf8.RuneError {
		return "?"
	}
	return string(unicode.ToUpper(r))
}
