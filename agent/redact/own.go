package redact

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
)

// ownRule finds what the rules of others miss, around words that are in lower case.
type ownRule struct {
	id    string
	words []string
	spans func(text string, at, end int) []span // the word is text[at:end]
	ahead int                                   // how far behind it that looks; 0 means 2 KiB
}

const ahead = 2 << 10

var ownRules = []ownRule{
	{"assignment", secretWords, assignment, 2 * ahead},
	{"url-password", []string{"://"}, urlPassword, 0},
	{"private-key", []string{"-----begin"}, privateKey, keyLimit + after},
	{"authorization", []string{"authorization", "bearer "}, authorization, 0},
	{"cookie", []string{"cookie"}, cookie, 0},
	{"jwt", []string{"eyj"}, jwt, 0},
	prefixed("docker-token", `dckr_[op]at_[\w-]{20,}`, "dckr_"),
	prefixed("doppler-token", `dp\.(?:ct|pt|st|sa|scim|said|audit)\.(?:[\w-]{2,35}\.)?[a-zA-Z0-9]{40,44}`, "dp."),
	prefixed("sentry-token", `sntry(?:s_eyJ[\w+/=-]{20,}_[a-zA-Z0-9+/]{43}|u_[a-f0-9]{64})`, "sntry"),
	prefixed("stripe-webhook-secret", `whsec_[\w+/=-]{24,}`, "whsec_"),
	prefixed("vault-token", `hv[sbr]\.[\w-]{24,300}`, "hvs.", "hvb.", "hvr."),
	prefixed("nuget-key", `oy2[a-z0-9]{43}`, "oy2"),
	prefixed("artifactory-token", `(?:AKC[a-zA-Z0-9]{10,}|AP[0-9A-F][a-zA-Z0-9]{8,})`, "akc", "ap"),
	prefixed("aws-access-key", `(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}`, "akia", "asia", "abia", "acca"),
	prefixed("stripe-key", `[sr]k_(?:live|test|prod)_[a-zA-Z0-9]{10,99}`, "sk_", "rk_"),
	prefixed("sendgrid-key", `SG\.[\w-]{16,32}\.[\w-]{16,64}`, "sg."),
	prefixed("twilio-key", `(?:SK|AC)[a-z0-9]{32}`, "sk", "ac"),
	prefixed("gitlab-token", `(?:gl(?:pat|dt|ft|soat|rt|agent|oas|cbt|ptt|imt|ffct)-[\w-]{20,}|GR1348941[\w-]{20,50})`, "gl", "gr1348941"),
	prefixed("github-token", `gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}`, "gh", "github_pat_"),
	{"telegram-token", []string{":aa"}, telegram, 0},
}

// prefixed finds tokens that begin with a word and stand alone.
func prefixed(id, pattern string, words ...string) ownRule {
	re := regexp.MustCompile(`^(?:` + pattern + `)`)
	head, _ := regexp.MustCompile(pattern).LiteralPrefix()
	return ownRule{id: id, words: words, spans: func(text string, at, _ int) []span {
		if at > 0 && isName(text[at-1]) || !strings.HasPrefix(text[at:], head) {
			return nil
		}
		m := re.FindStringIndex(text[at:min(len(text), at+300)])
		if m == nil || at+m[1] < len(text) && isName(text[at+m[1]]) || madeUp.MatchString(text[at:at+m[1]]) {
			return nil
		}
		if (strings.HasPrefix(id, "git") || strings.HasPrefix(id, "vault")) && (repeated(text[at:at+m[1]]) || entropy(text[at:at+m[1]]) < 3) {
			return nil
		}
		return []span{{from: at, to: at + m[1], kind: id}}
	}}
}

func isName(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

var telegramToken = regexp.MustCompile(`^\d{8,10}:AA[\w-]{33}(?:\W|$)`)

func telegram(text string, at, _ int) []span {
	from := at
	for from > 0 && at-from < 11 && '0' <= text[from-1] && text[from-1] <= '9' {
		from--
	}
	if from == at || !telegramToken.MatchString(text[from:min(len(text), at+40)]) {
		return nil
	}
	return []span{{from: from, to: at + 36, kind: "telegram-token"}}
}

// urlPassword finds user:password@ behind a scheme.
func urlPassword(text string, _, end int) []span {
	to := end
	for to < len(text) && to-end < after && strings.IndexByte(" \t\r\n\"'`<>\\/?#", text[to]) < 0 {
		to++
	}
	user, rest, ok := strings.Cut(text[end:to], ":")
	i := strings.LastIndexByte(rest, '@')
	if !ok || i <= 0 || placeholder(rest[:i]) {
		return nil
	}
	from := end + len(user) + 1
	return []span{{from: from, to: from + i, kind: "url-password"}}
}

var keyHead = regexp.MustCompile(`(?i)^-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----`)

// keyLimit is what a key takes at most, when its end was cut off.
const keyLimit = 64 << 10

// privateKey takes the whole block, or all that is there of it.
func privateKey(text string, at, _ int) []span {
	head := text[at:min(len(text), at+after)]
	if !strings.Contains(strings.ToUpper(head), "PRIVATE KEY") || !keyHead.MatchString(head) {
		return nil
	}
	block := text[at:min(len(text), at+keyLimit)]
	to := len(block)
	if i := strings.IndexByte(block, '"'); i >= 0 && strings.Contains(text[max(0, at-4):at], `"`) { // inside a string, which ends
		block, to = block[:i], i
	}
	if i := strings.Index(block, "-----END"); i >= 0 {
		to = i + len("-----END")
		if j := strings.Index(block[to:min(len(block), to+60)], "-----"); j >= 0 {
			to += j + len("-----")
		}
	}
	return []span{{from: at, to: at + to, kind: "private-key"}}
}

var (
	schemes = regexp.MustCompile(`(?i)^["']?\s*[:=]\s*\\?["']?(?:(?:bearer|basic|token|digest|apikey)\s+)?([^\s"'\\,;<][^\s"'\\,;]{7,})`)
	bearers = regexp.MustCompile(`(?i)^bearer\s+([\w.~+/=-]{16,})`)
)

func authorization(text string, at, end int) []span {
	re, part, from := schemes, text[end:min(len(text), end+after)], end
	if strings.EqualFold(text[at:end], "bearer ") {
		re, part, from = bearers, text[at:min(len(text), at+after)], at
	}
	m := re.FindStringSubmatchIndex(part)
	if m == nil || placeholder(part[m[2]:m[3]]) || strings.ContainsAny(part[m[2]:m[3]], "()") {
		return nil
	}
	return []span{{from: from + m[2], to: from + m[3], kind: "authorization"}}
}

var cookieHead = regexp.MustCompile(`^(?:\\?["'])?[ \t]{0,4}:[ \t]{0,4}(?:\\?["'])?`)

// cookie takes all cookies of a header: which one holds a session, nobody knows.
func cookie(text string, _, end int) []span {
	m := cookieHead.FindStringIndex(text[end:min(len(text), end+after)])
	if m == nil {
		return nil
	}
	from := end + m[1]
	to := from
	for to < len(text) && to-from < 2*after && strings.IndexByte("\r\n\"'\\", text[to]) < 0 {
		to++
	}
	value := text[from:to]
	if !strings.Contains(value, "=") || strings.HasPrefix(value, markStart) {
		return nil
	}
	return []span{{from: from, to: to, kind: "cookie"}}
}

var jwtShape = regexp.MustCompile(`^(eyJ[\w-]{10,})\.(eyJ[\w-]{4,})(?:\.[\w-]*)?`)

// jwt wants a head that is JSON: much else begins like it.
func jwt(text string, at, _ int) []span {
	if at > 0 && isName(text[at-1]) {
		return nil
	}
	m := jwtShape.FindStringSubmatchIndex(text[at:min(len(text), at+1600)])
	if m == nil {
		return nil
	}
	head, err := base64.RawURLEncoding.DecodeString(text[at+m[2] : at+m[3]])
	if err != nil || !json.Valid(head) {
		return nil
	}
	return []span{{from: at, to: at + m[1], kind: "jwt"}}
}
