package slack

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// Slack's limits, in characters. It does not say how it counts them, so we count
// what is longest: bytes, after escaping.
const (
	mostTitle    = 150  // of a header
	mostSection  = 3000 // of a section's text
	mostFact     = 2000 // of one field of a section
	mostFacts    = 10   // fields of a section
	mostElements = 25   // buttons of a row
	mostLabel    = 75   // of a button, and of what a screen reader says of it
	mostValue    = 2000 // of a button
	mostID       = 255  // of an action
	mostBlocks   = 50   // of a message
	mostBytes    = 13200
	perBlock     = 125 // what Slack was seen to add for a block
)

// markup finds what Slack would take for markup: a sign at the border of a word,
// the name of an emoji, a quotation.
var markup = regexp.MustCompile("`" + `|(?:^|[^\pL\pN])[*_~]|[*_~](?:$|[^\pL\pN])|:[\pL\pN_+'-]+:|^\s*>`)

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escaped is a text in which Slack finds no mention, no link and no date.
func escaped(s string) string { return entities.Replace(s) }

// shortened cuts to so many bytes, counted after escaping, and shows that it
// did. It never cuts within a character; what is cut has its moments in UTC.
func shortened(s string, most int) (short string, whole bool) {
	if escapedLen(s) <= most {
		return s, true
	}
	s = bot.Moments(s, nil)
	used, end := len("\u2026"), 0
	for i, r := range s {
		if used += escapedLen(string(r)); used > most {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return strings.TrimSpace(s[:end]) + "\u2026", false
}

// escapedLen is the length of escaped(s).
func escapedLen(s string) int {
	return len(s) + 4*strings.Count(s, "&") + 3*(strings.Count(s, "<")+strings.Count(s, ">"))
}

// opening is how each of Slack's mentions begins.
var opening = regexp.MustCompile(`<([!@#])`)

// plainText is text without any markup, in one line; moments are in UTC. Slack
// looks for nothing in it, but others who draw it may, so that a mention is broken
// up. It is never empty, which Slack would refuse.
func plainText(s string, most int) *slack.TextBlockObject {
	s = opening.ReplaceAllString(s, "\u2039$1")
	s, _ = shortened(orElse(strings.Join(strings.Fields(bot.Moments(bot.Sound(s), nil)), " "), "-"), most)
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// verbatim is escaped text with markup of ours. Without the flag Slack would look
// for mentions and addresses in it by itself.
func verbatim(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

// literal is foreign text between markup of ours. A line in which something looks
// like markup is shown as code, where Slack leaves it alone: nothing unseen is put
// into what people copy.
func literal(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if !markup.MatchString(l) {
			lines[i] = bot.Moments(escaped(l), dateToken)
		} else if l = strings.TrimSpace(strings.ReplaceAll(bot.Moments(l, nil), "`", "'")); l != "" {
			lines[i] = "`" + escaped(l) + "`"
		} else {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

// dateFormat is a moment in the reader's zone, and dateToken is such a moment in
// text that is escaped.
const dateFormat = "{date_short_pretty} {time}"

func dateToken(t time.Time, utc string) string {
	return "<!date^" + strconv.FormatInt(t.Unix(), 10) + "^" + dateFormat + "|" + strings.ReplaceAll(utc, "|", "/") + ">"
}

// unescapedJSON takes the escapes back that Go's JSON has and Slack does not count;
// a backslash that is escaped itself begins none.
var unescapedJSON = strings.NewReplacer(`\\`, `\\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// cost is how much of a message's room blocks take, with what stands between them.
func cost(blocks ...slack.Block) int {
	text, _ := json.Marshal(blocks) // they hold strings and numbers alone
	return len(unescapedJSON.Replace(string(text))) + perBlock*len(blocks)
}
