package redact

import (
	"regexp"
	"slices"
	"strings"
)

// quoted is what stands between quotes that close on the same line.
func quoted(text string, at int) (from, to int, ok bool) {
	if at >= len(text) {
		return 0, 0, false
	}
	q := text[at : at+1]
	if strings.HasPrefix(text[at:], `\"`) {
		q = `\"`
	}
	if !slices.Contains([]string{`"`, `'`, "`", `\"`}, q) {
		return 0, 0, false
	}
	from = at + len(q)
	for to = from; to < len(text) && to-from < 4*after && text[to] != '\n'; to++ {
		if strings.HasPrefix(text[to:], q) {
			return from, to, true
		}
		if text[to] == '\\' && q != `\"` {
			to++
		}
	}
	return 0, 0, false
}

var blockHead = regexp.MustCompile(`^[|>][+-]?\d?[ \t]{0,8}\r?\n([ \t]{1,64})`)

// block is a value of YAML that stands on lines of its own, farther in.
func block(text string, at int) (from, to int, ok bool) {
	m := blockHead.FindStringSubmatchIndex(text[at:min(len(text), at+after)])
	if m == nil {
		return 0, 0, false
	}
	indent := text[at+m[2] : at+m[3]]
	from = at + m[3]
	for to = from; to < len(text) && to-from < ahead; to++ {
		if text[to] == '\n' && !strings.HasPrefix(text[to+1:], indent) {
			break
		}
	}
	return from, to, to > from
}

// said is what a tool says in place of a value.
var said = regexp.MustCompile(`^\([a-z][a-z ]*\)`)

// bare is a value without quotes: a word, or the rest of the line.
func bare(text string, at int, whole bool) (from, to int, ok bool) {
	if at < len(text) && strings.IndexByte("\"'`\\", text[at]) >= 0 {
		return 0, 0, false
	}
	to = at
	for to < len(text) && to-at < after && text[to] != '\n' && text[to] != '\r' && (whole || strings.IndexByte(" \t\"'&", text[to]) < 0) {
		to++
	}
	value := strings.TrimRight(text[at:to], " \t,;\"'`")
	if m := said.FindString(text[at:min(len(text), at+after)]); m != "" {
		return at, at + len(m), true
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if !strings.Contains(value, pair[:1]) && (!whole || pair == "()") {
			value = strings.TrimRight(value, pair[1:])
		}
	}
	if whole { // a comment at its end is none of it
		value, _, _ = strings.Cut(value, " #")
	}
	return at, at + len(value), value != ""
}

// worth tells whether a value can be a secret of this kind of name.
func worth(word, value string) bool {
	switch {
	case len(value) < 4 || strings.HasPrefix(value, "<") || strings.HasPrefix(value, markStart) || placeholder(value):
		return false
	case number.MatchString(value):
		return strings.HasPrefix(word, "pass") || word == "pwd"
	case reference.MatchString(value):
		return false
	}
	if weak := word == "token" || word == "secret" || word == "credential" || word == "_pass"; weak && plainWord.MatchString(value) {
		return false
	}
	return true
}

var (
	number    = regexp.MustCompile(`^-?[\d.,]+$`)
	reference = regexp.MustCompile(`^!?(?:var|local|data|module|each|self|path|random_password|os|process|config|cfg|settings|this|env|aws_[a-z_]+|azurerm_[a-z_]+|google_[a-z_]+|vault_[a-z_]+)[.\[]|^[a-z_]\w*(?:\.\w+)*\(|^[a-z][\w]*(?:\.[a-z_]\w*)+(?:\[\d+\])?$|^\$`)
	plainWord = regexp.MustCompile(`^(?:[a-z]+|[A-Z]+|[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})*)(?:[-_ ./](?:[a-z]+|[A-Z]+|[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})*))*$`)
	masked    = regexp.MustCompile(`^(?:[*x.\x{2022}#-]+|X+|0+|<[^>]*>|\[[^\]]*\]|\{\{.*\}\}|\$\{[^}]*\}|\$\(.*\)|\$[A-Za-z_]\w*|%[a-zA-Z(].*|\([a-zA-Z][a-zA-Z ]*\))$`)
	madeUp    = regexp.MustCompile(`(?i)fake|example|placeholder|change[-_ ]?me|insert[-_ ]|your[-_ ]|dummy|redacted|^(?:null|nil|none|true|false|undefined|sensitive|string|known after apply|real_secret|secret|password|passwd|token)$`)
)

// placeholder tells whether a value only says that there would be one.
func placeholder(value string) bool {
	return masked.MatchString(value) || madeUp.MatchString(value) || repeated(value)
}

// repeated tells whether one letter stands too often in a row to mean anything.
func repeated(value string) bool {
	run := 1
	for i := 1; i < len(value); i++ {
		if value[i] != value[i-1] {
			run = 0
		}
		if run++; run >= 8 {
			return true
		}
	}
	return false
}
