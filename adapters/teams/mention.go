package teams

import (
	"html"
	"regexp"
	"strings"
)

// spoken to: a mention in a text, as Teams writes it.
var atTag = regexp.MustCompile(`(?s)<at(?:\s[^>]*)?>(.*?)</at>`)

// mentionsBot tells whether an activity names its recipient.
func (a activity) mentionsBot() bool {
	for _, e := range a.Entities {
		if e.Type == "mention" && e.Mentioned.ID == a.Recipient.ID && a.Recipient.ID != "" {
			return true
		}
	}
	return false
}

// stripped is the text without the mentions of the bot: by what the entity says
// stands there, or by the bot's name where it says nothing. What somebody typed
// that only looks like one stays.
func (a activity) stripped() string {
	text := strings.ReplaceAll(html.UnescapeString(a.Text), "\u00a0", " ")
	for _, e := range a.Entities {
		if e.Type != "mention" || e.Mentioned.ID != a.Recipient.ID || a.Recipient.ID == "" {
			continue
		}
		if tag := html.UnescapeString(e.Text); tag != "" && strings.Contains(text, tag) {
			text = strings.Replace(text, tag, " ", 1)
			continue
		}
		name := html.UnescapeString(first(e.Mentioned.Name, a.Recipient.Name))
		if at := atTag.FindAllStringSubmatchIndex(text, -1); len(at) > 0 {
			for _, m := range at {
				if text[m[2]:m[3]] == name {
					text = text[:m[0]] + " " + text[m[1]:]
					break
				}
			}
		}
	}
	return spaces(text)
}

// spaces keeps lines, and in them no more than one space beside another.
func spaces(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// said are the words for the bot: others who are named stay as names.
func (a activity) said() string { return atTag.ReplaceAllString(a.stripped(), "@$1") }
