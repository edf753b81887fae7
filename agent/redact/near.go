package redact

import "strings"

// near are cheap questions to ask before a rule whose word is in every other line.
// They let through all that the rule could match.
var near = map[string]func(text string, at, end int) bool{
	"generic-api-key": keyGiven,
	"vault-service-token": func(text string, at, end int) bool {
		return end-at > 2 || skip(text, end, 18, isName) == end+18 // "s." ends many a word
	},
	"lob-api-key": func(text string, _, end int) bool { return skip(text, end, 35, isName) == end+35 },
	"jwt": func(text string, at, end int) bool {
		return text[at:end] == "ey" && skip(text, end, 17, isName) == end+17
	},
}

// keyGiven tells whether a value follows that is long enough, ends as it must, and is
// more than words.
func keyGiven(text string, _, end int) bool {
	i := skip(text, end, 20, func(c byte) bool { return isNamePart(c) || c == ' ' || c == '\t' })
	i = skip(text, i, 3, func(c byte) bool { return isSpace(c) || c == '\'' || c == '"' })
	j := skip(text, i, 4, func(c byte) bool { return strings.IndexByte("=>:|?,", c) >= 0 })
	k := skip(text, j, 5, func(c byte) bool { return isSpace(c) || strings.IndexByte("`'\"=", c) >= 0 })
	words := true
	to := skip(text, k, after, func(c byte) bool {
		words = words && (c == '.' || c == '-' || c >= 'A')
		return isNamePart(c) || c == '=' || c == '+' || c == '/'
	})
	if j == i || to-k < 10 {
		return false
	}
	return to-k > longest || to == len(text) || !words && (isSpace(text[to]) || strings.IndexByte("`'\";\\", text[to]) >= 0)
}

// given tells whether something that is long enough for a secret is given to the name
// that a word is in.
func given(text string, _, end int) bool {
	i := skip(text, end, 64, func(c byte) bool { return isNamePart(c) || isSpace(c) || c == '\'' || c == '"' })
	j := skip(text, i, 4, func(c byte) bool { return strings.IndexByte("=>:|?,", c) >= 0 })
	k := skip(text, j, 6, func(c byte) bool { return isSpace(c) || strings.IndexByte("`'\"=", c) >= 0 })
	return j > i && skip(text, k, 8, func(c byte) bool { return c > ' ' && c != '"' && c != '\'' }) == k+8
}

// skip passes by as many bytes as are of a kind.
func skip(text string, at, most int, is func(byte) bool) int {
	for i := 0; i < most && at < len(text) && is(text[at]); i++ {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
