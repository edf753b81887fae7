package redact

import "regexp"

// lineRules know where in a line of a command or of a file a secret stands that has
// no name.
var lineRules = []ownRule{
	captured("mysql-password", onLine(`(?:mysql|mariadb)[\w-]*`, `-p`, ``), "mysql", "mariadb"),
	captured("redis-password", onLine(`redis-cli`, `(?:-a|--pass)[ =]`, ``), "redis-cli"),
	captured("curl-password", onLine(`curl`, `(?:-u|--user|-U|--proxy-user)[ \t=]{0,4}`, `[^\s:'"]*:`), "curl"),
	captured("ssh-password", onLine(`sshpass`, `-p[ \t]*`, ``), "sshpass"),
	captured("ldap-password", onLine(`ldap[a-z]+`, `-w[ \t]*`, ``), "ldap"),
	captured("htpasswd-password", `htpasswd\s+-\w*b\w*(?:\s+\S+)?\s+\S+\s+(\S{3,})`, "htpasswd"),
	captured("openssl-password", `-pass(?:in|out)?[ \t]{1,4}pass:(\S{4,})`, "-pass"),
	captured("netrc-password", `(?:machine\s+\S+|default)\s+(?:login|user)\s+\S+\s+(?:account\s+\S+\s+)?password\s+(\S+)`, "machine", "default"),
	captured("gcp-api-key", `(AIza[\w-]{35})[&,)<]`, "aiza"), // where the rule of others stops short
	captured("signature", `(?:x-amz-(?:signature|security-token)|sig)=([\w%+/=-]{30,})`, "sig=", "x-amz-s"),
	{"pgpass-password", []string{":5432:", ":5433:", ":6432:", ":*:"}, pgpass, 0},
}

// onLine is a pattern for what stands behind an option of a command, bare or in
// quotes, with what comes before the secret in it.
func onLine(command, option, before string) string {
	return command + `[ \t](?:(?:[^\n|;]|\\\n)*?\s)?` + option +
		`(?:'` + before + `([^'\n]{3,})'|"` + before + `([^"\n]{3,})"|` + before + `([^\s'"|;&-][^\s'"|;&]{2,}))`
}

// captured finds what a pattern captures that begins with one of the words.
func captured(id, pattern string, words ...string) ownRule {
	re := regexp.MustCompile(`(?i)^(?:` + pattern + `)`)
	return ownRule{id: id, words: words, spans: func(text string, at, end int) []span {
		if at > 0 && isName(text[at-1]) {
			return nil
		}
		m := re.FindStringSubmatchIndex(text[at:min(len(text), end+2*after)])
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 && !placeholder(text[at+m[i]:at+m[i+1]]) {
				return []span{{from: at + m[i], to: at + m[i+1], kind: id}}
			}
		}
		return nil
	}}
}

var pgpassLine = regexp.MustCompile(`^[\w.*/-]+:(?:\d{1,5}|\*):[^:\s]+:[^:\s]+:(\S{3,})(?:\s|$)`)

// pgpass finds the last field of a line that begins with host and port.
func pgpass(text string, at, end int) []span {
	from := at
	for from > 0 && at-from < after && text[from-1] > ' ' && text[from-1] != '"' {
		from--
	}
	m := pgpassLine.FindStringSubmatchIndex(text[from:min(len(text), end+after)])
	if m == nil || placeholder(text[from+m[2]:from+m[3]]) {
		return nil
	}
	return []span{{from: from + m[2], to: from + m[3], kind: "pgpass-password"}}
}
