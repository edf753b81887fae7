package slack

import (
	"html"
	"regexp"
	"strings"
)

// tokens are what Slack puts between angle brackets: people, channels, groups,
// broadcasts and links, with or without a label.
var tokens = regexp.MustCompile(`<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>`)

// words makes plain text of what somebody wrote: the mentions of the bot go,
// people and channels stay as names, links as their addresses.
func words(text, bot string, name func(user string) string) string {
	text = tokens.ReplaceAllStringFunc(text, func(tok string) string {
		m := tokens.FindStringSubmatch(tok)
		sign, what, label := m[1], m[2], m[3]
		switch {
		case sign == "@" && what == bot:
			return ""
		case sign == "@":
			return "@" + name(what)
		case sign == "#":
			return "#" + first(label, what)
		case sign == "!":
			return "@" + strings.TrimPrefix(first(label, what), "@")
		case label != "" && label != what && !strings.HasSuffix(what, "://"+label) && what != "mailto:"+label:
			return label + " (" + what + ")"
		}
		return strings.TrimPrefix(what, "mailto:")
	})
	return strings.TrimSpace(html.UnescapeString(text))
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// mentions tells whether a text mentions a user.
func mentions(text, user string) bool {
	return user != "" && (strings.Contains(text, "<@"+user+">") || strings.Contains(text, "<@"+user+"|"))
}
