package redact

import (
	"regexp"
	"slices"
	"strings"
)

// secretWords are in the names of what holds a secret.
var secretWords = []string{
	"password", "passwd", "passphrase", "pwd", "_pass", "secret", "api_key", "apikey", "api-key", "access_key", "accesskey", "private_key", "privatekey",
	"token", "credential", "accountkey", "sharedaccesskey", "client-key-data", "auth_key", "encryption_key", "\"auth\"", "signing_key",
}

// about are what follows such a word in the name of something that is no secret.
var about = regexp.MustCompile(`(?i)^[_\-. ]?(?:s\b|name|id\b|_?ids?\b|arn|version|length|len\b|count|type|path|file|dir|url|uri|endpoint|ref|manager|polic|enabled|expir|size|ttl|max|min|` +
	`limit|rotation|store|provider|engine|backend|hash_algo|field|label|reset|prompt|require|usage|used|per|recovery|kind|format|issuer|lifetime|validity|scope|hint|class|mode|status|auth_method|source|data_source|wo_version)`)

// notSecret are before such a word in the name of something that everybody may see.
var notSecret = regexp.MustCompile(`(?i)(?:public|csrf|xsrf|jsonweb)[-_]?$`)

// assignment finds the value that is given to a name, or compared with it.
func assignment(text string, at, end int) (all []span) {
	word := strings.ToLower(text[at:end])
	nameEnd := end
	for nameEnd < len(text) && nameEnd-end < 40 && (isName(text[nameEnd]) || text[nameEnd] == '-' || text[nameEnd] == '.') {
		nameEnd++
	}
	if notSecret.MatchString(text[max(0, at-8):at]) || about.MatchString(text[end:nameEnd]) || strings.HasPrefix(text[end:nameEnd], "s") {
		return nil
	}
	if from, to, ok := valueAfter(text, at, nameEnd); ok && worth(word, text[from:to]) {
		return []span{{from, to, "assignment"}}
	}
	if from, to, ok := comparedBefore(text, at); ok && worth(word, text[from:to]) {
		return []span{{from, to, "assignment"}}
	}
	return nil
}

var (
	operator = regexp.MustCompile("^(?:\\[\\d*\\])?(\\\\?[\"'`])?[ \\t]{0,8}(:=|=>|===?|!==?|=|:)[ \\t]{0,8}@?")
	isFlag   = regexp.MustCompile(`--?[\w-]*$`)
)

// valueAfter is what stands behind a name and its operator.
func valueAfter(text string, at, nameEnd int) (from, to int, ok bool) {
	rest := text[nameEnd:min(len(text), nameEnd+after)]
	m := operator.FindStringSubmatchIndex(rest)
	switch {
	case m != nil:
		from = nameEnd + m[1]
	case flagged(text, at) && strings.HasPrefix(rest, " "):
		from = nameEnd + 1
	case strings.HasPrefix(rest, ` "`) && !strings.HasPrefix(rest, ` ""`):
		if from, to, ok = quoted(text, nameEnd+1); ok && !strings.HasPrefix(strings.TrimLeft(text[min(len(text), to+1):], " "), "{") {
			return from, to, true
		}
		return 0, 0, false
	default:
		return 0, 0, false
	}
	if start, to, ok := quoted(text, from); ok {
		command := text[from] == '`' && strings.Contains(text[start:to], " ") // what a shell puts in its place
		return start, to, !command
	}
	whole := m != nil && m[2] < 0 && startsLine(text, at) && (rest[m[4]:m[5]] == ":" || rest[m[4]:m[5]] == "=")
	return bare(text, from, whole)
}

// flagged tells whether the name is an option of a command.
func flagged(text string, at int) bool {
	return isFlag.MatchString(text[max(0, at-32):at])
}

// longestName is where a name is taken to begin at the latest, so that a line without
// end is not walked back for every word in it.
const longestName = 64

// back is where the name begins that a word is in.
func back(text string, at int) int {
	for end := at; at > 0 && end-at < longestName && (isName(text[at-1]) || text[at-1] == '-' || text[at-1] == '.'); {
		at--
	}
	return at
}

// startsLine tells whether nothing but a name, indentation and the dash of a list
// stands before.
func startsLine(text string, at int) bool {
	at = back(text, at)
	near := text[max(0, at-longestName):at]
	before := strings.TrimLeft(near[strings.LastIndexByte(near, '\n')+1:], " \t-")
	return before == "" || before == "export "
}

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
	if !strings.HasPrefix(value, "(") {
		value = strings.TrimRight(value, ")")
	}
	if whole { // a comment at its end is none of it
		value, _, _ = strings.Cut(value, " #")
	}
	return at, at + len(value), value != ""
}

// comparedBefore is a literal that a name is compared with, written before it.
func comparedBefore(text string, at int) (from, to int, ok bool) {
	at = back(text, at)
	head := strings.TrimRight(text[max(0, at-after):at], " ")
	trimmed := strings.TrimRight(head, "=!")
	if n := len(head) - len(trimmed); n < 2 || n > 3 {
		return 0, 0, false
	}
	trimmed = strings.TrimRight(trimmed, " ")
	if trimmed == "" || strings.IndexByte(`"'`, trimmed[len(trimmed)-1]) < 0 {
		return 0, 0, false
	}
	i := strings.LastIndex(trimmed[:len(trimmed)-1], trimmed[len(trimmed)-1:])
	if i < 0 {
		return 0, 0, false
	}
	start := max(0, at-after)
	return start + i + 1, start + len(trimmed) - 1, true
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
	plainWord = regexp.MustCompile(`^[a-zA-Z]+(?:[-_ ./][a-zA-Z]+)*$`)
	masked    = regexp.MustCompile(`^(?:[*x.•#-]+|X+|0+|<[^>]*>|\[[^\]]*\]|\{\{.*\}\}|\$\{[^}]*\}|\$\(.*\)|\$[A-Za-z_]\w*|%[a-zA-Z(].*|\(.*\))$`)
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
