package redact

import (
	"regexp"
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
	for nameEnd < len(text) && nameEnd-end < 40 && isNamePart(text[nameEnd]) {
		nameEnd++
	}
	if isAddress(text, at, nameEnd) || notSecret.MatchString(text[max(0, at-8):at]) || about.MatchString(text[end:nameEnd]) || strings.HasPrefix(text[end:nameEnd], "s") {
		return nil
	}
	if from, to, ok := valueAfter(text, at, nameEnd); ok && worth(word, text[from:to]) && !isFolder(text[at:end], text[from:to]) {
		return []span{{from: from, to: to, kind: "assignment", quote: numberQuote(text, nameEnd, from, to)}}
	}
	if from, to, ok := comparedBefore(text, at); ok && worth(word, text[from:to]) {
		return []span{{from: from, to: to, kind: "assignment"}}
	}
	return nil
}

// isFolder tells a shell's PWD and OLDPWD, which stand in every environment.
func isFolder(word, value string) bool { return word == "PWD" && strings.HasPrefix(value, "/") }

var operator = regexp.MustCompile("^(?:\\[\\d*\\])?(\\\\?[\"'`]\\]?)?[ \\t]{0,64}(:=|=>|===?|!==?|=|:)[ \\t]{0,8}@?")

// progress is what a tool reports on a resource, behind its address.
var progress = regexp.MustCompile(`^(?:\[[^\]\n]{1,64}\])?: (?:Still |Provisioning )?[A-Za-z]+(?:\.\.\.| complete | state\.\.\.| errored )`)

// isAddress tells whether the name is a part of an ARN, or the address of a resource
// that a tool reports on.
func isAddress(text string, at, nameEnd int) bool {
	begin, rest := back(text, at), text[nameEnd:min(len(text), nameEnd+after)]
	inside := begin > 0 && text[begin-1] == ':' && strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, ": ")
	return inside || progress.MatchString(rest)
}

// In lists of variables the name is a value itself, and its value the next one.
var (
	nameKey  = regexp.MustCompile(`(?i)name\\?["']?\s{0,32}[:=]\s{0,32}\\?["']?$`)
	valueKey = regexp.MustCompile(`(?i)^\\?["']?(?:,|[ \t]{0,8},?(?:\\n|\r?\n))\s{0,64}\\?["']?value\\?["']?\s{0,32}[:=][ \t]{0,32}`)
)

// valueAfter is what stands behind a name and its operator.
func valueAfter(text string, at, nameEnd int) (from, to int, ok bool) {
	rest := text[nameEnd:min(len(text), nameEnd+after)]
	if m := valueKey.FindStringIndex(rest); m != nil && nameKey.MatchString(text[max(0, back(text, at)-after/4):back(text, at)]) {
		if from, to, ok = quoted(text, nameEnd+m[1]); ok {
			return from, to, true
		}
		return bare(text, nameEnd+m[1], false)
	}
	m := operator.FindStringSubmatchIndex(rest)
	switch {
	case m != nil:
		from = nameEnd + m[1]
	case flagged(text, at) && strings.HasPrefix(rest, " "):
		from = nameEnd + 1
	case strings.HasPrefix(rest, ` "`) && !strings.HasPrefix(rest, ` ""`):
		if from, to, ok = quoted(text, nameEnd+1); ok && !strings.HasPrefix(strings.TrimLeft(text[min(len(text), to+1):min(len(text), to+after)], " "), "{") {
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
	if m != nil && m[2] >= 0 { // in JSON
		if l := literal.FindStringSubmatchIndex(text[from:min(len(text), from+after)]); l != nil {
			return from, from + l[3], true
		}
		if strings.HasPrefix(text[from:], "[") || strings.HasPrefix(text[from:], "{") {
			return 0, 0, false
		}
	}
	if from, to, ok := block(text, from); ok && startsLine(text, at) {
		return from, to, true
	}
	whole := m != nil && m[2] < 0 && startsLine(text, at) && (rest[m[4]:m[5]] == ":" || rest[m[4]:m[5]] == "=")
	return bare(text, from, whole)
}

// literal is a value of JSON without quotes.
var literal = regexp.MustCompile(`^(true|false|null|-?\d[\d.eE+-]*)(?:[\s,}\]]|\\n|$)`)

// numberQuote is what the mark needs around it in place of a number in JSON: the
// quote of the name.
func numberQuote(text string, nameEnd, from, to int) string {
	for _, q := range []string{`\"`, `"`} {
		if strings.HasPrefix(text[nameEnd:], q) && !strings.HasSuffix(text[:from], q) && number.MatchString(text[from:to]) {
			return q
		}
	}
	return ""
}

// flagged tells whether the name is an option of a command.
func flagged(text string, at int) bool {
	for i := at - 1; i >= max(0, at-32) && (isName(text[i]) || text[i] == '-'); i-- {
		if text[i] == '-' {
			return true
		}
	}
	return false
}

// longestName is where a name is taken to begin at the latest, so that a line without
// end is not walked back for every word in it.
const longestName = 64

// back is where the name begins that a word is in.
func back(text string, at int) int {
	for end := at; at > 0 && end-at < longestName && isNamePart(text[at-1]); {
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
